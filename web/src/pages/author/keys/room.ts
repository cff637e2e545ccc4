// The room with the keys: a module Worker that holds the account's identity for as long as the letters are open, and the
// hand that signs. It ends with the lock, and the memory with it. It makes no request and reads nothing but what it is
// asked.

import {
  accountOf,
  checkClaimWords,
  deriveClaim,
  deriveUnlock,
  joinCards,
  kitLines,
  kitText,
  kitToken,
  lockKeeperSet,
  makeAccount,
  makeCards,
  makeKeeperSet,
  makeUnlock,
  MASTER_BYTES,
  newClaimWords,
  openKeepersFile,
  openKeeperSet,
  openMedia,
  openPassphraseFile,
  openReply,
  openSealed,
  openVault,
  openWrap,
  proveSealed,
  readCard,
  SALT_BYTES,
  SealError,
  sealKeepersFile,
  sealLetter,
  sealVault,
  sealWordsFile,
  stopToken,
  wordsWrap,
  type Kept,
  type Written,
} from '../../../seal';
import { chosenHand, handOf, parseVault, SELF, VaultUnknown, vaultText, withHand, type Hand } from '../vault';
import { makeHand, publicOf, seedOf, signedBy } from './hand';
import type { LetterToSeal } from './kinds';
import { readTypedKit } from './misread';
import type { Ask, Asked, AskedName, Refusal, Told } from './questions';

class Locked extends Error {}

class KitMisread extends Error {
  constructor(readonly group: number) {
    super('kit-group');
  }
}

/** Set by `enter`, `enter-kit` or `make-account`; never in an answer. */
let identity: string | null = null;
/** What the words that were tried last would open the file with. */
let filePassphrase: string | null = null;
/** The kit that was tried last. */
let triedKit: string | null = null;
/** What signs, and what answers are opened with; never in an answer. */
let hand: Hand | null = null;

function held(): string {
  if (identity === null) throw new Locked();
  return identity;
}

const publicHand = () => (hand === null ? null : publicOf(hand));

const answers: { [N in AskedName]: (ask: Asked[N]['ask']) => Promise<Asked[N]['answer']> } = {
  'make-account': async (place) => {
    const account = await makeAccount();
    const chance = crypto.getRandomValues(new Uint8Array(9));
    const unlock = await makeUnlock(account.identity, { ...place, number: 1 }, chance);
    identity = account.identity;
    hand = null;
    return {
      words: unlock.words,
      recipient: account.recipient,
      unlockToken: unlock.token,
      unlockFile: unlock.wrap,
    };
  },
  'try-words': async ({ words, salt }) => {
    const secrets = deriveUnlock(words, salt);
    filePassphrase = secrets.filePassphrase;
    return { token: secrets.token };
  },
  enter: async ({ file, recipient }) => {
    if (filePassphrase === null) throw new Locked();
    const account = await openPassphraseFile(file, filePassphrase);
    // A house that gives out another account's file would have everything sealed to that account.
    if (account.recipient !== recipient) throw new SealError('words-wrong', 'the file of another account');
    enterAs(account.identity);
    filePassphrase = null;
    return null;
  },
  'try-kit': async ({ kit }) => {
    const read = readTypedKit(kit);
    if ('group' in read) throw new KitMisread(read.group);
    triedKit = read.identity;
    return { token: kitToken(read.identity) };
  },
  'enter-kit': async ({ recipient }) => {
    if (triedKit === null) throw new Locked();
    const account = await accountOf(triedKit);
    if (account.recipient !== recipient) throw new SealError('wrong-key', 'the kit of another account');
    enterAs(account.identity);
    triedKit = null;
    return null;
  },
  'kit-token': async () => ({ token: kitToken(held()) }),
  'new-words': async (place) => {
    const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
    const chance = crypto.getRandomValues(new Uint8Array(9));
    const unlock = await makeUnlock(held(), { ...place, salt }, chance);
    return { words: unlock.words, salt, unlockToken: unlock.token, unlockFile: unlock.wrap };
  },
  kit: async ({ house, date }) => ({ lines: kitLines(held()), text: kitText(held(), house, date) }),
  'open-vault': async ({ file }) => {
    const records = new Map(parseVault(new TextDecoder().decode(await openVault(held(), file))));
    const self = records.get(SELF);
    hand = chosenHand(hand, handOf(self));
    if (self) records.set(SELF, withHand(self, null));
    return { text: vaultText(records), hand: handOf(self) === null ? null : publicHand() };
  },
  'close-vault': async ({ text, recipient }) => {
    const records = new Map(parseVault(text));
    const self = records.get(SELF);
    if (self) records.set(SELF, withHand(self, hand));
    const file = await sealVault(recipient, new TextEncoder().encode(vaultText(records)));
    return { file, hand: self ? publicHand() : null };
  },
  'close-draft': async ({ bytes, recipient }) => ({ file: await sealVault(recipient, bytes) }),
  'open-draft': async ({ file }) => ({ bytes: await openVault(held(), file) }),
  'make-hand': async () => {
    held();
    hand ??= await makeHand();
    return null;
  },
  'make-card': async () => ({ words: newClaimWords(crypto.getRandomValues(new Uint8Array(10))) }),
  'make-keeper-cards': async ({ needed, of, identity }) => {
    held();
    const set = identity === null ? await makeKeeperSet() : await accountOf(identity);
    const master = chance(MASTER_BYTES);
    return { ...set, cards: makeCards(master, needed, of, chance) };
  },
  'lock-keeper-set': async ({ identity, cards }) => {
    const file = await lockKeeperSet(identity, joinCards(cards.map(readCard)), chance(48));
    await proveSet(identity, cards, file);
    return { file };
  },
  'prove-keeper-set': async ({ identity, cards, file }) => {
    await proveSet(identity, cards, file);
    return null;
  },
  'export-keepers': async ({ authorWrap, identity, recipient, cards }) => {
    const key = await sealKeepersFile(recipient, await openWrap(held(), authorWrap));
    await openKeepersFile(identity, key);
    return { key, set: await lockKeeperSet(identity, joinCards(cards.map(readCard)), chance(48)) };
  },
  'card-token': async ({ words }) => deriveClaim(words),
  'stop-token': async ({ words }) => ({ token: stopToken(words) }),
  'wrap-again': async ({ authorWrap, words, hostRecipient, ...name }) => {
    const key = await openWrap(held(), authorWrap);
    return { wrap: await wordsWrap(name, { words, hostRecipient }, key) };
  },
  seal: async (letter) => {
    const seed = seedOf(signing());
    const { authorRecipient } = letter;
    return sealLetter({ ...writtenOf(letter), authorRecipient, kept: keptOf(letter), seed });
  },
  prove: async ({ written, ...proof }) => {
    const seed = seedOf(signing());
    await proveSealed({ ...proof, written: writtenOf(written), seed, identity: held() });
    return null;
  },
  read: async ({ authorWrap, letterAge, sigAge, expected }) => {
    const opened = await openSealed(held(), authorWrap, { letterAge, sigAge }, expected);
    return { ...opened.letter, signedBy: signedBy(opened, hand) };
  },
  'read-part': async ({ authorWrap, part, medium }) => ({
    bytes: openMedia(await openWrap(held(), authorWrap), part, medium),
  }),
  'read-reply': async ({ file, ...expected }) => openReply(signing().inbox, file, expected),
  'export-key': async ({ authorWrap, words }) => {
    const key = await openWrap(held(), authorWrap);
    if (words === null) return { kind: 'clear', file: key };
    const chance = crypto.getRandomValues(new Uint8Array(48));
    return { kind: 'words', file: await sealWordsFile(checkClaimWords(words), key, chance) };
  },
};

const chance = (length: number) => crypto.getRandomValues(new Uint8Array(length));

/** As many cards as are needed open the file: the first of them as well as the last. */
async function proveSet(identity: string, cards: readonly string[], file: Uint8Array): Promise<void> {
  const read = cards.map(readCard);
  const needed = read[0]?.needed ?? 0;
  for (const some of [read.slice(0, needed), read.slice(-needed)]) {
    if ((await openKeeperSet(file, joinCards(some))) !== identity) {
      throw new SealError('proof-failed', 'the cards open another set');
    }
  }
}

function signing(): Hand {
  held();
  if (hand === null) throw new Locked();
  return hand;
}

/** The letter with the place for answers, which only the room knows to be hers. */
function writtenOf(letter: LetterToSeal): Written {
  const { letterId, version, from, to, date, text, html, pictures } = letter;
  const replyTo = signing().inboxRecipient;
  return { letterId, version, from, to, date, text, html, replyTo, ...(pictures ? { pictures } : {}) };
}

function keptOf({ kept, words, set, hostRecipient }: LetterToSeal): Kept | null {
  if (kept === 'author') return null;
  if (hostRecipient === null) throw new SealError('bad-input', 'a letter that is delivered needs a house');
  if (kept === 'house') return { kind: 'house', hostRecipient };
  if (kept === 'keepers') {
    if (set === null) throw new SealError('bad-input', 'a way by keepers needs their set');
    return { kind: 'keepers', hostRecipient, set };
  }
  if (words === null) throw new SealError('bad-input', 'a way by words needs words');
  return { kind: 'words', hostRecipient, words };
}

function enterAs(who: string): void {
  // Another account's hand must sign nothing here.
  if (identity !== who) hand = null;
  identity = who;
}

function refusal(error: unknown): Refusal {
  if (error instanceof Locked) return { code: 'locked', index: undefined };
  if (error instanceof KitMisread) return { code: 'kit-group', index: error.group };
  if (error instanceof VaultUnknown) return { code: `vault-${error.why}`, index: undefined };
  if (error instanceof SealError) return { code: error.code, index: error.index };
  return { code: 'broken', index: undefined };
}

async function answer({ id, name, ask }: Ask): Promise<Told> {
  try {
    const answerer = answers[name] as (ask: unknown) => Promise<Asked[AskedName]['answer']>;
    return { id, ok: true, answer: await answerer(ask) };
  } catch (error) {
    return { id, ok: false, refusal: refusal(error) };
  }
}

/** The two members of a worker's scope that are used: this program is checked with the page's types. */
const scope = globalThis as unknown as {
  onmessage: ((event: { readonly data: Ask }) => void) | null;
  postMessage(told: Told): void;
};

scope.onmessage = ({ data }) => {
  void answer(data).then((told) => scope.postMessage(told));
};
