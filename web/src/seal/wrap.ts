// A wrap: one small age file to exactly one age1pq recipient, which holds a letter key or another wrap.
// Refuses every other recipient and every mixture, which typage by itself does not.

import { Decrypter, Encrypter } from 'age-encryption';
import { bindingLine, type Binding } from './binding';
import { concat, sameBytes, utf8, type Bytes } from './bytes';
import { SealError } from './errors';
import { parseHeader } from './header';

/** The largest wrap that is made or opened: a key file under three layers is a tenth of it. */
export const MAX_WRAP_BYTES = 64 * 1024;

/** Encrypts to one age1pq recipient and to nobody else. */
export async function wrap(recipient: string, inner: Uint8Array): Promise<Bytes> {
  if (!/^age1pq1[02-9ac-hj-np-z]+$/.test(recipient)) {
    throw new SealError('bad-input', 'a wrap goes to an age1pq recipient only');
  }
  const encrypter = new Encrypter();
  try {
    encrypter.addRecipient(recipient);
  } catch {
    throw new SealError('bad-input', 'not an age1pq recipient');
  }
  const file = (await encrypter.encrypt(inner)) as Bytes;
  if (file.length > MAX_WRAP_BYTES) throw new SealError('bad-input', 'too large for a wrap');
  checkWrap(file);
  return file;
}

/** Encrypts to the host, with the binding line before `inner`. */
export async function wrapBound(hostRecipient: string, binding: Binding, inner: Uint8Array): Promise<Bytes> {
  return wrap(hostRecipient, concat(utf8(bindingLine(binding)), inner));
}

/** Opens a wrap with an age1pq identity. */
export async function openWrap(identity: string, file: Uint8Array): Promise<Bytes> {
  checkWrap(file);
  const decrypter = new Decrypter();
  try {
    decrypter.addIdentity(identity);
  } catch {
    throw new SealError('bad-input', 'not an age1pq identity');
  }
  try {
    return (await decrypter.decrypt(file)) as Bytes;
  } catch (error) {
    const nobody = error instanceof Error && error.message.startsWith('no identity matched');
    throw new SealError(nobody ? 'wrong-key' : 'damaged', 'the wrap does not open');
  }
}

/** Takes the binding line off what lay under a host layer, when it is the expected one. */
export function unbind(plain: Uint8Array, expected: Binding): Uint8Array {
  const line = utf8(bindingLine(expected));
  if (!sameBytes(plain.subarray(0, line.length), line)) {
    throw new SealError('wrong-binding', 'the wrap was made for something else');
  }
  return plain.subarray(line.length);
}

/** Throws unless the file has one age1pq stanza and, at most, the grease that some age tools add. */
export function checkWrap(file: Uint8Array): void {
  if (file.length > MAX_WRAP_BYTES) throw new SealError('not-a-wrap', 'too large');
  const { stanzas } = parseHeader(file);
  const real = stanzas.filter((stanza) => !stanza.type.endsWith('-grease'));
  if (real.length !== 1 || real[0]?.type !== 'mlkem768x25519') {
    throw new SealError('not-a-wrap', 'a wrap has exactly one age1pq recipient');
  }
}
