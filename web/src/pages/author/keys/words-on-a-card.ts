// Eight words on a card (docs/protocol.md): made from chance, turned into what the house may know, and put around a letter's
// key. The words themselves go into the vault and onto paper, and nowhere else.

import { Encrypter } from 'age-encryption';
import { hkdf } from '@noble/hashes/hkdf.js';
import { scrypt } from '@noble/hashes/scrypt.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { openWrap, readKeyFile, SealError, wrapBound, type LetterName } from '../../../seal';
import { base64url, utf8, type Bytes } from '../../../seal/bytes';
import { ENGLISH } from '../../../seal/words-en';

const WORDS = 8;
const RANDOM_BYTES = 10;
/** Bits of one word. */
const BITS = 11;
/** log2 of scrypt's N (RFC 7914), for the token and for the file. */
const WORK_FACTOR = 16;

/** Eight words of ten random bytes; the last bits are a checksum, so that a misread word is caught. */
export function claimWords(random: Uint8Array): string {
  if (random.length !== RANDOM_BYTES) throw new SealError('bad-input', 'ten random bytes are needed');
  let bits = 0n;
  for (const byte of [...random, sha256(random)[0]!]) bits = (bits << 8n) | BigInt(byte);
  return Array.from({ length: WORDS }, (_, at) => {
    const index = (bits >> BigInt(BITS * (WORDS - 1 - at))) & 2047n;
    return ENGLISH[Number(index)]!;
  }).join(' ');
}

/** What the house hears instead of the words. Takes half a second and 64 MiB. */
export function claimToken(canonical: string): string {
  const cost = { N: 2 ** WORK_FACTOR, r: 8, p: 1, dkLen: 32 };
  const root = scrypt(utf8(canonical), utf8('unsaid-claim-v1'), cost);
  return base64url(hkdf(sha256, root, undefined, utf8('unsaid claim token v1'), 32));
}

/** The way by words to a letter of hers: host{ binding, words{ K } }. K comes out of her own wrap. */
export async function wrapWithWords(
  of: LetterName & {
    identity: string;
    authorWrap: Uint8Array;
    words: string;
    hostRecipient: string;
  },
): Promise<Bytes> {
  const key = await openWrap(of.identity, of.authorWrap);
  readKeyFile(key);
  const encrypter = new Encrypter();
  encrypter.setPassphrase(of.words);
  encrypter.setScryptWorkFactor(WORK_FACTOR);
  const inner = await encrypter.encrypt(key);
  return wrapBound(of.hostRecipient, { id: of.letterId, version: of.version, kind: 'words' }, inner);
}
