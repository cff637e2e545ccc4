// Reads letter.eml back, in either format. Tolerant of other mail programs' folding, encodings and parts; strict about the
// Message-ID, about headers that stand twice and about what it does not understand. Whatever the bytes are, it ends soon and
// takes little memory. crates/seal/src/letter/parse.rs says the same of every file (alike.test.ts).

import { fromBase64, fromLatin1, fromUtf8, latin1, type Bytes } from './bytes';
import { MAX_VERSION } from './binding';
import { SealError } from './errors';
import {
  cleanName,
  isMediaType,
  isPictureName,
  looksLikeRecipient,
  MAX_HTML_BYTES,
  MAX_PICTURES,
  MAX_TEXT_BYTES,
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
/** The headers of one part: ours stay far below, and a hostile file must not cost memory. */
const MAX_HEADER_BYTES = 64 * 1024;

/** Reads the file. */
export function parseLetter(file: Uint8Array): Letter {
  if (file.length > MAX_LETTER_BYTES) throw damaged();
  const { headers, body } = splitEntity(latin1(file));
  const id = /^<([a-z2-7]{26})\.([1-9][0-9]{0,9})@unsaid>$/.exec(headers.get('message-id') ?? '');
  if (!id || Number(id[2]) > MAX_VERSION) throw damaged();
  const found: Found = { text: undefined, html: undefined, pictures: [], parts: 0 };
  collect(found, headers, body, 0);
  if (!found.text) throw damaged();
  const replyTo = headers.get('unsaid-reply-to')?.replace(/[ \t]/g, '');
  if (replyTo !== undefined && !looksLikeRecipient(replyTo)) throw damaged();
  const media = headers.get('unsaid-media');
  return {
    letterId: id[1]!,
    version: Number(id[2]),
    from: displayName(headers.get('from')),
    to: displayName(headers.get('to')),
    date: readDate(headers.get('date') ?? ''),
    messageId: id[0],
    text: words(found.text, MAX_TEXT_BYTES),
    html: found.html ? words(found.html, MAX_HTML_BYTES) : null,
    replyTo: replyTo ?? null,
    pictures: found.pictures,
    media: media === undefined ? [] : readMedia(media),
  };
}

/** Which letter a file of ours answers, by its `In-Reply-To`; null when it names none. */
export function answeredBy(file: Uint8Array): string | null {
  if (file.length > MAX_LETTER_BYTES) throw damaged();
  const named = splitEntity(latin1(file.subarray(0, MAX_HEADER_BYTES))).headers.get('in-reply-to') ?? '';
  return /^<([a-z2-7]{26})\.[1-9][0-9]{0,9}@unsaid>$/.exec(named)?.[1] ?? null;
}

/** What a letter may not hold when it is written is not read either: a page would have to draw it. */
function words(bytes: Bytes, most: number): string {
  let text: string;
  try {
    text = normaliseText(fromUtf8(bytes));
  } catch {
    throw damaged();
  }
  // Line ends may have become shorter by being read.
  if (bytes.length > most && new TextEncoder().encode(text).length > most) throw damaged();
  return text;
}

/** `name type size hash`, with commas between. */
function readMedia(value: string): Medium[] {
  const entries = value.split(',', MAX_PICTURES + 1);
  if (entries.length > MAX_PICTURES) throw damaged();
  const media = entries.map((entry): Medium => {
    const [name = '', type = '', size = '', sha256 = '', ...more] = pieces(entry);
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

/** What stands between blanks. Only these two are blanks here: JavaScript's own trim takes bytes of letters for some. */
const pieces = (text: string): string[] => text.split(/[ \t]+/).filter((piece) => piece !== '');

function trim(text: string): string {
  let [from, to] = [0, text.length];
  const blank = (at: number) => text[at] === ' ' || text[at] === '\t';
  while (from < to && blank(from)) from += 1;
  while (to > from && blank(to - 1)) to -= 1;
  return text.slice(from, to);
}

type Headers = Map<string, string>;

/** Headers, unfolded and by lower-case name, and what follows the empty line. */
function splitEntity(entity: string): { headers: Headers; body: string } {
  const headers: Headers = new Map();
  let last: string | undefined;
  let at = 0;
  for (;;) {
    const end = entity.indexOf('\n', at);
    if (end < 0 || end >= MAX_HEADER_BYTES) throw damaged();
    const line = entity.slice(at, entity[end - 1] === '\r' && end > at ? end - 1 : end);
    at = end + 1;
    if (line === '') break;
    // Neither half of an old line end nor anything else that a terminal or a page would take for a command.
    if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(line)) throw damaged();
    if (line[0] === ' ' || line[0] === '\t') {
      if (last === undefined) throw damaged();
      headers.set(last, headers.get(last)! + line);
      continue;
    }
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    if (colon < 1 || !/^[!-~]+$/.test(name) || headers.has(name)) throw damaged();
    headers.set(name, line.slice(colon + 1));
    last = name;
  }
  try {
    fromUtf8(fromLatin1(entity.slice(0, at)));
  } catch {
    throw damaged();
  }
  for (const [name, value] of headers) headers.set(name, trim(value));
  return { headers, body: entity.slice(at) };
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
  const kind = /^[^; \t]*/.exec(type)![0].toLowerCase();
  if (kind.startsWith('multipart/')) {
    const boundary = parameter(type, 'boundary');
    if (!boundary || trim(boundary) !== boundary || depth >= MAX_DEPTH) throw damaged();
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
  const mark = `--${boundary}`;
  const found: string[] = [];
  let start: number | undefined;
  for (let at = body.indexOf(mark); at >= 0; at = body.indexOf(mark, at + 1)) {
    if (at > 0 && body[at - 1] !== '\n') continue;
    const newline = body.indexOf('\n', at);
    const end = newline < 0 ? body.length : newline;
    const after = /^(--)?[ \t]*\r?$/.exec(body.slice(at + mark.length, end));
    if (!after) continue;
    if (found.length > MAX_PARTS) throw damaged();
    if (start !== undefined) found.push(body.slice(start, at).replace(/\r?\n$/, ''));
    if (after[1]) return found;
    start = newline < 0 ? end : end + 1;
  }
  // Without its closing boundary something is missing.
  throw damaged();
}

function parameter(header: string, name: string): string | undefined {
  for (const piece of header.split(';').slice(1)) {
    const equals = piece.indexOf('=');
    if (equals < 0 || trim(piece.slice(0, equals)).toLowerCase() !== name) continue;
    const value = trim(piece.slice(equals + 1));
    return isQuoted(value) ? value.slice(1, -1) : value;
  }
  return undefined;
}

const isQuoted = (text: string): boolean => text.length >= 2 && text.startsWith('"') && text.endsWith('"');

function decode(headers: Headers, body: string): Bytes {
  switch ((headers.get('content-transfer-encoding') ?? '7bit').toLowerCase()) {
    case 'base64':
      return unbase64(body.replace(/[ \t\r\n]/g, ''));
    case 'quoted-printable':
      return fromLatin1(unquote(withoutSoftBreaks(body)));
    case '7bit':
    case '8bit':
    case 'binary':
      return fromLatin1(body);
    default:
      throw damaged();
  }
}

/** Blanks at the ends of lines and soft line breaks go. Line by line: a pattern for it takes hours over a million blanks. */
function withoutSoftBreaks(body: string): string {
  const out: string[] = [];
  for (let at = 0; at < body.length; ) {
    const newline = body.indexOf('\n', at);
    const next = newline < 0 ? body.length : newline + 1;
    let end = newline < 0 ? next : newline;
    if (newline > at && body[newline - 1] === '\r') end -= 1;
    let kept = end;
    while (kept > at && (body[kept - 1] === ' ' || body[kept - 1] === '\t')) kept -= 1;
    if (newline >= 0 && kept > at && body[kept - 1] === '=') out.push(body.slice(at, kept - 1));
    else out.push(body.slice(at, kept), body.slice(end, next));
    at = next;
  }
  return out.join('');
}

function unquote(text: string): string {
  return text.replace(/=([0-9A-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)));
}

function unbase64(text: string): Bytes {
  const bytes = fromBase64(text);
  if (!bytes) throw damaged();
  return bytes;
}

/** The name before an address, with its encoded words (RFC 2047) and quotes undone, and cleaned like one that is written. */
function displayName(header: string | undefined): string {
  if (header === undefined) throw damaged();
  const address = header.endsWith('>') ? header.lastIndexOf('<') : -1;
  const phrase = address < 0 ? header : trim(header.slice(0, address));
  const name = isQuoted(phrase) ? unescaped(phrase.slice(1, -1)) : withoutEncodedWords(phrase);
  try {
    return cleanName(fromUtf8(fromLatin1(name)));
  } catch {
    throw damaged();
  }
}

function unescaped(quoted: string): string {
  // A backslash that stands before nothing is half of something.
  if (/^(?:[^\\]|\\[^])*\\$/.test(quoted)) throw damaged();
  return quoted.replace(/\\([^])/g, '$1');
}

function withoutEncodedWords(phrase: string): string {
  let name = '';
  let at = 0;
  for (const found of phrase.matchAll(/=\?utf-8\?([BQ])\?([^? \t]*)\?=/gi)) {
    const before = phrase.slice(at, found.index);
    // White space between two encoded words belongs to the encoding, not to the name.
    if (at === 0 || trim(before) !== '') name += before;
    const coded = found[2]!;
    name += found[1]!.toUpperCase() === 'B' ? latin1(unbase64(coded)) : unquote(coded.replaceAll('_', ' '));
    at = found.index + found[0].length;
  }
  return name + phrase.slice(at);
}

const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');

/**
 * RFC 5322, 3.3: `[day-of-week,] day month year hour:minute[:second] zone`, with numeric zones and GMT. Never by the platform's
 * own reading of dates: that takes anything, in the zone of the machine.
 */
function readDate(text: string): Date {
  const [day = '', name = '', year = '', time = '', zone = '', ...more] = pieces(text.replace(/^[^,]*,/, ''));
  const clock = /^([0-9]{1,4}):([0-9]{1,4})(?::([0-9]{1,4}))?$/.exec(time);
  const offset = zone === 'GMT' || zone === 'UT' ? ['', '+', '0', '0'] : /^([+-])([0-9]{2})([0-9]{2})$/.exec(zone);
  const month = MONTHS.indexOf(name.toLowerCase());
  const digits = /^[0-9]{1,4}$/.test(day) && /^[0-9]{1,4}$/.test(year);
  if (more.length > 0 || month < 0 || !digits || !clock || !offset) throw damaged();
  const [hour, minute, second] = [Number(clock[1]), Number(clock[2]), Number(clock[3] ?? 0)];
  const [sign, hours, minutes] = [offset[1] === '-' ? -1 : 1, Number(offset[2]), Number(offset[3])];
  const midnight = new Date(Date.UTC(Number(year), month, Number(day)));
  // 30 February would become another day.
  const isDay = midnight.getUTCMonth() === month && midnight.getUTCDate() === Number(day);
  const isTime = hour < 24 && minute < 60 && second <= 60 && hours < 24 && minutes < 60;
  if (!isDay || !isTime || Number(year) < 1900) throw damaged();
  const date = new Date(
    midnight.getTime() + ((hour - sign * hours) * 3600 + (minute - sign * minutes) * 60 + second) * 1000,
  );
  if (date.getTime() < 0 || date.getUTCFullYear() > 9999) throw damaged();
  return date;
}
