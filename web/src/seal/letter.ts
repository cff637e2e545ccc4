// letter.eml: what she wrote, as an e-mail file (RFC 5322, RFC 2045 to 2047) that any mail program can show, padded so that
// its length tells little. Text alone is format 1; HTML with pictures is format 2, from the same code. Knows no key and
// nobody's address. Reading it back stands in letter-parse.ts.

import { base64, concat, fromLatin1, fromUtf8, utf8, type Bytes } from './bytes';
import { checkId, checkVersion } from './binding';
import { SealError } from './errors';
import { quotedPrintable } from './quoted-printable';

export { parseLetter } from './letter-parse';

/** What goes into the file. */
export interface LetterToCompose {
  readonly letterId: string;
  readonly version: number;
  /** The name under which she writes. */
  readonly from: string;
  /** The name of the person, as she wrote it. */
  readonly to: string;
  readonly date: Date;
  readonly text: string;
  /** The same in the canonical HTML of the closed schema (body.ts); null for a letter of text alone, which is format 1. */
  readonly html?: string | null;
  /** `age1pq1…`: where an answer is encrypted to. */
  readonly replyTo?: string | null;
  /** The pictures inside; `howManyInside` says which. */
  readonly pictures?: readonly Picture[];
  /** Those that are parts of their own. */
  readonly media?: readonly Medium[];
  /** The letter that this one answers, for `In-Reply-To`. */
  readonly answers?: { readonly letterId: string; readonly version: number } | null;
  /** How many bytes of pictures lie inside at most: an answer has no parts of its own. */
  readonly mostInside?: number;
}

/** The kinds of pictures that every browser shows, and the ends of their files' names. */
export const PICTURE_TYPES = { 'image/jpeg': 'jpg', 'image/png': 'png', 'image/webp': 'webp' } as const;
export type PictureType = keyof typeof PICTURE_TYPES;

/** The end of a file's name for a media type; `bin` for those that a letter does not have today. */
export const extensionOf = (type: string): string =>
  (PICTURE_TYPES as Readonly<Record<string, string>>)[type] ?? 'bin';

/** A picture as a file. */
export interface Picture {
  /** Three digits from `001`, in the order of appearance. */
  readonly name: string;
  readonly type: PictureType;
  readonly bytes: Uint8Array;
}

/** A file that lies beside the letter, as `media/NNN.age`. */
export interface Medium {
  readonly name: string;
  /** A media type, such as `image/jpeg`. */
  readonly type: string;
  /** Bytes of the plain file. */
  readonly size: number;
  /** SHA-256 of the plain file, in lower-case hexadecimal. */
  readonly sha256: string;
}

/** The largest text, in bytes of UTF-8. */
export const MAX_TEXT_BYTES = 1024 * 1024;

/** The largest HTML, in bytes of UTF-8: as much as the schema's parser reads. */
export const MAX_HTML_BYTES = 1024 * 1024;
/** How many pictures a letter may have, inside and beside it. */
export const MAX_PICTURES = 60;
/** The largest picture, in bytes. */
export const MAX_PICTURE_BYTES = 8 * 1024 * 1024;
/** How many bytes of pictures lie inside at most; the others become parts that can be fetched one by one. */
export const MAX_INSIDE_BYTES = 1024 * 1024;

/** A shorter file than this is padded to it: 'I forgive you' must not show in a list of sizes. */
const LEAST_BYTES = 4096;

/** Line ends become \n and lone surrogates U+FFFD: the form in which two texts are compared. */
export function normaliseText(text: string): string {
  return fromUtf8(utf8(text.replace(/\r\n?/g, '\n')));
}

/** How many of the pictures, in their order, lie inside. */
export function howManyInside(sizes: readonly number[], most = MAX_INSIDE_BYTES): number {
  let sum = 0;
  const first = sizes.findIndex((size) => (sum += size) > most);
  return first < 0 ? sizes.length : first;
}

/** Composes the file. The same input gives the same bytes, here and in Rust. */
export function composeLetter(letter: LetterToCompose): Bytes {
  const { letterId, version, replyTo = null, pictures = [], media = [], answers = null } = letter;
  checkId(letterId);
  checkVersion(version);
  const text = normaliseText(letter.text);
  const html = typeof letter.html === 'string' ? normaliseText(letter.html) : null;
  const tooLong = utf8(text).length > MAX_TEXT_BYTES || (html !== null && utf8(html).length > MAX_HTML_BYTES);
  if (tooLong) throw new SealError('text-too-long', 'more than a letter may hold');
  checkPictures(html, pictures, media, letter.mostInside);
  // "=_" cannot occur in quoted-printable nor in base64, so nothing can end a part early (RFC 2045, 6.7).
  const boundary = `=_unsaid_${letterId}_${version}`;
  // None of the three is the beginning of another: a reader may compare beginnings alone (RFC 2046, 5.1.1).
  const [either, whole] = [`=_a_unsaid_${letterId}_${version}`, `=_r_unsaid_${letterId}_${version}`];
  const parts =
    html === null
      ? words(boundary, 'plain', text)
      : [
          ...holder(boundary, 'alternative', either),
          ...words(either, 'plain', text),
          ...holder(either, 'related', whole),
          ...words(whole, 'html', html),
          ...pictures.flatMap((picture) => pictureLines(whole, picture)),
          `--${whole}--`,
          `--${either}--`,
        ];
  const plain = utf8(
    [
      `From: ${nameHeader(letter.from)} <author@unsaid.invalid>`,
      `To: ${nameHeader(letter.to)} <reader@unsaid.invalid>`,
      `Date: ${dateHeader(letter.date)}`,
      `Message-ID: ${messageId(letterId, version)}`,
      ...(answers ? [`In-Reply-To: ${messageId(answers.letterId, answers.version)}`] : []),
      ...replyHeader(replyTo),
      ...mediaHeader(media),
      'MIME-Version: 1.0',
      `Content-Type: multipart/mixed;\r\n boundary="${boundary}"`,
      '',
      ...parts,
      `--${boundary}--`,
      '',
    ].join('\r\n'),
  );
  return concat(plain, epilogue(paddedSize(plain.length) - plain.length));
}

/** The head of a part that holds parts. */
const holder = (outer: string, kind: string, inner: string): string[] => [
  `--${outer}`,
  `Content-Type: multipart/${kind};\r\n boundary="${inner}"`,
  '',
];

const words = (boundary: string, kind: string, text: string): string[] => [
  `--${boundary}`,
  `Content-Type: text/${kind}; charset=utf-8`,
  'Content-Transfer-Encoding: quoted-printable',
  '',
  quotedPrintable(text),
];

const pictureLines = (boundary: string, { name, type, bytes }: Picture): string[] => [
  `--${boundary}`,
  `Content-Type: ${type}`,
  `Content-ID: <${name}>`,
  `Content-Disposition: inline; filename="${name}.${PICTURE_TYPES[type]}"`,
  'Content-Transfer-Encoding: base64',
  '',
  // RFC 2045, 6.8
  ...(base64(bytes).match(/.{1,76}/g) ?? []),
];

/** Names of one row, each once; nothing empty, nothing too large, nothing without HTML that shows it. */
function checkPictures(
  html: string | null,
  pictures: readonly Picture[],
  media: readonly Medium[],
  mostInside?: number,
): void {
  const names = [...pictures, ...media].map(({ name }) => name);
  const wellNamed = names.every(isPictureName) && new Set(names).size === names.length;
  if (!wellNamed || (html === null && names.length > 0)) {
    throw new SealError('bad-input', 'pictures are named 001, 002 and so on, each once, and stand in HTML');
  }
  const sizes = pictures.map(({ bytes }) => bytes.length);
  const fits = (size: number) => Number.isInteger(size) && size > 0 && size <= MAX_PICTURE_BYTES;
  const well =
    names.length <= MAX_PICTURES &&
    sizes.every(fits) &&
    howManyInside(sizes, mostInside) === sizes.length &&
    pictures.every(({ type }) => Object.hasOwn(PICTURE_TYPES, type)) &&
    media.every(({ type, size, sha256 }) => fits(size) && isMediaType(type) && /^[0-9a-f]{64}$/.test(sha256));
  if (!well) throw new SealError('bad-picture', 'too many, too large, or of a kind that is not shown everywhere');
}

/** In pieces, because a post-quantum recipient has nearly two thousand letters. */
function replyHeader(replyTo: string | null): string[] {
  if (replyTo === null) return [];
  if (!looksLikeRecipient(replyTo)) throw new SealError('bad-input', 'an age1pq recipient is expected');
  return [`Unsaid-Reply-To: ${replyTo.match(/.{1,64}/g)!.join('\r\n ')}`];
}

function mediaHeader(media: readonly Medium[]): string[] {
  if (media.length === 0) return [];
  const entries = media.map(({ name, type, size, sha256 }) => `${name} ${type} ${size} ${sha256}`);
  return [`Unsaid-Media: ${entries.join(',\r\n ')}`];
}

/** Three digits, from 001. */
export const isPictureName = (name: string): boolean => /^(?!000)[0-9]{3}$/.test(name);

/** `type/subtype` in small letters (RFC 6838, 4.2), short. */
export const isMediaType = (type: string): boolean => /^[a-z0-9.+-]{1,60}\/[a-z0-9.+-]{1,60}$/.test(type);

/** The form of `age1pq1…`; its checksum is looked at by whoever encrypts to it. */
export const looksLikeRecipient = (text: string): boolean =>
  text.length <= 4096 && /^age1pq1[a-z0-9]*$/.test(text);

/** `<letter.version@unsaid>` */
export function messageId(letterId: string, version: number): string {
  checkId(letterId);
  checkVersion(version);
  return `<${letterId}.${version}@unsaid>`;
}

/** Padmé (Nikitin et al., PURBs, 2019): at most 12 % more, and sizes of O(log log n) kinds. At least 4,096. */
export function paddedSize(size: number): number {
  if (size <= LEAST_BYTES) return LEAST_BYTES;
  const exponent = Math.floor(Math.log2(size));
  const free = exponent - (Math.floor(Math.log2(exponent)) + 1);
  const step = 2 ** free;
  return Math.ceil(size / step) * step;
}

/** Text after the last boundary, which every mail program passes over (RFC 2046, 5.1.1). */
function epilogue(size: number): Bytes {
  const line = '~'.repeat(70) + '\r\n';
  return fromLatin1(
    line
      .repeat(Math.ceil(size / line.length))
      .slice(0, size)
      .replace(/\r$/, '~'),
  );
}

/** A name as one line: control and direction characters become spaces, spaces are single. */
export function cleanName(name: string): string {
  const clean = fromUtf8(utf8(name))
    .replace(/[\u0000-\u0020\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ')
    .replace(/^ | $/g, '');
  if (clean === '' || [...clean].length > 200)
    throw new SealError('bad-name', 'a name has 1 to 200 characters');
  return clean;
}

/** Plain words stay as they are; everything else becomes encoded words of RFC 2047, so no name can add a header. */
function nameHeader(name: string): string {
  const clean = cleanName(name);
  if (clean.length <= 40 && /^[A-Za-z0-9]+( [A-Za-z0-9]+)*$/.test(clean)) return clean;
  const pieces: string[] = [];
  let piece = '';
  for (const letter of clean) {
    if (utf8(piece + letter).length > 39) {
      pieces.push(piece);
      piece = '';
    }
    piece += letter;
  }
  pieces.push(piece);
  return pieces.map((p) => `=?utf-8?B?${base64(utf8(p))}?=`).join('\r\n ') + '\r\n';
}

/** RFC 5322 date and time, in UTC. */
function dateHeader(date: Date): string {
  const year = date.getUTCFullYear();
  if (Number.isNaN(date.getTime()) || year < 1970 || year > 9999) {
    throw new SealError('bad-input', 'a date lies between 1970 and 9999');
  }
  return date.toUTCString().replace(/GMT$/, '+0000');
}

/** What stood in the file. */
export interface Letter {
  readonly letterId: string;
  readonly version: number;
  readonly from: string;
  readonly to: string;
  readonly date: Date;
  /** `<letter.version@unsaid>` */
  readonly messageId: string;
  readonly text: string;
  /** The same as HTML, to be read into the closed schema and never shown as it is; null when she used words alone. */
  readonly html: string | null;
  /** `age1pq1…`: where an answer is encrypted to. Its form was looked at, its checksum not. */
  readonly replyTo: string | null;
  /** Those that lie inside. */
  readonly pictures: readonly Picture[];
  /** Those that lie beside it, with the hash that each must have. */
  readonly media: readonly Medium[];
}
