// What only a card needs: the word list, the field, the slow room. Fetched when a page asks for words and never for another
// letter, so that those are readable soon on an old telephone.

import { fromBase64NoPad, type Bytes } from '../../seal/bytes';
import { SealError } from '../../seal/errors';
import { post } from '../../api/request';
import { say } from './say';
import { keyUnder, tokenOf } from './slow';
import { newWordsForm, useWordsForm } from './words-form';

interface GivenWords {
  wordsFile: string;
  letter: string;
  version: number;
}

/** Asks for the words of this letter's card until they are right; gives its key. */
export function keyByWords(
  article: HTMLElement,
  place: HTMLElement,
  wordsUrl: string,
  why: (error: unknown) => string,
): Promise<Uint8Array> {
  const there = article.querySelector('form');
  const form = there ?? newWordsForm(say('person.script.words-open'));
  if (!there) place.replaceChildren(form);
  return new Promise((resolve) => {
    useWordsForm(
      form,
      async (words, told) => {
        const token = await tokenOf(words, (done) => told(done / 2));
        const given = await post<GivenWords>(wordsUrl, { token });
        const file = fromBase64url(given.wordsFile);
        const key = await keyUnder(words, file, (done) => told(0.5 + done / 2));
        form.remove();
        resolve(key);
      },
      why,
    );
  });
}

/** The page for whoever has a card: looks whether anything waits for it. */
export function lookByWords(form: HTMLFormElement, why: (error: unknown) => string): void {
  useWordsForm(
    form,
    async (words, told) => {
      const token = await tokenOf(words, told);
      await post(form.dataset['claimUrl'] ?? '/api/claim', { token });
      location.assign('/waiting');
    },
    why,
  );
}

function fromBase64url(text: string): Bytes {
  const bytes = fromBase64NoPad(text.replaceAll('-', '+').replaceAll('_', '/'));
  if (!bytes) throw new SealError('damaged', 'not base64url');
  return bytes;
}
