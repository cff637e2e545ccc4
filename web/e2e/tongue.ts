// The walk in another language: what the stories call by its English words is called by the words of that language, found in web/src/words by the
// English text. UNSAID_LANGUAGE=es makes pictures in Spanish. It knows no pages.

import english from '../src/words/en.json' with { type: 'json' };
import spanish from '../src/words/es.json' with { type: 'json' };

export const tongue: 'en' | 'es' = process.env['UNSAID_LANGUAGE'] === 'es' ? 'es' : 'en';

const texts: Readonly<Record<string, string>> = english;
const others: Readonly<Record<string, string>> = spanish;

const plain = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** What stands for an English text, `null` for what is no text of ours. Where two keys share a text, either may stand. */
function found(text: string): string | null {
  const keys = Object.keys(texts).filter((key) => texts[key] === text);
  if (keys.length === 0) return null;
  return [...new Set(keys.map((key) => plain(others[key] ?? text)))].join('|');
}

/** A name for `getByRole`, whole. */
export function called(name: string): string | RegExp {
  if (tongue === 'en') return name;
  const words = found(name);
  return words === null ? name : new RegExp(`^\\s*(${words})\\s*$`);
}

/** A piece of text for `getByText`; `within` when it is only the beginning of a text of ours. */
export function saying(text: string): string | RegExp {
  if (tongue === 'en') return text;
  const words = found(text);
  if (words !== null) return new RegExp(words);
  // Only a part, or with something filled in: whatever has those words, up to what is filled in.
  const shape = (own: string) =>
    own
      .split(/\{\w+\}/)
      .map(plain)
      .join('.+');
  const keys = Object.keys(texts).filter(
    // A pattern of hardly more than commas would fit anything.
    (key) =>
      texts[key]!.startsWith(text) ||
      (texts[key]!.replace(/\{\w+\}/g, '').length > 8 && new RegExp(`^${shape(texts[key]!)}$`).test(text)),
  );
  return keys.length === 0
    ? text
    : new RegExp(
        keys
          .map((key) =>
            (others[key] ?? text)
              .split(/\{\w+\}/)
              .map(plain)
              .join('.+'),
          )
          .join('|'),
      );
}
