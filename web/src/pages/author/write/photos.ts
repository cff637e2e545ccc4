// The photos of a draft in this window: from the device's shelf, or, where the device keeps nothing, from this window's memory;
// and their blob: addresses, which end with the page. It knows no editor.

import { newDraftId, type DraftPhoto } from '../../../draft';
import { shelf } from '../shelf';
import { prepare, type Prepared } from './photo';

/** What the device did not take. */
const inHand = new Map<string, Uint8Array<ArrayBuffer>>();

/** The bytes of a photo; null when they are nowhere here. */
export async function photoBytes(id: string): Promise<Uint8Array<ArrayBuffer> | null> {
  const held = inHand.get(id);
  if (held) return held;
  try {
    return await shelf.readPhoto(id);
  } catch {
    return null;
  }
}

/** Keeps bytes as a photo: on the device, or in memory where the device refuses. */
export async function keepPhoto(
  name: string,
  type: DraftPhoto['type'],
  bytes: Uint8Array<ArrayBuffer>,
): Promise<DraftPhoto> {
  const id = newDraftId();
  try {
    await shelf.keepPhoto(id, bytes);
  } catch {
    inHand.set(id, bytes);
  }
  return { name, id, type, size: bytes.length };
}

/** The next name that no photo of the draft has had. Null when there are too many. */
export function nextName(photos: readonly DraftPhoto[], most: number): string | null {
  const last = photos.reduce((highest, { name }) => Math.max(highest, Number(name)), 0);
  return last + 1 > Math.min(999, most) ? null : String(last + 1).padStart(3, '0');
}

/** The blob: addresses of one open draft. */
export class Album {
  readonly #addresses = new Map<string, string>();
  #photos: readonly DraftPhoto[];

  #closed = false;

  /** `find` knows where a photo may lie besides on this device. */
  constructor(
    photos: readonly DraftPhoto[],
    private readonly find: (id: string) => Promise<Uint8Array<ArrayBuffer> | null> = photoBytes,
  ) {
    this.#photos = photos;
  }

  get photos(): readonly DraftPhoto[] {
    return this.#photos;
  }

  set photos(photos: readonly DraftPhoto[]) {
    this.#photos = photos;
  }

  /** Throws PhotoRefused. */
  async add(file: Blob, most: number): Promise<{ photo: DraftPhoto; ready: Prepared } | null> {
    const ready = await prepare(file);
    const name = nextName(this.#photos, most);
    if (name === null) return null;
    const photo = await keepPhoto(name, ready.type, ready.bytes);
    this.#photos = [...this.#photos, photo];
    return { photo, ready };
  }

  async address(name: string): Promise<string | null> {
    const there = this.#addresses.get(name);
    if (there) return there;
    const photo = this.#photos.find((one) => one.name === name);
    const bytes = photo ? await this.find(photo.id) : null;
    if (!photo || !bytes || this.#closed) return null;
    const address = URL.createObjectURL(new Blob([bytes], { type: photo.type }));
    this.#addresses.set(name, address);
    return address;
  }

  close(): void {
    this.#closed = true;
    for (const address of this.#addresses.values()) URL.revokeObjectURL(address);
    this.#addresses.clear();
  }
}
