// The exported folder opens with stock programs alone: age (the words typed at its prompt), ssh-keygen, unzip. Names are safe
// whatever a person is called, and what must not stand in the folder does not.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildOpenMe } from '../pages/offline/build';
import {
  joinCards,
  lockKeeperSet,
  makeAccount,
  makeCards,
  makeKeeperSet,
  newClaimWords,
  openKeepersFile,
  openSealed,
  proveSealed,
  readCard,
  sealKeepersFile,
  sealLetter,
  sealWordsFile,
  toHtml,
  toText,
  type Doc,
  type LetterToSeal,
} from '../seal';
import { sha256Hex } from '../seal/bytes';
import { placed } from '../seal/seal';
import { handOf } from '../seal/sshsig';
import { exportBlob, MAX_INSIDE_PAGE, type ExportKey, type LetterToExport } from './index';
import { fileName, folderName } from './names';
import { sayIn } from './read-me';

const seed = new Uint8Array(32).fill(5);
const words = newClaimWords(new Uint8Array(10).fill(0x66));
const doc: Doc = [
  { kind: 'heading', level: 2, content: [{ text: 'Mara' }] },
  { kind: 'paragraph', content: [{ text: 'the one with the blue door ♥', bold: true }] },
  { kind: 'photo', name: '001', alt: 'a door', width: 3, height: 2 },
  { kind: 'photo', name: '002', alt: 'a fox', width: 3, height: 2 },
];
const small = new Uint8Array(1000).fill(1);
const large = new Uint8Array(1024 * 1024).map((_, i) => i * 7);
let folder: string;
let openMe: string;
let base: Omit<LetterToExport, 'key'>;
let keyFile: Uint8Array;
let eml: Uint8Array;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'unsaid-export-'));
  openMe = await buildOpenMe();
  const account = await makeAccount();
  const written: LetterToSeal = {
    letterId: 'exportaaaaaaaaaaaaaaaaaaa2',
    version: 2,
    from: 'Ana',
    to: 'Mara Žižka',
    date: new Date('2026-11-20T12:00:00Z'),
    text: toText(doc, { photo: 'photo' }),
    html: toHtml(doc, { lang: 'en' }),
    pictures: [
      { name: '001', type: 'image/png', bytes: small },
      { name: '002', type: 'image/jpeg', bytes: large },
    ],
    replyTo: account.recipient,
    authorRecipient: account.recipient,
    kept: null,
    seed,
  };
  const sealed = await sealLetter(written);
  const authorWrap = sealed.wraps[0]!.bytes;
  await proveSealed({
    identity: account.identity,
    written,
    seed,
    manifestHash: sealed.manifestHash,
    parts: sealed.parts,
    authorWrap,
  });
  const part = (name: string) => sealed.parts.find((one) => one.name === name)!.bytes;
  const files = { letterAge: part('letter.age'), sigAge: part('sig.age') };
  const opened = await openSealed(account.identity, authorWrap, files, written);
  keyFile = opened.key;
  const { composeLetter } = await import('../seal');
  eml = composeLetter(placed(written));
  expect(opened.letter.media).toHaveLength(1);
  base = {
    ...files,
    letterId: written.letterId,
    version: 2,
    from: 'Ana',
    to: 'Mara Žižka',
    language: 'en',
    hand: handOf(seed),
    media: opened.letter.media.map((medium) => ({
      ...medium,
      sealedSize: part(`media/${medium.name}.age`).length,
      bytes: () => Promise.resolve(part(`media/${medium.name}.age`)),
    })),
    sealedOn: '2026-11-20',
    exportedOn: '2026-11-21',
    openMe,
  };
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function unpacked(key: ExportKey, more: Partial<LetterToExport> = {}): Promise<string> {
  const into = mkdtempSync(join(folder, 'out-'));
  const { name, blob } = await exportBlob({ ...base, key, ...more });
  const zip = join(into, 'letter.zip');
  writeFileSync(zip, new Uint8Array(await blob.arrayBuffer()));
  // Python's own module, which every Debian has, tests each file's CRC as well.
  execFileSync('python3', [
    '-c',
    'import sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; z.extractall(sys.argv[2])',
    zip,
    into,
  ]);
  const top = readdirSync(into).filter((entry) => entry !== 'letter.zip');
  expect(top).toEqual([name.replace(/\.zip$/, '')]);
  return join(into, top[0]!);
}

/** age asks for a passphrase at a terminal and nowhere else. */
const PTY = `
import os, pty, sys, time
words, args = sys.argv[1], sys.argv[2:]
pid, fd = pty.fork()
if pid == 0:
    os.execvp(args[0], args)
time.sleep(0.3)
os.write(fd, (words + "\\n").encode())
while True:
    try:
        if not os.read(fd, 1024): break
    except OSError: break
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

const verify = (cwd: string, letter: Uint8Array) =>
  execFileSync(
    'ssh-keygen',
    [
      '-Y',
      'verify',
      '-f',
      'author/allowed_signers',
      '-I',
      'author@unsaid.invalid',
      '-n',
      'letter@unsaid',
      '-s',
      'letter.eml.sig',
    ],
    { cwd, input: letter, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] },
  );

const list = (at: string, below = ''): string[] =>
  readdirSync(join(at, below)).flatMap((name) => {
    const path = below ? `${below}/${name}` : name;
    return statSync(join(at, path)).isDirectory() ? list(at, path) : [path];
  });

describe('the exported folder', () => {
  test('under the words of the card opens with age and ssh-keygen', async () => {
    const file = await sealWordsFile(words, keyFile, crypto.getRandomValues(new Uint8Array(48)));
    const at = await unpacked({ kind: 'words', file });
    expect(at.endsWith('For Mara Žižka')).toBe(true);
    expect(list(at).sort()).toEqual([
      'READ ME FIRST.txt',
      'about.json',
      'author/allowed_signers',
      'author/ana.pub',
      'keys/mara-zizka.age',
      'letter.age',
      'media/002.age',
      'open-me.html',
      'signatures/letter.sig.age',
    ]);
    execFileSync(
      'python3',
      ['-c', PTY, words, 'age', '-d', '-i', 'keys/mara-zizka.age', '-o', 'letter.eml', 'letter.age'],
      { cwd: at },
    );
    expect(Buffer.compare(readFileSync(join(at, 'letter.eml')), eml)).toBe(0);
    const wrong = words.replace(/^\w+/, 'abbey');
    expect(() =>
      execFileSync(
        'python3',
        ['-c', PTY, wrong, 'age', '-d', '-i', 'keys/mara-zizka.age', '-o', 'no.eml', 'letter.age'],
        { cwd: at, stdio: 'pipe' },
      ),
    ).toThrow();
    // Nowhere in the folder stands the key, nor a recipient, nor a word of the card.
    const identity = /AGE-SECRET-KEY-1\w+/.exec(Buffer.from(keyFile).toString())![0];
    for (const name of list(at).filter((one) => one !== 'letter.eml')) {
      const text = readFileSync(join(at, name), 'latin1');
      expect(text.includes(identity), name).toBe(false);
      expect(/age1[a-z0-9]{50}/.test(text), name).toBe(false);
      if (name !== 'open-me.html') expect(text.includes(words.split(' ')[1]!), name).toBe(false);
    }
    expect(readFileSync(join(at, 'open-me.html'), 'utf8')).not.toContain(words);
  });

  test('with the key in clear opens, as its READ ME says', async () => {
    const at = await unpacked({ kind: 'clear', file: keyFile }, { language: 'es-MX' });
    expect(at.endsWith('Para Mara Žižka')).toBe(true);
    const said = readFileSync(join(at, 'READ ME FIRST.txt'), 'utf8');
    expect(said).toMatch(/^\ufeffUNA CARTA DE Ana PARA Mara Žižka\r\n/);
    expect(said).toContain(handOf(seed).fingerprint);
    // The very commands that stand there.
    const commands = said.split('\r\n').filter((line) => /^ {4}(age|ssh-keygen) /.test(line));
    expect(commands).toHaveLength(4);
    for (const command of commands) execFileSync('sh', ['-c', command.trim()], { cwd: at, stdio: 'pipe' });
    expect(Buffer.compare(readFileSync(join(at, 'letter.eml')), eml)).toBe(0);
    expect(Buffer.compare(readFileSync(join(at, '002.jpg')), large)).toBe(0);
    expect(verify(at, eml)).toMatch(/^Good "letter@unsaid" signature/);
    const changed = Uint8Array.from(eml);
    changed[600] = changed[600]! ^ 1;
    expect(() => verify(at, changed)).toThrow();
    const line = execFileSync('ssh-keygen', ['-l', '-f', 'author/ana.pub'], { cwd: at, encoding: 'utf8' });
    expect(line).toContain(handOf(seed).fingerprint);
  });

  // The program is another half's to build: where it is named, it opens the folder too.
  const program = process.env['UNSAID_PROGRAM'];
  test.skipIf(!program)(
    'opens with the program, with the key in clear and with the words at its prompt',
    async () => {
      const clear = await unpacked({ kind: 'clear', file: keyFile });
      const said = execFileSync(program!, ['open', clear], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      expect(said).toContain(handOf(seed).fingerprint);
      expect(Buffer.compare(readFileSync(join(clear, 'opened/letter.eml')), eml)).toBe(0);
      expect(Buffer.compare(readFileSync(join(clear, 'opened/002.jpg')), large)).toBe(0);
      const file = await sealWordsFile(words, keyFile, crypto.getRandomValues(new Uint8Array(48)));
      const locked = await unpacked({ kind: 'words', file });
      execFileSync('python3', ['-c', PTY, words, program!, 'open', locked]);
      expect(Buffer.compare(readFileSync(join(locked, 'opened/letter.eml')), eml)).toBe(0);
    },
    60_000,
  );

  test('for keepers opens with all of their cards and without any house, as its READ ME says', async () => {
    const chance = (length: number) => crypto.getRandomValues(new Uint8Array(length));
    const [keepers, master] = [await makeKeeperSet(), chance(16)];
    const cards = makeCards(master, 3, 3, chance);
    const file = await sealKeepersFile(keepers.recipient, keyFile);
    const set = await lockKeeperSet(keepers.identity, master, chance(48));
    const at = await unpacked({ kind: 'keepers', file, set }, { language: 'en' });
    expect(list(at).filter((name) => name.startsWith('keys/'))).toEqual([
      'keys/keeper-set.age',
      'keys/keepers.age',
    ]);
    const about = JSON.parse(readFileSync(join(at, 'about.json'), 'utf8')) as { files: { name: string }[] };
    expect(about.files.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['keys/keeper-set.age', 'keys/keepers.age']),
    );
    const said = readFileSync(join(at, 'READ ME FIRST.txt'), 'utf8').replace(/\r\n/g, ' ');
    expect(said).toContain('all of the cards that Ana gave to keepers');
    expect(said).toContain('No house is needed');
    expect(said).toContain('unsaid open "For Mara Žižka"');
    expect(said).not.toContain('open-me.html');
    // Nowhere in the folder stands the key, nor a recipient; the page knows no key either.
    const identity = /AGE-SECRET-KEY-1\w+/.exec(Buffer.from(keyFile).toString())![0];
    for (const name of list(at)) {
      const text = readFileSync(join(at, name), 'latin1');
      expect(text.includes(identity) || /AGE-SECRET-KEY-PQ/.test(text), name).toBe(false);
      expect(/age1(pq1)?[a-z0-9]{50}/.test(text), name).toBe(false);
    }
    expect(readFileSync(join(at, 'open-me.html'), 'utf8')).toContain('"kind":"keepers"');
    // By hand: the first command of the READ ME with the master at its prompt; the second needs a newer age, and is ours here; the others.
    const commands = said.match(/age -d .+?(?= {2}|$)/g)!.map((command) => command.trim());
    const joined = Buffer.from(joinCards(cards.map(readCard))).toString('hex');
    execFileSync('python3', ['-c', PTY, joined, 'age', '-d', '-o', 'set.key', 'keys/keeper-set.age'], {
      cwd: at,
    });
    expect(commands[0]).toBe('age -d -o set.key keys/keeper-set.age');
    expect(commands[1]).toBe('age -d -i set.key -o letter.key keys/keepers.age');
    const opened = /^AGE-SECRET-KEY-PQ-1\w+$/m.exec(readFileSync(join(at, 'set.key'), 'utf8'))![0];
    const key = await openKeepersFile(opened, readFileSync(join(at, 'keys/keepers.age')));
    writeFileSync(join(at, 'letter.key'), key);
    const rest = commands.slice(2);
    expect(rest).toHaveLength(3);
    for (const command of rest) execFileSync('sh', ['-c', command], { cwd: at, stdio: 'pipe' });
    expect(Buffer.compare(readFileSync(join(at, 'letter.eml')), eml)).toBe(0);
    expect(Buffer.compare(readFileSync(join(at, '002.jpg')), large)).toBe(0);
    expect(verify(at, eml)).toMatch(/^Good/);
    // Files that are not what their names say are packed nowhere.
    for (const wrong of [
      { file: set, set },
      { file, set: file },
      { file, set: new Uint8Array(3) },
    ]) {
      await expect(exportBlob({ ...base, key: { kind: 'keepers', ...wrong } })).rejects.toThrow();
    }
  });

  test.each(['words', 'clear'] as const)(
    'of a letter that waits for keepers at a house, under %s, says that the house is needed for their cards',
    async (kind) => {
      const file =
        kind === 'clear'
          ? keyFile
          : await sealWordsFile(words, keyFile, crypto.getRandomValues(new Uint8Array(48)));
      const told = async (more: Partial<LetterToExport>) =>
        readFileSync(join(await unpacked({ kind, file }, more), 'READ ME FIRST.txt'), 'utf8').replace(
          /\s+/g,
          ' ',
        );
      expect(await told({ keepersElsewhere: true })).toContain(
        'the house is needed for that as well, and without it the cards open nothing. They do not open this folder.',
      );
      expect(await told({})).not.toContain('CARDS OF KEEPERS');
    },
  );

  test('has the sums of its files in about.json, and the letter in open-me.html', async () => {
    const at = await unpacked({ kind: 'clear', file: keyFile });
    const about = JSON.parse(readFileSync(join(at, 'about.json'), 'utf8')) as {
      format: string;
      files: { name: string; size: number; sha256: string }[];
    };
    expect(about.format).toBe('unsaid export 1');
    expect(about.files.map(({ name }) => name).sort()).toEqual([
      'keys/letter.key',
      'letter.age',
      'media/002.age',
      'signatures/letter.sig.age',
    ]);
    for (const { name, size, sha256 } of about.files) {
      const bytes = readFileSync(join(at, name));
      expect([bytes.length, sha256Hex(bytes)]).toEqual([size, sha256]);
    }
    const page = readFileSync(join(at, 'open-me.html'), 'utf8');
    expect(page).toContain(Buffer.from(base.letterAge).toString('base64'));
  });

  test('leaves pictures beside the page when they are too large for it', async () => {
    const media = base.media.map((medium) => ({ ...medium, sealedSize: MAX_INSIDE_PAGE }));
    const at = await unpacked({ kind: 'clear', file: keyFile }, { media });
    expect(readFileSync(join(at, 'open-me.html'), 'utf8')).toContain('"outside":["002"]');
    expect(list(at)).toContain('media/002.age');
  });

  test('is refused without a key, and breaks off when a part cannot be fetched', async () => {
    await expect(exportBlob({ ...base, key: { kind: 'clear', file: new Uint8Array(3) } })).rejects.toThrow(
      'damaged',
    );
    const media = base.media.map((medium) => ({ ...medium, bytes: () => Promise.reject(new Error('away')) }));
    await expect(exportBlob({ ...base, media, key: { kind: 'clear', file: keyFile } })).rejects.toThrow();
  });
});

test.each([
  ['Mara', 'Mara', 'mara'],
  ['Mara Žižka', 'Mara Žižka', 'mara-zizka'],
  ['../../etc/passwd', 'etc passwd', 'etc-passwd'],
  ['..\\C:\\x', 'C x', 'c-x'],
  ['CON', 'CON_', 'words'],
  ['aux.txt', 'aux.txt_', 'aux-txt'],
  ['山田 花子', '山田 花子', 'words'],
  ['مارا', 'مارا', 'words'],
  ['a\u202eb\u0000c\nd', 'a b c d', 'a-b-c-d'],
  ['Mara. ', 'Mara', 'mara'],
  ['letter', 'letter', 'words'],
  ['Keepers', 'Keepers', 'words'],
  ['Keeper set', 'Keeper set', 'words'],
  ['😀'.repeat(80), '😀'.repeat(30), 'words'],
  ['\ud800', '', 'words'],
  ['x'.repeat(200), 'x'.repeat(60), 'x'.repeat(40)],
  ['-rf', 'rf', 'rf'],
  ['$(reboot) `id`', '$(reboot) `id`', 'reboot-id'],
])('the name %j becomes the folder %j and the file %j', (name, inFolder, inFile) => {
  expect(folderName(name)).toBe(inFolder);
  expect(fileName(name, 'words')).toBe(inFile);
});

test('every sentence of the folder is there in both languages', () => {
  expect(sayIn('es', 'folder.name', { name: 'x' })).toBe('Para x');
  expect(sayIn('xx', 'folder.name', { name: 'x' })).toBe('For x');
  expect(() => sayIn('en', 'folder.nothing')).toThrow('no text');
});
