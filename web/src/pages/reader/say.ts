// The sentences of the person's page and of open-me.html, in the language in which the page is written. It carries the few that
// are said there, not those of the author's half.

import words from 'virtual:words-of-the-reader';

/** The language of ours in which the page speaks. */
const language = (): string => {
  const tag = document.documentElement.lang.toLowerCase().split('-')[0] ?? 'en';
  return tag in words ? tag : 'en';
};

type Words = typeof words;
export type Say = (key: string, params?: Readonly<Record<string, string | number>>) => string;

/** How a sentence of these words is said: with its {placeholders} filled in. Empty when there is none, which a test excludes. */
export const sayFrom =
  (from: Words): Say =>
  (key, params = {}) => {
    const text = from[language()]?.[key] ?? from['en']?.[key] ?? '';
    return text.replace(/\{([a-z]+)\}/g, (whole, name: string) => String(params[name] ?? whole));
  };

export const say: Say = sayFrom(words);

/** Where dates and numbers are written as the page's language writes them. */
export const locale = (): string => (language() === 'en' ? 'en-GB' : language());
