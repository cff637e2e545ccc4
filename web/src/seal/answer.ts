// Answers one question of messages.ts. The worker is a thin shell around it, so that tests need none.

import { accountOf, makeAccount } from './account';
import { SealError } from './errors';
import { readKit } from './kit';
import type { Answer, Question, QuestionName, Questions } from './messages';
import { openSealed, proveSealed, sealLetter } from './seal';
import { deriveUnlock, makeUnlock, openPassphraseFile } from './unlock';

/** `count` bytes of chance. */
export type Chance = (count: number) => Uint8Array;

type Answerer = {
  [N in QuestionName]: (ask: Questions[N]['ask'], chance: Chance) => Promise<Questions[N]['answer']>;
};

const ANSWERS: Answerer = {
  'derive-unlock': async ({ words, salt }) => deriveUnlock(words, salt),
  'make-account': async (place, chance) => {
    const account = await makeAccount();
    return { account, unlock: await makeUnlock(account.identity, place, chance(9)) };
  },
  'make-unlock': async ({ identity, place }, chance) => makeUnlock(identity, place, chance(9)),
  'open-account': async ({ passphraseFile, filePassphrase }) =>
    openPassphraseFile(passphraseFile, filePassphrase),
  'read-kit': async ({ text }) => accountOf(readKit(text)),
  seal: async (letter) => sealLetter(letter),
  open: async ({ identity, authorWrap, letterAge, expected }) =>
    openSealed(identity, authorWrap, letterAge, expected),
  prove: async (proof) => proveSealed(proof),
};

/** Never throws: what goes wrong becomes a refusal. */
export async function answer(question: Question, chance: Chance): Promise<Answer> {
  const { id, name, ask } = question;
  try {
    const answerer = ANSWERS[name] as (ask: unknown, chance: Chance) => Promise<unknown>;
    return { id, name, ok: true, answer: await answerer(ask, chance) } as Answer;
  } catch (error) {
    if (!(error instanceof SealError)) return { id, name, ok: false, refusal: { code: 'broken' } };
    const { code, index } = error;
    return { id, name, ok: false, refusal: index === undefined ? { code } : { code, index } };
  }
}
