// What only a card needs: the word list, the field, the slow room. Fetched when a page asks for words and never for another
// letter, so that those are readable soon on an old telephone.

import { fromBase64NoPad, type Bytes } from '../../seal/bytes';
import { SealError } from '../../seal/errors';
import { post } from '../../api/request';
import { locale, say } from './say';
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

/** That something is there. */
interface Found {
  /** Its time has not come. */
  early: boolean;
  /** `YYYY-MM-DD`, where its author allowed it to be said. */
  day: string | null;
}

/** The page for whoever has a card: looks whether anything waits for it. */
export function lookByWords(form: HTMLFormElement, why: (error: unknown) => string): void {
  const soon = document.createElement('p');
  soon.className = 'notice notice--wait';
  soon.setAttribute('role', 'status');
  soon.hidden = true;
  form.after(soon);
  useWordsForm(
    form,
    async (words, told) => {
      soon.hidden = true;
      const token = await tokenOf(words, told);
      const found = await post<Found>(form.dataset['claimUrl'] ?? '/api/claim', { token });
      if (!found.early) return location.assign('/waiting');
      soon.textContent =
        found.day === null
          ? say('person.script.words-early')
          : say('person.script.words-early-day', { day: fullDay(found.day) });
      soon.hidden = false;
    },
    why,
  );
}

/** '4 May 2036'. */
const fullDay = (day: string): string =>
  new Intl.DateTimeFormat(locale(), { dateStyle: 'long', timeZone: 'UTC' }).format(
    new Date(`${day}T12:00:00Z`),
  );

function fromBase64url(text: string): Bytes {
  const bytes = fromBase64NoPad(text.replaceAll('-', '+').replaceAll('_', '/'));
  if (!bytes) throw new SealError('damaged', 'not base64url');
  return bytes;
}
