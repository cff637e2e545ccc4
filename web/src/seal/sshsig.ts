// The same hand: SSHSIG (OpenSSH, PROTOCOL.sshsig) over letter.eml with an Ed25519 key, as plain ssh-keygen makes and verifies
// it. It knows no letter and no account; whose key is to be trusted is the reader's to say.

import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { base64, concat, fromBase64NoPad, hex, sameBytes, utf8, type Bytes } from './bytes';
import { SealError } from './errors';

/** What the signatures are for: one that was made for another purpose is refused. */
export const NAMESPACE = 'letter@unsaid';
/** The name under which the author stands in her allowed_signers file. */
export const PRINCIPAL = 'author@unsaid.invalid';

const KIND = 'ssh-ed25519';
const MAGIC = utf8('SSHSIG');
const VERSION = Uint8Array.of(0, 0, 0, 1);
const BEGIN = '-----BEGIN SSH SIGNATURE-----';
const END = '-----END SSH SIGNATURE-----';
/** Ours have 296 bytes; more than this is no signature of a letter. */
const MAX_SIGNATURE = 8 * 1024;

/** The public half of a hand, as the world may know it. */
export interface Hand {
  /** `ssh-ed25519 AAAA… unsaid`, the content of a .pub file, without a line end. */
  readonly line: string;
  /** The line of an allowed_signers file (ssh-keygen(1), 'ALLOWED SIGNERS'), without a line end. */
  readonly allowedSigners: string;
  /** `SHA256:…`, as `ssh-keygen -l` shows it. */
  readonly fingerprint: string;
}

/** The hand of 32 secret bytes (RFC 8032). */
export const handOf = (seed: Uint8Array): Hand => described(ed25519.getPublicKey(checkedSeed(seed)));

/** An armoured signature over the bytes, as `ssh-keygen -Y sign -n letter@unsaid` would write it, to the byte. */
export function sign(seed: Uint8Array, message: Uint8Array): string {
  const signature = ed25519.sign(signedData(message), checkedSeed(seed));
  const blob = concat(
    MAGIC,
    VERSION,
    string(keyBlob(ed25519.getPublicKey(seed))),
    ...[NAMESPACE, '', 'sha512'].map((text) => string(utf8(text))),
    string(concat(string(utf8(KIND)), string(signature))),
  );
  return `${BEGIN}\n${base64(blob).match(/.{1,70}/g)!.join('\n')}\n${END}\n`;
}

/** The hand that made this signature over exactly these bytes, for letters. Throws 'bad-signature' for any other. */
export function verify(armoured: string, message: Uint8Array): Hand {
  const read = readSignature(armoured);
  let good = false;
  try {
    // Strictly by RFC 8032: no second reading of a signature, no key of small order.
    const data = signedData(message);
    good = read !== null && ed25519.verify(read.signature, data, read.key, { zip215: false }) && isExact(read, data);
  } catch {
    // A point that is none.
  }
  if (!read || !good) throw new SealError('bad-signature', 'not a signature over this letter');
  return described(read.key);
}

/**
 * The equation itself, as ssh-keygen and crates/seal have it. noble multiplies both sides by eight, and so takes signatures of
 * keys that were made for it, which nobody else would take.
 */
function isExact({ key, signature }: { key: Uint8Array; signature: Uint8Array }, data: Uint8Array): boolean {
  const { Point } = ed25519;
  const [commitment, answer] = [signature.subarray(0, 32), signature.subarray(32)];
  const number = (bytes: Uint8Array) => BigInt(`0x${hex(Uint8Array.from(bytes).reverse())}`);
  const challenge = number(sha512(concat(commitment, key, data))) % Point.Fn.ORDER;
  const side = Point.BASE.multiplyUnsafe(number(answer)).subtract(Point.fromBytes(key).multiplyUnsafe(challenge));
  return sameBytes(side.toBytes(), commitment) && !side.isSmallOrder();
}

function checkedSeed(seed: Uint8Array): Uint8Array {
  if (seed.length !== 32) throw new SealError('bad-input', 'a seed has 32 bytes');
  return seed;
}

function described(key: Uint8Array): Hand {
  const blob = keyBlob(key);
  const words = `${KIND} ${base64(blob)}`;
  return {
    line: `${words} unsaid`,
    allowedSigners: `${PRINCIPAL} namespaces="${NAMESPACE}" ${words}`,
    fingerprint: `SHA256:${base64(sha256(blob)).replace(/=+$/, '')}`,
  };
}

/** What is signed: not the bytes themselves, but their SHA-512 in a frame that says what for. */
const signedData = (message: Uint8Array): Bytes =>
  concat(MAGIC, ...[utf8(NAMESPACE), utf8(''), utf8('sha512'), sha512(message)].map(string));

const keyBlob = (key: Uint8Array): Bytes => concat(string(utf8(KIND)), string(key));

/** A string of SSH (RFC 4251, 5): a length of four bytes, then the bytes. */
function string(bytes: Uint8Array): Bytes {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.length);
  return concat(length, bytes);
}

function readSignature(armoured: string): { key: Uint8Array; signature: Uint8Array } | null {
  if (utf8(armoured).length > MAX_SIGNATURE) return null;
  const bare = armoured.replace(/^[ \t\r\n]+/, '').replace(/[ \t\r\n]+$/, '');
  if (!bare.startsWith(BEGIN) || !bare.endsWith(END)) return null;
  const inner = bare.slice(BEGIN.length, -END.length).replace(/[ \t\r\n]/g, '');
  // Canonical with its padding, or not a signature of ours.
  const blob = fromBase64NoPad(inner.replace(/=+$/, ''));
  if (!blob || base64(blob) !== inner) return null;
  const frame = concat(MAGIC, VERSION);
  if (!sameBytes(blob.subarray(0, frame.length), frame)) return null;
  const outer = strings(blob.subarray(frame.length), 5);
  const [key, signature] = [strings(outer?.[0], 2), strings(outer?.[4], 2)];
  if (!outer || !key || !signature) return null;
  const says = (bytes: Uint8Array | undefined, text: string) => bytes !== undefined && sameBytes(bytes, utf8(text));
  const ours = says(outer[1], NAMESPACE) && says(outer[3], 'sha512') && says(key[0], KIND) && says(signature[0], KIND);
  if (!ours || key[1]?.length !== 32 || signature[1]?.length !== 64) return null;
  return { key: key[1], signature: signature[1] };
}

/** Exactly so many strings, and nothing behind them. */
function strings(bytes: Uint8Array | undefined, count: number): Uint8Array[] | null {
  if (!bytes) return null;
  const found: Uint8Array[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 4 > bytes.length) return null;
    const length = new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0);
    if (at + 4 + length > bytes.length) return null;
    found.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return at === bytes.length ? found : null;
}
