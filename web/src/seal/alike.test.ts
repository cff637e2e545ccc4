// Both languages read alike: vectors that were changed, with what crates/seal says of each (vectors/alike, made by
// crates/seal/examples/make-alike). This half must say the same of the same bytes. UNSAID_ALIKE names another such file.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { bindingLine, parseBinding } from './binding';
import { concat, fromLatin1, fromUtf8, sha256Hex, utf8 } from './bytes';
import { checkClaimWords } from './claim';
import { SealError } from './errors';
import { readKeyFile } from './key';
import { kitToken, readKit } from './kit';
import { parseLetter } from './letter';
import { openFile, openMedia } from './read';
import { verify } from './sshsig';
import { normaliseWords } from './words';
import { checkWrap } from './wrap';
import { identityToRecipient } from 'age-encryption';
import { secretFromBech32 } from './bech32';

type Kind =
  | 'letter'
  | 'age'
  | 'media'
  | 'key'
  | 'signature'
  | 'wrap'
  | 'six-words'
  | 'eight-words'
  | 'binding'
  | 'kit';

interface Case {
  readonly kind: Kind;
  readonly of: string;
  /** Where, how many bytes go, and what comes there instead (base64). */
  readonly changes: readonly (readonly [number, number, string])[];
  readonly said: string;
}

const files = new Map<string, Uint8Array>();
function vector(path: string): Uint8Array {
  const there = files.get(path) ?? new Uint8Array(readFileSync(new URL(`../../../vectors/${path}`, import.meta.url)));
  files.set(path, there);
  return there;
}

function changed({ of, changes }: Case): Uint8Array {
  return changes.reduce(
    (bytes, [at, remove, put]) =>
      concat(bytes.subarray(0, at), new Uint8Array(Buffer.from(put, 'base64')), bytes.subarray(at + remove)),
    vector(of),
  );
}

/** Each with its length before it, so that nothing can move from one into the next. */
const fields = (...pieces: (string | Uint8Array)[]): Uint8Array =>
  concat(
    ...pieces.flatMap((piece) => {
      const bytes = typeof piece === 'string' ? utf8(piece) : piece;
      return [utf8(`${bytes.length}:`), bytes];
    }),
  );

const unhex = (text: string) => fromLatin1(text.replace(/../g, (two) => String.fromCharCode(parseInt(two, 16))));

function letterOf(bytes: Uint8Array): Uint8Array {
  const { letterId, version, from, to, date, text, html, replyTo, pictures, media } = parseLetter(bytes);
  return concat(
    fields(letterId, String(version), from, to, String(date.getTime() / 1000), text),
    fields(html === null ? '-' : `+${html}`, replyTo ?? ''),
    ...pictures.map((picture) => fields(picture.name, picture.type, picture.bytes)),
    ...media.map(({ name, type, size, sha256 }) => fields(name, type, String(size), unhex(sha256))),
  );
}

async function read(kind: Kind, of: string, bytes: Uint8Array): Promise<Uint8Array> {
  // The first two pieces of the path are the folder of one letter.
  const beside = (name: string) => vector(`${of.split('/').slice(0, 2).join('/')}/${name}`);
  const text = (): string => {
    try {
      return fromUtf8(bytes);
    } catch {
      throw new SealError('damaged', 'not UTF-8');
    }
  };
  switch (kind) {
    case 'letter':
      return letterOf(bytes);
    case 'age':
      return openFile(beside('letter.key'), bytes);
    case 'media':
      return openMedia(beside('letter.key'), bytes, parseLetter(beside('letter.eml')).media[0]!);
    case 'key': {
      const identity = readKeyFile(bytes);
      if (!secretFromBech32('age-secret-key-', identity)) throw new SealError('damaged', 'not a key');
      return utf8(await identityToRecipient(identity));
    }
    case 'signature':
      return utf8(verify(text(), beside('letter.eml')).fingerprint);
    case 'wrap':
      checkWrap(bytes);
      return new Uint8Array(0);
    case 'six-words':
      return utf8(normaliseWords(text()));
    case 'eight-words':
      return utf8(checkClaimWords(text()));
    case 'binding':
      return utf8(bindingLine(parseBinding(text())));
    case 'kit':
      return new Uint8Array(Buffer.from(kitToken(readKit(text())), 'base64url'));
  }
}

async function verdict(one: Case): Promise<string> {
  try {
    return sha256Hex(await read(one.kind, one.of, changed(one))).slice(0, 16);
  } catch (error) {
    if (!(error instanceof SealError)) return `threw ${String(error)}`;
    return error.index === undefined ? error.code : `${error.code} ${error.index}`;
  }
}

test('every changed vector is read or refused as the other half says', async () => {
  const other = process.env['UNSAID_ALIKE'];
  const lines = (other ? readFileSync(other, 'utf8') : fromUtf8(vector('alike/cases.jsonl'))).trim().split('\n');
  const wrong: string[] = [];
  let whole = 0;
  for (const [at, line] of lines.entries()) {
    const one = JSON.parse(line) as Case;
    const said = await verdict(one);
    if (/^[0-9a-f]{16}$/.test(said)) whole += 1;
    if (said !== one.said) wrong.push(`line ${at + 1}: ${said} instead of ${one.said}: ${line}`);
  }
  expect(wrong).toEqual([]);
  // A file in which everything is refused, or nothing, would say little.
  expect(whole).toBeGreaterThan(100);
  expect(lines.length - whole).toBeGreaterThan(100);
}, 60_000);
