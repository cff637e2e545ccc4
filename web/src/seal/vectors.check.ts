// Opens every frozen case of vectors/v1 and says what it checked; the same function runs in Node and in a
// real browser, so that neither can pass by a path of its own. Shipped nowhere. How a file is read comes
// in as an argument.

import { fromUtf8, hex, sameBytes, sha256Hex } from './bytes';
import { SealError } from './errors';
import { composeLetter, parseLetter } from './letter';
import { manifestHash, type ManifestPart } from './manifest';
import { openFile, readLetter } from './read';
import { openSealed, proveSealed } from './seal';
import { deriveUnlock, openPassphraseFile } from './unlock';
import { openWrap, unbind } from './wrap';

/** The letters that are frozen, by their folders. */
export const LETTERS = ['rust-short', 'rust-long', 'ts-short', 'ts-long'];
/** The unlock files that are frozen. */
export const UNLOCKS = ['rust-unlock', 'ts-unlock'];

/** Reads one file below vectors/v1. */
export type ReadVector = (path: string) => Promise<Uint8Array>;

/** Opens all of them; throws at the first that is not as its about.json says. Gives one line for each check. */
export async function openVectors(read: ReadVector): Promise<string[]> {
  const said: string[] = [];
  for (const folder of LETTERS) said.push(await openLetterCase(read, folder));
  for (const folder of UNLOCKS) said.push(await openUnlockCase(read, folder));
  said.push(...(await refuseCases(read)));
  return said;
}

interface AboutLetter {
  letterId: string;
  version: number;
  from: string;
  to: string;
  unixSeconds: number;
  parts: ManifestPart[];
  manifestHash: string;
  emlSha256: string;
}

async function openLetterCase(read: ReadVector, folder: string): Promise<string> {
  const file = (name: string) => read(`${folder}/${name}`);
  const about = (await json(read, `${folder}/about.json`)) as AboutLetter;
  const { letterId, version, from, to } = about;
  const text = fromUtf8(await file('text.txt'));
  const written = { letterId, version, from, to, text, date: new Date(about.unixSeconds * 1000) };
  const [eml, letterAge, key] = [
    await file('letter.eml'),
    await file('letter.age'),
    await file('letter.key'),
  ];
  const author = await line(read, 'keys/author.txt');
  const house = await line(read, 'keys/house.txt');

  must(sha256Hex(eml) === about.emlSha256, 'letter.eml is the frozen one');
  must(sameBytes(composeLetter(written), eml), 'the letter composes to the same bytes');
  must(parseLetter(eml).text === text, 'the letter reads back');
  must(sameBytes(openFile(key, letterAge), eml), 'letter.age opens with its key');
  must(manifestHash(about.parts) === about.manifestHash, 'the manifest hashes to the frozen value');

  const authorWrap = await file('wraps/author.age');
  const files = { letterAge, sigAge: null };
  const opened = (await openSealed(author, authorWrap, files, written)).letter;
  must(opened.text === text && opened.from === from && opened.to === to, 'the author reads what she wrote');
  const under = await openWrap(house, await file('wraps/host.age'));
  const peeled = unbind(under, { id: letterId, version, kind: 'host' });
  must(sameBytes(peeled, key), 'under the house’s layer lies the same key');
  must(readLetter(peeled, letterAge, written).text === text, 'the reader reads what she wrote');
  const parts = [{ name: 'letter.age', bytes: letterAge }];
  await proveSealed({ identity: author, written, seed: null, manifestHash: about.manifestHash, parts, authorWrap });
  return `${folder}: opened`;
}

interface AboutUnlock {
  accountId: string;
  number: number;
  salt: string;
  words: string;
  token: string;
  filePassphrase: string;
}

async function openUnlockCase(read: ReadVector, folder: string): Promise<string> {
  const about = (await json(read, `${folder}/about.json`)) as AboutUnlock;
  const salt = Uint8Array.from(about.salt.match(/../g) ?? [], (digits) => parseInt(digits, 16));
  must(hex(salt) === about.salt, 'the salt is hexadecimal');
  const { token, filePassphrase } = deriveUnlock(about.words.toUpperCase(), salt);
  must(token === about.token, 'the words give the token');
  must(filePassphrase === about.filePassphrase, 'the words give the passphrase of the file');
  const under = await openWrap(await line(read, 'keys/house.txt'), await read(`${folder}/wraps/unlock.age`));
  const file = unbind(under, { id: about.accountId, version: about.number, kind: 'unlock' });
  must(sameBytes(file, await read(`${folder}/passphrase.age`)), 'under the house’s layer lies the same file');
  const account = await openPassphraseFile(file, filePassphrase);
  must(account.identity === (await line(read, 'keys/author.txt')), 'the words lead to the account');
  must(account.recipient === (await line(read, 'keys/author.pub')), 'and to its public half');
  return `${folder}: opened`;
}

interface AboutRefused {
  file: string;
  what: 'wrap' | 'letter';
  key?: string;
  letterId: string;
  version: number;
  kind?: 'host' | 'words' | 'keepers' | 'unlock';
  expect: string;
}

async function refuseCases(read: ReadVector): Promise<string[]> {
  const cases = (await json(read, 'refused/about.json')) as AboutRefused[];
  must(cases.length >= 13, 'the refused cases are all there');
  const house = await line(read, 'keys/house.txt');
  const said: string[] = [];
  for (const { file, what, key, letterId, version, kind, expect } of cases) {
    const bytes = await read(`refused/${file}`);
    const open = async () => {
      if (what === 'letter') return readLetter(await read(key!), bytes, { letterId, version });
      return unbind(await openWrap(house, bytes), { id: letterId, version, kind: kind! });
    };
    const outcome = await open().then(
      () => 'opened',
      (error: unknown) => (error instanceof SealError ? error.code : String(error)),
    );
    must(outcome === expect, `refused/${file} should be refused as ${expect}, and was: ${outcome}`);
    said.push(`refused/${file}: ${outcome}`);
  }
  return said;
}

async function json(read: ReadVector, path: string): Promise<unknown> {
  return JSON.parse(fromUtf8(await read(path)));
}

async function line(read: ReadVector, path: string): Promise<string> {
  return fromUtf8(await read(path)).trim();
}

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`a frozen vector disagrees: ${what}`);
}

/** For a check that can fail: the same, over bytes of which one is changed. */
export function spoiled(read: ReadVector, path: string): ReadVector {
  return async (asked) => {
    const bytes = Uint8Array.from(await read(asked));
    if (asked === path) bytes[bytes.length >> 1]! ^= 1;
    return bytes;
  };
}
