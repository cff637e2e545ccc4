// A photo on its way into a letter: looked at (is it what it says?), decoded one at a time, scaled down and written anew, so
// that neither the place where it was taken nor anything else that a camera wrote comes along. It knows no letter.

/** Longest side in pixels: enough to fill a page of paper, small enough for an old phone. */
export const LONGEST = 2048;
const QUALITY = 0.85;
/** A file larger than this is not read at all. */
export const LARGEST_FILE = 100 * 1024 * 1024;
/** What a letter takes of one picture. */
const LARGEST = 8 * 1024 * 1024;
/** A drawing that is larger than this becomes a photo. */
const LARGEST_DRAWING = 1024 * 1024;

/** How large a picture may become: its longest side in pixels, and its bytes. */
export interface Fit {
  readonly longest: number;
  readonly most: number;
}

const IN_A_LETTER: Fit = { longest: LONGEST, most: LARGEST };
/** More pixels than this are not decoded in one piece on a phone with 2 GB. */
const MOST_PIXELS = 120_000_000;

export interface Prepared {
  type: 'image/jpeg' | 'image/png';
  bytes: Uint8Array<ArrayBuffer>;
  width: number;
  height: number;
}

export type PhotoTrouble = 'not-a-photo' | 'heic' | 'broken' | 'too-large' | 'no-memory';

export class PhotoRefused extends Error {
  override readonly name = 'PhotoRefused';
  constructor(readonly why: PhotoTrouble) {
    super(why);
  }
}

type Kind = 'jpeg' | 'png' | 'webp' | 'gif' | 'avif' | 'bmp' | 'heic';

/** What the first bytes say; what the name or the browser say does not count. */
export function kindOf(head: Uint8Array): Kind | null {
  const at = (from: number, text: string) =>
    [...text].every((letter, i) => head[from + i] === letter.charCodeAt(0));
  if (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) return 'jpeg';
  if (head[0] === 0x89 && at(1, 'PNG\r\n')) return 'png';
  if (at(0, 'RIFF') && at(8, 'WEBP')) return 'webp';
  if (at(0, 'GIF8')) return 'gif';
  if (at(0, 'BM')) return 'bmp';
  if (at(4, 'ftyp')) {
    if (at(8, 'avif') || at(8, 'avis')) return 'avif';
    if (['heic', 'heix', 'hevc', 'mif1', 'msf1', 'heim'].some((brand) => at(8, brand))) return 'heic';
  }
  return null;
}

/** Width and height as the file says them, before anything is decoded; null when they are not where they should be. */
export function sizeOf(kind: Kind, bytes: Uint8Array): { width: number; height: number } | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (kind === 'png' && bytes.length >= 24) return { width: view.getUint32(16), height: view.getUint32(20) };
  if (kind !== 'jpeg') return null;
  for (let at = 2; at + 9 < bytes.length;) {
    if (bytes[at] !== 0xff) return null;
    const marker = bytes[at + 1]!;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    at += 2 + view.getUint16(at + 2);
  }
  return null;
}

export function scaled(width: number, height: number, longest = LONGEST): { width: number; height: number } {
  const by = Math.min(1, longest / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * by)), height: Math.max(1, Math.round(height * by)) };
}

let before: Promise<unknown> = Promise.resolve();

/** Makes a photo ready, one after the other. Throws PhotoRefused. */
export function prepare(file: Blob, fit: Fit = IN_A_LETTER): Promise<Prepared> {
  const turn = before.then(() => prepareOne(file, fit));
  before = turn.catch(() => {});
  return turn;
}

/** Makes it as much smaller as it has to be. Throws PhotoRefused. */
export async function prepareWithin(file: Blob, most: number): Promise<Prepared> {
  for (const longest of [1600, 1280, 960, 640]) {
    try {
      return await prepare(file, { longest, most });
    } catch (error) {
      if (!(error instanceof PhotoRefused) || error.why !== 'too-large') throw error;
    }
  }
  throw new PhotoRefused('too-large');
}

async function prepareOne(file: Blob, { longest, most }: Fit): Promise<Prepared> {
  if (file.size === 0) throw new PhotoRefused('broken');
  if (file.size > LARGEST_FILE) throw new PhotoRefused('too-large');
  const head = new Uint8Array(await file.slice(0, 256 * 1024).arrayBuffer());
  const kind = kindOf(head);
  if (kind === null) throw new PhotoRefused('not-a-photo');
  const said = sizeOf(kind, head);
  if (said && said.width * said.height > MOST_PIXELS) throw new PhotoRefused('too-large');
  const picture = await decode(file, kind, said, longest);
  try {
    const size = scaled(picture.width, picture.height, longest);
    const canvas = new OffscreenCanvas(size.width, size.height);
    const ink = canvas.getContext('2d');
    if (!ink) throw new PhotoRefused('no-memory');
    ink.imageSmoothingQuality = 'high';
    // A drawing keeps its sharp edges and what can be seen through; a photo becomes a JPEG on white.
    const drawing = kind === 'png' || kind === 'gif';
    if (!drawing) {
      ink.fillStyle = '#fff';
      ink.fillRect(0, 0, size.width, size.height);
    }
    ink.drawImage(picture, 0, 0, size.width, size.height);
    if (drawing) {
      const png = await canvas.convertToBlob({ type: 'image/png' });
      if (png.size <= Math.min(LARGEST_DRAWING, most)) return ready('image/png', png, size, most);
      ink.globalCompositeOperation = 'destination-over';
      ink.fillStyle = '#fff';
      ink.fillRect(0, 0, size.width, size.height);
    }
    return await ready(
      'image/jpeg',
      await canvas.convertToBlob({ type: 'image/jpeg', quality: QUALITY }),
      size,
      most,
    );
  } finally {
    picture.close();
  }
}

async function decode(
  file: Blob,
  kind: Kind,
  said: { width: number; height: number } | null,
  longest: number,
): Promise<ImageBitmap> {
  // Scaled while it is decoded: a photo of sixty megapixels never stands in memory whole where the browser can help it.
  const smaller =
    said && Math.max(said.width, said.height) > longest * 2 ? scaled(said.width, said.height, longest) : null;
  const typed = new Blob([file], { type: kind === 'heic' ? 'image/heic' : `image/${kind}` });
  const turned = { imageOrientation: 'from-image' as const };
  try {
    if (smaller) {
      // The longest side alone: a photo that lies on its side is turned first.
      const bitmap = await createImageBitmap(typed, {
        ...turned,
        resizeWidth: Math.max(smaller.width, smaller.height),
        resizeQuality: 'high',
      });
      return bitmap;
    }
    return await createImageBitmap(typed, turned);
  } catch (error) {
    if (kind === 'heic') throw new PhotoRefused('heic');
    if (error instanceof RangeError) throw new PhotoRefused('no-memory');
    throw new PhotoRefused('broken');
  }
}

async function ready(
  type: Prepared['type'],
  blob: Blob,
  size: { width: number; height: number },
  most: number,
): Promise<Prepared> {
  if (blob.size > most) throw new PhotoRefused('too-large');
  return { type, bytes: new Uint8Array(await blob.arrayBuffer()), ...size };
}
