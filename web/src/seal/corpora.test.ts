// What fuzzing has found worth keeping about envelopes and folders (fuzz/corpus), and the frozen letters, in front of everything in this room that reads
// bytes. crates/unsaid/tests/corpora.rs goes through the same files. It refuses to know what they are: whatever it is, it is opened or refused by name.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bindingLine, parseBinding } from './binding';
import { checkClaimWords } from './claim';
import { SealError } from './errors';
import { parseHeader } from './header';
import { readKeyFile } from './key';
import { readKit } from './kit';
import { cleanName, composeLetter, isPictureName, normaliseText, parseLetter } from './letter';
import { answeredBy } from './letter-parse';
import { openFile } from './read';
import { verify } from './sshsig';
import { normaliseWords } from './words';
import { checkWrap, unbind } from './wrap';

const ROOT = new URL('../../../', import.meta.url).pathname;
const FOLDERS = ['fuzz/corpus/envelope', 'fuzz/corpus/folders', 'vectors/v1', 'vectors/v2'];
/** No bytes of this size may hold a page up for longer, on a slow and busy machine. */
const LONGEST_MS = 10_000;
const ID = 'abcdefghijklmnopqrstuvwxyz';

const filesIn = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesIn(join(folder, entry.name)) : [join(folder, entry.name)],
  );

/** What it read, or undefined where it refused in the one way in which this room refuses. */
function calm<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof SealError) return undefined;
    throw error;
  }
}

/** Each reader, in front of the same bytes. Gives whether they were a letter. */
function readAll(file: Uint8Array, key: string): boolean {
  const text = new TextDecoder().decode(file);
  const letter = calm(() => parseLetter(file));
  const names = [...(letter?.pictures ?? []), ...(letter?.media ?? [])].map(({ name }) => name);
  expect(names.every(isPictureName) && new Set(names).size === names.length).toBe(true);
  calm(() => answeredBy(file));
  calm(() => parseHeader(file));
  calm(() => {
    checkWrap(file);
  });
  calm(() => unbind(file, { id: ID, version: 1, kind: 'host' }));
  calm(() => openFile(key, file));
  const binding = calm(() => parseBinding(text));
  if (binding !== undefined) expect(bindingLine(binding)).toBe(text);
  calm(() => readKeyFile(file));
  calm(() => readKit(text));
  calm(() => verify(text, file));
  const words = calm(() => normaliseWords(text));
  if (words !== undefined) expect(normaliseWords(words)).toBe(words);
  const claim = calm(() => checkClaimWords(text));
  if (claim !== undefined) expect(checkClaimWords(claim)).toBe(claim);
  return letter !== undefined;
}

/** The bytes as the names and the words of a letter: what is composed is read back as what was said. */
function composes(file: Uint8Array): void {
  const pieces: Uint8Array[] = [];
  let rest = file;
  while (pieces.length < 2 && rest.includes(0xff)) {
    pieces.push(rest.subarray(0, rest.indexOf(0xff)));
    rest = rest.subarray(rest.indexOf(0xff) + 1);
  }
  pieces.push(rest);
  const [from = '', to = '', text = ''] = pieces.map((piece) => new TextDecoder().decode(piece));
  const composed = calm(() =>
    composeLetter({ letterId: ID, version: 3, from, to, date: new Date('2033-05-18T03:33:20Z'), text }),
  );
  if (composed === undefined) return;
  expect(parseLetter(composed)).toMatchObject({
    from: cleanName(from),
    to: cleanName(to),
    text: normaliseText(text),
  });
}

test.each(FOLDERS)(
  'nothing in %s does more than be opened or be refused by name',
  (folder) => {
    const key = readFileSync(join(ROOT, 'vectors/v1/rust-short/letter.key'), 'utf8');
    const known = filesIn(folder);
    expect(known.length).toBeGreaterThan(2);
    let letters = 0;
    for (const path of known) {
      const file = new Uint8Array(readFileSync(join(ROOT, path)));
      const began = performance.now();
      try {
        if (readAll(file, key)) letters += 1;
        composes(file);
      } catch (error) {
        throw new Error(`${path} is not refused calmly`, { cause: error });
      }
      expect(performance.now() - began, path).toBeLessThan(LONGEST_MS);
    }
    if (folder.startsWith('vectors')) expect(letters).toBeGreaterThan(1);
  },
  120_000,
);
