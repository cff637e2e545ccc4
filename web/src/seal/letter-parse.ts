// Reads letter.eml back, in either format. Tolerant of other mail programs' folding, encodings and parts; strict about the
// Message-ID and about headers that stand twice. Whatever the bytes are, it ends soon and takes little memory.

import { fromLatin1, fromUtf8, latin1, type Bytes } from './bytes';
import { MAX_VERSION } from './binding';
import { SealError } from './errors';
import {
  isMediaType,
  isPictureName,
  looksLikeRecipient,
  MAX_PICTURES,
  normaliseText,
  PICTURE_TYPES,
  type Letter,
  type Medium,
  type Picture,
  type PictureType,
} from './letter';

/** The largest file that is read. */
const MAX_LETTER_BYTES = 16 * 1024 * 1024;
/** How deep parts may lie in parts: ours never do. */
const MAX_DEPTH = 4;
/** How many parts a file may have: ours have sixty pictures and two texts at most. */
const MAX_PARTS = 200;

/** Reads the file. */
export function parseLetter(file: Uint8Array): Letter {
  if (file.length > MAX_LETTER_BYTES) throw damaged();
  const { headers, body } = splitEntity(latin1(file));
  const id = /^<([a-z2-7]{26})\.([1-9][0-9]{0,9})@unsaid>$/.exec(headers.get('message-id') ?? '');
  const date = new Date(headers.get('date') ?? '');
  if (!id || Number(id[2]) > MAX_VERSION || Number.isNaN(date.getTime())) throw damaged();
  const found: Found = { text: undefined, html: undefined, pictures: [], parts: 0 };
  collect(found, headers, body, 0);
  if (!found.text) throw damaged();
  const words = (bytes: Bytes): string => {
    try {
      return normaliseText(fromUtf8(bytes));
    } catch {
      throw damaged();
    }
  };
  const replyTo = headers.get('unsaid-reply-to')?.replace(/[ \t\r\n]/g, '');
  if (replyTo !== undefined && !looksLikeRecipient(replyTo)) throw damaged();
  const media = headers.get('unsaid-media');
  return {
    letterId: id[1]!,
    version: Number(id[2]),
    from: displayName(headers.get('from')),
    to: displayName(headers.get('to')),
    date,
    messageId: id[0],
    text: words(found.text),
    html: found.html ? words(found.html) : null,
    replyTo: replyTo ?? null,
    pictures: found.pictures,
    media: media === undefined ? [] : readMedia(media),
  };
}

/** `name type size hash`, with commas between. */
function readMedia(value: string): Medium[] {
  const entries = value.split(',', MAX_PICTURES + 1);
  if (entries.length > MAX_PICTURES) throw damaged();
  const media = entries.map((entry): Medium => {
    const [name = '', type = '', size = '', sha256 = '', ...more] = entry.trim().split(/[ \t]+/);
    const whole = isPictureName(name) && isMediaType(type) && /^[0-9]{1,15}$/.test(size);
    if (!whole || !/^[0-9a-f]{64}$/.test(sha256) || more.length > 0) throw damaged();
    return { name, type, size: Number(size), sha256 };
  });
  if (new Set(media.map(({ name }) => name)).size !== media.length) throw damaged();
  return media;
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

interface Found {
  text: Bytes | undefined;
  html: Bytes | undefined;
  readonly pictures: Picture[];
  parts: number;
}

/** The first text and the first HTML, and every picture that has a name of ours; other parts are passed over. */
function collect(found: Found, headers: Headers, body: string, depth: number): void {
  found.parts += 1;
  if (found.parts > MAX_PARTS) throw damaged();
  const type = headers.get('content-type') ?? 'text/plain';
  const kind = /^[^;\s]*/.exec(type)![0].toLowerCase();
  if (kind.startsWith('multipart/')) {
    const boundary = parameter(type, 'boundary');
    if (!boundary || depth >= MAX_DEPTH) throw damaged();
    for (const part of partsOf(body, boundary)) {
      const inner = splitEntity(part);
      collect(found, inner.headers, inner.body, depth + 1);
    }
    return;
  }
  if (kind !== 'text/plain' && kind !== 'text/html') {
    takePicture(found.pictures, kind, headers, body);
    return;
  }
  const place = kind === 'text/plain' ? 'text' : 'html';
  if (found[place]) return;
  if (!/^(utf-8|us-ascii)$/i.test(parameter(type, 'charset') ?? 'us-ascii')) throw damaged();
  found[place] = decode(headers, body);
}

function takePicture(pictures: Picture[], kind: string, headers: Headers, body: string): void {
  const name = /^<([0-9]{3})>$/.exec(headers.get('content-id') ?? '')?.[1];
  if (name === undefined || !isPictureName(name) || !Object.hasOwn(PICTURE_TYPES, kind)) return;
  if (pictures.length >= MAX_PICTURES || pictures.some((other) => other.name === name)) throw damaged();
  pictures.push({ name, type: kind as PictureType, bytes: decode(headers, body) });
}

/** What lies between the boundary lines; the line end before a boundary belongs to the boundary. */
function partsOf(body: string, boundary: string): string[] {
  const delimiter = new RegExp(
    `(?:^|\\r?\\n)--${boundary.replace(/\W/g, '\\$&')}(--)?[ \\t]*(?=\\r?\\n|$)`,
    'g',
  );
  const found: string[] = [];
  let start: number | undefined;
  for (const mark of body.matchAll(delimiter)) {
    if (start !== undefined) found.push(body.slice(start, mark.index).replace(/^\r?\n/, ''));
    if (found.length > MAX_PARTS) throw damaged();
    if (mark[1]) return found;
    start = mark.index + mark[0].length;
  }
  // Without its closing boundary something is missing.
  throw damaged();
}

function parameter(header: string, name: string): string | undefined {
  const found = new RegExp(`;\\s*${name}\\s*=\\s*(?:"([^"]*)"|([^\\s;"]+))`, 'i').exec(header);
  return found?.[1] ?? found?.[2];
}

function decode(headers: Headers, body: string): Bytes {
  const encoding = (headers.get('content-transfer-encoding') ?? '7bit').toLowerCase();
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
