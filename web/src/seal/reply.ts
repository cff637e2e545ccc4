// What somebody answers: words and photos in a letter.eml of its own, sealed to the inbox that the letter names. It says which letter
// it answers, so that no house can lay it to another one. It holds no address, no hour and nothing of where it was written, and
// it is not signed: the person has no key and needs none.

import { fromText, toHtml, toText, type Doc } from './body';
import { type Bytes } from './bytes';
import { SealError } from './errors';
import { composeLetter, parseLetter, type Letter, type PictureType } from './letter';
import { answeredBy } from './letter-parse';
import { MAX_REPLY_PICTURE_BYTES, MAX_REPLY_PICTURES, MAX_REPLY_TEXT } from './reply-limits';
import { MAX_VAULT_BYTES, openVault, sealVault } from './vault';

export { MAX_REPLY_PICTURE_BYTES, MAX_REPLY_PICTURES, MAX_REPLY_TEXT };
/** What the house takes. */
export const MAX_REPLY_BYTES = MAX_VAULT_BYTES;

export interface ReplyPhoto {
  readonly type: PictureType;
  readonly bytes: Uint8Array;
  /** What is to be seen on it; empty when nothing was said. */
  readonly alt: string;
  readonly width: number;
  readonly height: number;
}

export interface Reply {
  /** Its own id, 26 letters of base32: the same answer sent twice is kept once. */
  readonly id: string;
  /** The letter that it answers. */
  readonly answers: { readonly letterId: string; readonly version: number };
  /** As the letter named them: from its `To` and to its `From`. */
  readonly from: string;
  readonly to: string;
  /** `YYYY-MM-DD`: the day, and no hour. */
  readonly day: string;
  /** As it was typed. */
  readonly text: string;
  readonly photos: readonly ReplyPhoto[];
  /** The language that it is written in, as a tag, and the word for a photo in it. */
  readonly language: string;
  readonly photoWord: string;
}

const pictureName = (at: number): string => String(at + 1).padStart(3, '0');

/** The answer as an e-mail file: what was typed, then the photos in their order. */
export function composeReply(reply: Reply): Bytes {
  const { id, answers, from, to, day, text, photos, language, photoWord } = reply;
  if (text.length > MAX_REPLY_TEXT) throw new SealError('text-too-long', 'more than an answer may hold');
  const few = photos.length <= MAX_REPLY_PICTURES;
  if (!few || photos.some(({ bytes }) => bytes.length > MAX_REPLY_PICTURE_BYTES)) {
    throw new SealError('bad-picture', 'too many, or too large');
  }
  const doc: Doc = [
    ...fromText(text),
    ...photos.map(({ alt, width, height }, at) => ({
      kind: 'photo' as const,
      name: pictureName(at),
      alt,
      width,
      height,
    })),
  ];
  if (doc.length === 0) throw new SealError('bad-input', 'an answer without anything in it');
  return composeLetter({
    letterId: id,
    version: 1,
    from,
    to,
    date: new Date(`${day}T12:00:00Z`),
    text: toText(doc, { photo: photoWord }),
    html: toHtml(doc, { lang: language }),
    pictures: photos.map(({ type, bytes }, at) => ({ name: pictureName(at), type, bytes })),
    mostInside: MAX_REPLY_PICTURES * MAX_REPLY_PICTURE_BYTES,
    answers,
  });
}

/** Seals an answer to the inbox that its letter names, and to nobody else. */
export async function sealReply(recipient: string, reply: Reply): Promise<Bytes> {
  const plain = composeReply(reply);
  try {
    return await sealVault(recipient, plain);
  } catch (error) {
    if (error instanceof SealError) throw error;
    throw new SealError('bad-input', 'not an age1pq recipient');
  }
}

/** Opens an answer with the identity of the inbox. Refuses one that answers another letter, or has another name. */
export async function openReply(
  inbox: string,
  file: Uint8Array,
  expected: { readonly id: string; readonly letterId: string },
): Promise<Letter> {
  const eml = await openVault(inbox, file);
  const letter = parseLetter(eml);
  if (letter.letterId !== expected.id || answeredBy(eml) !== expected.letterId) {
    throw new SealError('wrong-letter', 'it answers another letter');
  }
  return letter;
}
