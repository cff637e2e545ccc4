// The letter key K, as a file that any age tool takes with -i. A new one for every sealed version; who
// may hold it is no concern of this file.

import { fromUtf8, utf8, type Bytes } from './bytes';
import { checkId, checkVersion } from './binding';
import { SealError } from './errors';

/** A key file is two short lines; more than this is not one. */
const MAX_KEY_BYTES = 4096;

/** The key file: a comment that says what to do with it, then the identity. */
export function keyFile(letterId: string, version: number, identity: string): Bytes {
  checkId(letterId);
  checkVersion(version);
  return utf8(
    `# Unsaid letter key: ${letterId} version ${version}. age -d -i THIS_FILE -o letter.eml letter.age\n${identity}\n`,
  );
}

/** The one X25519 identity in a key file; comments and empty lines are passed over, anything else is refused. */
export function readKeyFile(file: Uint8Array | string): string {
  let text: string;
  try {
    text = typeof file === 'string' ? file : fromUtf8(file.subarray(0, MAX_KEY_BYTES + 1));
  } catch {
    throw notAKey();
  }
  if (text.length > MAX_KEY_BYTES) throw notAKey();
  const lines = text
    .split('\n')
    .map((line) => line.replace(/\r$/, ''))
    .filter((line) => line !== '' && !line.startsWith('#'));
  const [identity] = lines;
  if (lines.length !== 1 || identity === undefined || !/^AGE-SECRET-KEY-1[0-9A-Z]{58}$/.test(identity))
    throw notAKey();
  return identity;
}

function notAKey(): SealError {
  return new SealError('damaged', 'not the key file of a letter');
}
