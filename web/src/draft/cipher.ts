// How a draft lies on the device: AES-GCM (NIST SP 800-38D, 256 bits, a fresh 96-bit nonce for each saving) under a key
// that the browser holds and no script can read out. It keeps a copied disk or a curious next user from reading
// drafts with a text editor; it does not stop this page itself. It knows neither storage nor drafts.

export interface Box {
  nonce: Uint8Array<ArrayBuffer>;
  sealed: ArrayBuffer;
}

export const makeKey = (): Promise<CryptoKey> =>
  crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);

/** `place` binds the box to its draft and revision: a box that was moved elsewhere does not open. */
export async function close(key: CryptoKey, place: string, value: unknown): Promise<Box> {
  return closeBytes(key, place, new TextEncoder().encode(JSON.stringify(value)));
}

/** The same for bytes as they are: a photo. */
export async function closeBytes(
  key: CryptoKey,
  place: string,
  plain: Uint8Array<ArrayBuffer>,
): Promise<Box> {
  const nonce = crypto.getRandomValues(new Uint8Array(12));
  const additionalData = new TextEncoder().encode(place);
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce, additionalData }, key, plain);
  return { nonce, sealed };
}

/** Throws when the key, the place or the bytes are not the ones that it was closed with. */
export async function open(key: CryptoKey, place: string, box: Box): Promise<unknown> {
  return JSON.parse(new TextDecoder().decode(await openBytes(key, place, box)));
}

/** As `open`, for bytes. */
export async function openBytes(key: CryptoKey, place: string, box: Box): Promise<Uint8Array<ArrayBuffer>> {
  const additionalData = new TextEncoder().encode(place);
  const plain = await crypto.subtle.decrypt(
    { name: 'AES-GCM', iv: box.nonce, additionalData },
    key,
    box.sealed,
  );
  return new Uint8Array(plain);
}
