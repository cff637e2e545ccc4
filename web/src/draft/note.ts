// What a device knows of the house's copy of a draft: numbers and names, no words.

/** What this device knows of the house's copy of a draft. */
export interface HouseNote {
  /** The revision that stands there, as far as we know. */
  rev: number;
  /** Which saving of this device it holds. */
  of: number;
  /** Photos that are there. */
  photos: readonly string[];
  /** SHA-256 of what was sent and has had no answer yet: found there, it is ours and no other device's. */
  sent?: readonly string[];
}

export const NOTHING_THERE: HouseNote = { rev: 0, of: 0, photos: [] };
