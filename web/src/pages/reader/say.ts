// The sentences of the person's page and of open-me.html, in the language in which the page is written. It carries the few that
// are said there, not those of the author's half.

import words from 'virtual:words-of-the-reader';
import { languageOf, sayFrom, type Say } from './say-words';

export { sayFrom, type Say };

export const say: Say = sayFrom(words);

/** Where dates and numbers are written as the page's language writes them. */
export const locale = (): string => (languageOf(words) === 'en' ? 'en-GB' : languageOf(words));
