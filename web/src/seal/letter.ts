// letter.eml: what she wrote, as an e-mail file (RFC 5322, RFC 2045 to 2047) that any mail program can
// show, padded so that its length tells little. Knows no key and nobody's address.

import { base64, concat, fromLatin1, fromUtf8, latin1, utf8, type Bytes } from './bytes';
import { checkId, checkVersion, MAX_VERSION } from './binding';
import { SealError } from './errors';
import { quotedPrintable } from './quoted-printable';

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
}

/** The largest text, in bytes of UTF-8. */
export const MAX_TEXT_BYTES = 1024 * 1024;

/** A shorter file than this is padded to it: 'I forgive you' must not show in a list of sizes. */
const LEAST_BYTES = 4096;

/** Line ends become \n and lone surrogates U+FFFD: the form in which two texts are compared. */
export function normaliseText(text: string): string {
  return fromUtf8(utf8(text.replace(/\r\n?/g, '\n')));
}

/** Composes the file. The same input gives the same bytes, here and in Rust. */
export function composeLetter(letter: LetterToCompose): Bytes {
  const { letterId, version } = letter;
  checkId(letterId);
  checkVersion(version);
  const text = normaliseText(letter.text);
  if (utf8(text).length > MAX_TEXT_BYTES) throw new SealError('text-too-long', 'more than a letter may hold');
  // "=_" cannot occur in quoted-printable, so no text can end the part early (RFC 2045, 6.7).
  const boundary = `=_unsaid_${letterId}_${version}`;
  const plain = utf8(
    [
      `From: ${nameHeader(letter.from)} <author@unsaid.invalid>`,
      `To: ${nameHeader(letter.to)} <reader@unsaid.invalid>`,
      `Date: ${dateHeader(letter.date)}`,
      `Message-ID: ${messageId(letterId, version)}`,
      'MIME-Version: 1.0',
      `Content-Type: multipart/mixed;\r\n boundary="${boundary}"`,
      '',
      `--${boundary}`,
      'Content-Type: text/plain; charset=utf-8',
      'Content-Transfer-Encoding: quoted-printable',
      '',
      quotedPrintable(text),
      `--${boundary}--`,
      '',
    ].join('\r\n'),
  );
  return concat(plain, epilogue(paddedSize(plain.length) - plain.length));
}

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
}

/**
 * Reads the file back. Tolerant of other mail programs' folding, encodings and parts; strict about the Message-ID
 * and about headers that stand twice.
 */
export function parseLetter(file: Uint8Array): Letter {
  const { headers, body } = splitEntity(latin1(file));
  const id = /^<([a-z2-7]{26})\.([1-9][0-9]{0,9})@unsaid>$/.exec(headers.get('message-id') ?? '');
  const date = new Date(headers.get('date') ?? '');
  const bytes = plainText(headers, body, 0);
  if (!id || Number(id[2]) > MAX_VERSION || Number.isNaN(date.getTime()) || !bytes) throw damaged();
  let text: string;
  try {
    text = normaliseText(fromUtf8(bytes));
  } catch {
    throw damaged();
  }
  return {
    letterId: id[1]!,
    version: Number(id[2]),
    from: displayName(headers.get('from')),
    to: displayName(headers.get('to')),
    date,
    messageId: id[0],
    text,
  };
}

function damaged(): SealError {
  return new SealError('damaged', 'not a letter of ours');
}

type Headers = Map<string, string>;

function splitEntity(entity: string): { headers: Headers; body: string } {
  const headers: Headers = new Map();
  // A part may have no headers at all; then it begins with the empty line.
  const end = /^\r?\n|\r?\n\r?\n/.exec(entity);
  if (!end) throw damaged();
  const lines = entity
    .slice(0, end.index)
    .replace(/\r?\n(?=[ \t])/g, '')
    .split(/\r?\n/);
  for (const line of lines) {
    if (line === '') continue;
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    if (colon < 1 || headers.has(name)) throw damaged();
    headers.set(name, line.slice(colon + 1).trim());
  }
  return { headers, body: entity.slice(end.index + end[0].length) };
}

/** The first text/plain part, decoded; undefined when there is none. */
function plainText(headers: Headers, body: string, depth: number): Bytes | undefined {
  const type = headers.get('content-type') ?? 'text/plain';
  const kind = /^[^;\s]*/.exec(type)![0].toLowerCase();
  if (kind.startsWith('multipart/')) {
    const boundary = parameter(type, 'boundary');
    if (!boundary || depth > 3) throw damaged();
    const delimiter = new RegExp(
      `(?:^|\\r?\\n)--${boundary.replace(/\W/g, '\\$&')}(--)?[ \\t]*(?=\\r?\\n|$)`,
      'g',
    );
    const marks = [...body.matchAll(delimiter)];
    // Without its closing boundary something is missing.
    if (!marks.some((mark) => mark[1])) throw damaged();
    for (const [i, mark] of marks.entries()) {
      if (mark[1]) break;
      const next = marks[i + 1];
      if (!next) throw damaged();
      const inner = body.slice(mark.index + mark[0].length, next.index).replace(/^\r?\n/, '');
      const part = splitEntity(inner);
      const found = plainText(part.headers, part.body, depth + 1);
      if (found) return found;
    }
    return undefined;
  }
  if (kind !== 'text/plain') return undefined;
  if (!/^(utf-8|us-ascii)$/i.test(parameter(type, 'charset') ?? 'us-ascii')) throw damaged();
  return decode(body, (headers.get('content-transfer-encoding') ?? '7bit').toLowerCase());
}

function parameter(header: string, name: string): string | undefined {
  const found = new RegExp(`;\\s*${name}\\s*=\\s*(?:"([^"]*)"|([^\\s;"]+))`, 'i').exec(header);
  return found?.[1] ?? found?.[2];
}

function decode(body: string, encoding: string): Bytes {
  if (encoding === 'base64') return unbase64(body.replace(/\s/g, ''));
  if (encoding === 'quoted-printable') {
    return fromLatin1(unquote(body.replace(/[ \t]+(?=\r?\n|$)/g, '').replace(/=\r?\n/g, '')));
  }
  return fromLatin1(body);
}

function unquote(text: string): string {
  return text.replace(/=([0-9A-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)));
}

function unbase64(text: string): Bytes {
  try {
    return fromLatin1(atob(text));
  } catch {
    throw damaged();
  }
}

/** The name before an address, with its encoded words (RFC 2047) and quotes undone. */
function displayName(header: string | undefined): string {
  if (header === undefined) throw damaged();
  const phrase = header.replace(/<[^<>]*>$/, '').trim();
  const quoted = /^"((?:[^"\\]|\\.)*)"$/.exec(phrase);
  if (quoted) return quoted[1]!.replace(/\\(.)/g, '$1');
  try {
    // White space between two encoded words belongs to the encoding, not to the name.
    const name = phrase
      .replace(/\?=\s+(?==\?)/g, '?=')
      .replace(/=\?utf-8\?([BQ])\?([^?\s]*)\?=/gi, (_, how: string, coded: string) =>
        how.toUpperCase() === 'B' ? latin1(unbase64(coded)) : unquote(coded.replaceAll('_', ' ')),
      );
    return fromUtf8(fromLatin1(name));
  } catch {
    throw damaged();
  }
}
