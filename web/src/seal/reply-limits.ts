// How much an answer may hold. Numbers alone: the page that says them must not fetch what seals.

/** How many photos an answer may have. */
export const MAX_REPLY_PICTURES = 10;
/** The largest photo in an answer, in bytes: ten of them, as base64 and padded, stay below what the house takes. */
export const MAX_REPLY_PICTURE_BYTES = 400 * 1024;
/** The longest answer, in characters: sixty pages of a book. In any script it fits beside ten photos. */
export const MAX_REPLY_TEXT = 100_000;
