// Where a paper kit was most likely misread. The key's checksum says only that something is wrong; if exactly one other
// letter in one place makes it right, that place is told. It is never put right by itself: she looks at her paper.

import { readKit, SealError } from '../../../seal';

/** The alphabet of a key, and letters that are read as one of it. */
const ALPHABET = 'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L';
const PREFIX = 'AGESECRETKEYPQ1';
/** Letters and figures of the key itself. */
const LENGTH = 58;
const GROUP = 4;

const reads = (text: string): boolean => {
  try {
    readKit(text);
    return true;
  } catch {
    return false;
  }
};

/** The group of four, from 0, in which one letter is wrong; `null` when it is not that simple. */
export function misreadGroup(kit: string): number | null {
  const bare = kit.toUpperCase().replace(/[^0-9A-Z]/g, '');
  const start = bare.lastIndexOf(PREFIX);
  const typed = start >= 0 ? bare.slice(start + PREFIX.length, start + PREFIX.length + LENGTH) : bare;
  if (typed.length !== LENGTH) return null;
  const places = new Set<number>();
  for (let place = 0; place < LENGTH; place += 1) {
    for (const letter of ALPHABET) {
      if (reads(typed.slice(0, place) + letter + typed.slice(place + 1))) places.add(place);
    }
    if (places.size > 1) return null;
  }
  const [place] = places;
  return place === undefined ? null : Math.floor(place / GROUP);
}

/** The account's identity in a kit. Refuses as `readKit` does, and says more where it can. */
export function readTypedKit(kit: string): { identity: string } | { group: number } {
  try {
    return { identity: readKit(kit) };
  } catch (error) {
    const group = error instanceof SealError && error.code === 'kit-misread' ? misreadGroup(kit) : null;
    if (group === null) throw error;
    return { group };
  }
}
