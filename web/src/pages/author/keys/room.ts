// The room with the keys: a module Worker that holds the account's identity for as long as the letters are open. It ends
// with the lock, and the memory with it. It makes no request and reads nothing but what it is asked.

import {
  deriveUnlock,
  kitLines,
  kitText,
  makeAccount,
  makeUnlock,
  openPassphraseFile,
  openSealed,
  openVault,
  proveSealed,
  SealError,
  sealLetter,
  sealVault,
} from '../../../seal';
import type { Ask, Asked, AskedName, Refusal, Told } from './questions';

class Locked extends Error {}

/** Set by `enter` or `make-account`; never in an answer. */
let identity: string | null = null;
/** What the words that were tried last would open the file with. */
let filePassphrase: string | null = null;

function held(): string {
  if (identity === null) throw new Locked();
  return identity;
}

const answers: { [N in AskedName]: (ask: Asked[N]['ask']) => Promise<Asked[N]['answer']> } = {
  'make-account': async (place) => {
    const account = await makeAccount();
    const chance = crypto.getRandomValues(new Uint8Array(9));
    const unlock = await makeUnlock(account.identity, { ...place, number: 1 }, chance);
    identity = account.identity;
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
    identity = account.identity;
    filePassphrase = null;
    return null;
  },
  kit: async ({ house, date }) => ({ lines: kitLines(held()), text: kitText(held(), house, date) }),
  'open-vault': async ({ file }) => ({ text: new TextDecoder().decode(await openVault(held(), file)) }),
  'close-vault': async ({ text, recipient }) => ({
    file: await sealVault(recipient, new TextEncoder().encode(text)),
  }),
  seal: (letter) => sealLetter(letter),
  prove: async (proof) => {
    await proveSealed({ ...proof, identity: held() });
    return null;
  },
  read: ({ authorWrap, letterAge, expected }) => openSealed(held(), authorWrap, letterAge, expected),
};

function refusal(error: unknown): Refusal {
  if (error instanceof Locked) return { code: 'locked', index: undefined };
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
