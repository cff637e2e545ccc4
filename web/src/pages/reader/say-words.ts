// How a sentence of a page without a framework is said: in the language in which the page is written, with its places filled in. It holds no
// sentence itself: each page brings its own.

type Words = Readonly<Record<string, Readonly<Record<string, string | undefined>>>>;
export type Say = (key: string, params?: Readonly<Record<string, string | number>>) => string;

/** The language of these words in which the page speaks. */
export const languageOf = (words: Words): string => {
  const tag = document.documentElement.lang.toLowerCase().split('-')[0] ?? 'en';
  return tag in words ? tag : 'en';
};

/** How a sentence of these words is said: with its {placeholders} filled in. Empty when there is none, which a test excludes. */
export const sayFrom =
  (from: Words): Say =>
  (key, params = {}) => {
    const text = from[languageOf(from)]?.[key] ?? from['en']?.[key] ?? '';
    return text.replace(/\{([a-z]+)\}/g, (whole, name: string) => String(params[name] ?? whole));
  };
