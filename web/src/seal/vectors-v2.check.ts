// Opens every frozen case of vectors/v2 and says what it checked; the same function runs in Node and in a real browser, as
// vectors.check.ts does for the first format. Shipped nowhere. How a file is read comes in as an argument.

import { fromHtml, toHtml } from './body';
import { fromUtf8, sameBytes, sha256Hex } from './bytes';
import { checkClaimWords, deriveClaim, newClaimWords, openWordsFile } from './claim';
import { SealError } from './errors';
import { openKeepersFile, openKeeperSet } from './keeper-set';
import { kitToken } from './kit';
import { composeLetter, extensionOf, parseLetter, type Medium, type Picture } from './letter';
import { manifestHash, type ManifestPart } from './manifest';
import { openFile, openLetter, openMedia } from './read';
import { placed, proveSealed } from './seal';
import { joinCards, readCard } from './slip39';
import { handOf, sign, verify } from './sshsig';
import type { ReadVector } from './vectors.check';
import { openWrap, unbind } from './wrap';

/** The letters of the second format, and the cards, by their folders. */
export const RICH = ['rust-rich', 'ts-rich'];
export const CARDS = ['rust-words', 'ts-words'];

export const KEEPERS = ['rust-keepers', 'ts-keepers'];
export const WITHOUT_HOUSE = ['rust-without-house', 'ts-without-house'];

/** Opens all of them; throws at the first that is not as its about.json says. `read` reads below vectors/. */
export async function openVectorsV2(read: ReadVector): Promise<string[]> {
  const said: string[] = [];
  for (const folder of RICH) said.push(await openRich(read, folder));
  for (const folder of CARDS) said.push(await openCards(read, folder));
  for (const folder of KEEPERS) said.push(await openKeepers(read, folder));
  for (const folder of WITHOUT_HOUSE) said.push(await openWithoutHouse(read, folder));
  said.push(...(await refuseCases(read)));
  return said;
}

interface AboutRich {
  letterId: string;
  version: number;
  from: string;
  to: string;
  unixSeconds: number;
  replyTo: string;
  pictures: Medium[];
  media: Medium[];
  words: string;
  signer: string;
  fingerprint: string;
  parts: ManifestPart[];
  manifestHash: string;
  emlSha256: string;
}

async function openRich(read: ReadVector, folder: string): Promise<string> {
  const file = (name: string) => read(`v2/${folder}/${name}`);
  const about = JSON.parse(fromUtf8(await file('about.json'))) as AboutRich;
  const { letterId, version, from, to, replyTo } = about;
  const [text, html] = [fromUtf8(await file('text.txt')), fromUtf8(await file('letter.html'))];
  const pictures: Picture[] = [];
  for (const { name, type, size, sha256 } of [...about.pictures, ...about.media]) {
    const bytes = await file(`plain/${name}.${extensionOf(type)}`);
    must(bytes.length === size && sha256Hex(bytes) === sha256, `the picture ${name} is the frozen one`);
    pictures.push({ name, type: type as Picture['type'], bytes });
  }
  const date = new Date(about.unixSeconds * 1000);
  const written = { letterId, version, from, to, date, text, html, replyTo, pictures };
  const eml = await file('letter.eml');
  must(sha256Hex(eml) === about.emlSha256, 'letter.eml is the frozen one');
  const beside = { pictures: pictures.slice(0, about.pictures.length), media: about.media };
  must(sameBytes(composeLetter({ ...written, ...beside }), eml), 'the letter composes to the same bytes');
  const letter = parseLetter(eml);
  must(letter.text === text && letter.html === html && letter.replyTo === replyTo, 'the letter reads back');
  must(letter.from === from && letter.to === to, 'the names read back');
  must(JSON.stringify(letter.media) === JSON.stringify(about.media.map(inOrder)), 'it names what lies beside it');
  for (const [i, { name, bytes }] of letter.pictures.entries()) {
    must(name === pictures[i]?.name && sameBytes(bytes, pictures[i]!.bytes), `the picture ${name} lies inside`);
  }
  must(fromHtml(html).length > 0, 'the HTML reads into the schema');

  const seed = fromHex(fromUtf8(await read('v2/keys/signing-seed.hex')).trim());
  const hand = handOf(seed);
  must(hand.line === about.signer && hand.fingerprint === about.fingerprint, 'it is the same hand');
  must(fromUtf8(await read('v2/keys/allowed_signers')).trim() === hand.allowedSigners, 'allowed_signers is hers');
  const signature = fromUtf8(await file('letter.eml.sig'));
  must(sign(seed, eml) === signature, 'signing again gives the same bytes');
  must(verify(signature, eml).line === hand.line, 'the signature is hers');

  const key = await file('letter.key');
  const files = { letterAge: await file('letter.age'), sigAge: await file('sig.age') };
  const opened = openLetter(key, files, about);
  must(opened.signature.state === 'signed' && opened.signature.hand.line === hand.line, 'the reader sees the hand');
  must(sameBytes(openFile(key, files.letterAge), eml), 'letter.age opens with its key');
  for (const medium of about.media) {
    const plain = openMedia(key, await file(`media/${medium.name}.age`), medium);
    must(sameBytes(plain, pictures.find(({ name }) => name === medium.name)!.bytes), 'what lies beside it opens');
  }

  const author = fromUtf8(await read('v1/keys/author.txt')).trim();
  const house = fromUtf8(await read('v1/keys/house.txt')).trim();
  const authorWrap = await file('wraps/author.age');
  must(sameBytes(await openWrap(author, authorWrap), key), 'author.age holds the key');
  const place = { id: letterId, version } as const;
  const peeled = unbind(await openWrap(house, await file('wraps/host.age')), { ...place, kind: 'host' });
  must(sameBytes(peeled, key), 'under the house’s layer lies the same key');
  const wordsFile = unbind(await openWrap(house, await file('wraps/words.age')), { ...place, kind: 'words' });
  must(sameBytes(wordsFile, await file('words.age')), 'under the layer of the words’ wrap lies the same file');
  const canonical = checkClaimWords(about.words.toUpperCase());
  must(sameBytes(await openWordsFile(canonical, wordsFile), key), 'the words lead to the same key');

  must(manifestHash(about.parts) === about.manifestHash, 'the manifest hashes to the frozen value');
  const parts: { name: string; bytes: Uint8Array }[] = [];
  for (const { name } of about.parts) parts.push({ name, bytes: await file(name) });
  // A letter whose pictures lie elsewhere than a page would put them is no less a letter; ours is proved as a page proves it.
  const ours = toHtml(fromHtml(html), { lang: 'en' }) === html;
  if (ours && placed(written).pictures!.length === about.pictures.length) {
    await proveSealed({ identity: author, written, seed, manifestHash: about.manifestHash, parts, authorWrap });
    return `${folder}: opened and proved`;
  }
  return `${folder}: opened`;
}

const inOrder = ({ name, type, size, sha256 }: Medium): Medium => ({ name, type, size, sha256 });

interface AboutCards {
  cards: { random: string; words: string; token: string }[];
  typed: { typed: string; words: string }[];
  wrong: { typed: string; code: string; index: number | null }[];
  kit: { identity: string; token: string };
}

async function openCards(read: ReadVector, folder: string): Promise<string> {
  const about = JSON.parse(fromUtf8(await read(`v2/${folder}/about.json`))) as AboutCards;
  for (const { random, words, token } of about.cards) {
    must(newClaimWords(fromHex(random)) === words, 'the random bytes are these words');
    must((await deriveClaim(checkClaimWords(words))).token === token, 'the words give the token');
  }
  for (const { typed, words } of about.typed) must(checkClaimWords(typed) === words, `${typed} is read`);
  for (const { typed, code, index } of about.wrong) {
    const outcome = refusalOf(() => checkClaimWords(typed));
    // For 'word-count' our index is how many were typed, which the file leaves open.
    const place = code === 'word-count' ? null : (outcome.index ?? null);
    must(outcome.code === code && place === index, `${typed} is refused: ${outcome.code} ${outcome.index}`);
  }
  must(kitToken(about.kit.identity) === about.kit.token, 'the kit gives the token');
  return `${folder}: opened`;
}

interface AboutKeepers {
  letterId: string;
  version: number;
  needed: number;
  master: string;
  cards: string[];
  newerMaster: string;
  newerCards: string[];
  identity: string;
}

async function openKeepers(read: ReadVector, folder: string): Promise<string> {
  const file = (name: string) => read(`v2/${folder}/${name}`);
  const about = JSON.parse(fromUtf8(await file('about.json'))) as AboutKeepers;
  const house = fromUtf8(await read('v1/keys/house.txt')).trim();
  const binding = { id: about.letterId, version: about.version, kind: 'keepers' } as const;
  const inner = unbind(await openWrap(house, await file('wraps/keepers.age')), binding);
  must(sameBytes(inner, await file('keepers.age')), 'under the layer of the keepers’ wrap lies the same file');
  const key = await file('letter.key');
  for (const [cards, master, locked, other] of [
    [about.cards, about.master, 'keeper-set.age', 'newer-set.age'],
    [about.newerCards, about.newerMaster, 'newer-set.age', 'keeper-set.age'],
  ] as const) {
    const needed = readCard(cards[0]!).needed;
    for (const some of [cards.slice(0, needed), cards.slice(-needed)]) {
      const joined = joinCards(some.map(readCard));
      must(sameBytes(joined, fromHex(master)), 'the cards give the master');
      const set = await openKeeperSet(await file(locked), joined);
      must(set === about.identity, 'the master opens the set');
      must(sameBytes(await openKeepersFile(set, inner), key), 'the set opens the key');
      const refused = await openKeeperSet(await file(other), joined).then(
        () => 'opened',
        (error: unknown) => (error instanceof SealError ? error.code : String(error)),
      );
      must(refused === 'cards-other', `the master of other cards is refused: ${refused}`);
    }
  }
  return `${folder}: opened`;
}

/** The folder that all keepers open together: nothing of a house is on it, and no card can be spared. */
async function openWithoutHouse(read: ReadVector, folder: string): Promise<string> {
  const file = (name: string) => read(`v2/${folder}/${name}`);
  const about = JSON.parse(fromUtf8(await file('about.json'))) as AboutKeepers;
  const cards = about.cards.map(readCard);
  must(cards[0]?.needed === cards.length, 'all of them are needed');
  must(refusalOf(() => joinCards(cards.slice(1))).code === 'cards-too-few', 'one less is too few');
  const master = joinCards(cards);
  must(sameBytes(master, fromHex(about.master)), 'the cards give the master');
  const set = await openKeeperSet(await file('folder/keys/keeper-set.age'), master);
  const key = await openKeepersFile(set, await file('folder/keys/keepers.age'));
  const files = { letterAge: await file('folder/letter.age'), sigAge: null };
  const { letter } = openLetter(key, files, about);
  const composed = composeLetter({ ...letter, letterId: about.letterId, version: about.version });
  must(sameBytes(composed, await file('letter.eml')), 'the letter is the one that was sealed');
  return `${folder}: opened`;
}

function refusalOf(what: () => unknown): { code: string; index: number | undefined } {
  try {
    what();
  } catch (error) {
    if (error instanceof SealError) return { code: error.code, index: error.index };
    throw error;
  }
  return { code: 'opened', index: undefined };
}

interface AboutRefused {
  file: string;
  what: 'wrap' | 'words' | 'signature' | 'media';
  expect: string;
  letterId: string;
  version: number;
  kind: 'host' | 'words';
  words: string;
  letter: string;
  signer: string;
  key: string;
  name: string;
}

async function refuseCases(read: ReadVector): Promise<string[]> {
  const cases = JSON.parse(fromUtf8(await read('v2/refused/about.json'))) as AboutRefused[];
  must(cases.length >= 15, 'the refused cases are all there');
  const house = fromUtf8(await read('v1/keys/house.txt')).trim();
  const said: string[] = [];
  for (const one of cases) {
    const bytes = await read(`v2/refused/${one.file}`);
    const open = async (): Promise<unknown> => {
      if (one.what === 'wrap') {
        const binding = { id: one.letterId, version: one.version, kind: one.kind };
        return unbind(await openWrap(house, bytes), binding);
      }
      if (one.what === 'words') return openWordsFile(checkClaimWords(one.words), bytes);
      if (one.what === 'signature') {
        const hand = verify(fromUtf8(bytes), await read(`v2/${one.letter}`));
        if (hand.line !== one.signer) throw new SealError('bad-signature', 'another hand');
        return hand;
      }
      const key = await read(`v2/${one.key}`);
      const letter = parseLetter(openFile(key, await read(`v2/${one.letter}`)));
      return openMedia(key, bytes, letter.media.find(({ name }) => name === one.name)!);
    };
    const outcome = await open().then(
      () => 'opened',
      (error: unknown) => (error instanceof SealError ? error.code : String(error)),
    );
    // For the words of another card this half has a reason of its own, so that a page can say it.
    const same = outcome === one.expect || (one.what === 'words' && `${one.expect} ${outcome}` === 'wrong-key words-wrong');
    must(same, `refused/${one.file} should be refused as ${one.expect}, and was: ${outcome}`);
    said.push(`v2/refused/${one.file}: ${outcome}`);
  }
  return said;
}

const fromHex = (digits: string): Uint8Array =>
  Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`a frozen vector disagrees: ${what}`);
}
