// vault.age: what the author alone may know (names of people, titles of letters), as one age file to the account's own
// recipient. Larger than a wrap may be, and just as strict about whom it is for. It knows nothing of what is inside.

import { Decrypter, Encrypter } from 'age-encryption';
import type { Bytes } from './bytes';
import { SealError } from './errors';
import { parseHeader } from './header';

/** The largest vault that is opened, in bytes: some fifty thousand letters. */
export const MAX_VAULT_BYTES = 8 * 1024 * 1024;

/** Encrypts to the account's age1pq recipient and to nobody else. */
export async function sealVault(recipient: string, plain: Uint8Array): Promise<Bytes> {
  if (!/^age1pq1[02-9ac-hj-np-z]+$/.test(recipient)) {
    throw new SealError('bad-input', 'a vault goes to an age1pq recipient only');
  }
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  const file = (await encrypter.encrypt(plain)) as Bytes;
  if (file.length > MAX_VAULT_BYTES) throw new SealError('bad-input', 'too large for a vault');
  return file;
}

/** Opens a vault with the account's identity. */
export async function openVault(identity: string, file: Uint8Array): Promise<Bytes> {
  if (file.length > MAX_VAULT_BYTES) throw new SealError('damaged', 'too large for a vault');
  const real = parseHeader(file).stanzas.filter((stanza) => !stanza.type.endsWith('-grease'));
  if (real.length !== 1 || real[0]?.type !== 'mlkem768x25519') {
    throw new SealError('damaged', 'not a vault of ours');
  }
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  try {
    return (await decrypter.decrypt(file)) as Bytes;
  } catch (error) {
    const nobody = error instanceof Error && error.message.startsWith('no identity matched');
    throw new SealError(nobody ? 'wrong-key' : 'damaged', 'the vault does not open');
  }
}
