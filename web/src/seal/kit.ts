// The paper kit: the account's identity as text, to be printed, and read back from a scan or from
// somebody's typing. It is the whole key; it asks nobody for leave.

import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { secretFromBech32 } from './bech32';
import { base64url, utf8 } from './bytes';
import { SealError } from './errors';

const PREFIX = 'AGE-SECRET-KEY-PQ-';

/**
 * The kit as an age identity file. `house` is the address of the house and `date` the civil day, both for the person who
 * finds the paper; neither may break a line.
 */
export function kitText(identity: string, house: string, date: string): string {
  check(identity);
  const line = (text: string) => text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim();
  return `# Unsaid paper kit\n# ${line(house)}\n# ${line(date)}\n${identity}\n`;
}

/** The identity in groups of four for typing, eight groups a line; the first line is the prefix. */
export function kitLines(identity: string): string[] {
  check(identity);
  const groups = identity.slice(PREFIX.length + 1).match(/.{1,4}/g) ?? [];
  return [`${PREFIX}1`, groups.slice(0, 8).join(' '), groups.slice(8).join(' ')];
}

/**
 * The identity in a scanned, pasted or typed kit. Spaces, line ends and case do not matter, nor does anything before or
 * after the key; letters that the key's alphabet lacks are read as those they look like.
 */
export function readKit(text: string): string {
  const bare = text.toUpperCase().replace(/[^0-9A-Z]/g, '');
  const start = bare.lastIndexOf('AGESECRETKEYPQ1');
  const typed = start >= 0 ? bare.slice(start + 15, start + 15 + 58) : bare;
  if (typed.length !== 58) throw new SealError('kit-missing', 'no account key in this text');
  const looksLike: Record<string, string> = { O: '0', B: '8', I: 'L', '1': 'L' };
  const identity = `${PREFIX}1${typed.replace(/[OBI1]/g, (letter) => looksLike[letter]!)}`;
  if (!secretFromBech32(PREFIX.toLowerCase(), identity))
    throw new SealError('kit-misread', 'a letter is wrong');
  return identity;
}

/** What the house is shown by somebody who has the paper and no mailbox any more. It leads to nothing else. */
export function kitToken(identity: string): string {
  const secret = secretFromBech32(PREFIX.toLowerCase(), identity);
  if (!secret) throw new SealError('bad-input', 'not an age1pq identity');
  return base64url(hkdf(sha256, secret, undefined, utf8('unsaid kit token v1'), 32));
}

function check(identity: string): void {
  if (!secretFromBech32(PREFIX.toLowerCase(), identity))
    throw new SealError('bad-input', 'not an age1pq identity');
}
