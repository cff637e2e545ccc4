// Whatever lies beside a letter under the same key: opened by way of her own wrap, and compared with the hash that the signed
// letter names.

import { Decrypter } from 'age-encryption';
import { openWrap, readKeyFile, SealError } from '../../../seal';
import { sha256Hex } from '../../../seal/bytes';

export async function openPart(
  identity: string,
  authorWrap: Uint8Array,
  part: Uint8Array,
  sha256: string,
): Promise<Uint8Array> {
  const decrypter = new Decrypter();
  decrypter.addIdentity(readKeyFile(await openWrap(identity, authorWrap)));
  let plain: Uint8Array;
  try {
    plain = await decrypter.decrypt(part);
  } catch {
    throw new SealError('damaged', 'a part does not open');
  }
  if (sha256Hex(plain) !== sha256) throw new SealError('damaged', 'a part is not the one that was named');
  return plain;
}
