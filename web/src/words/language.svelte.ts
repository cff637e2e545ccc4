// In which language the pages speak. English is always here; another language comes as a piece of its own when it is
// wanted, and whatever is read from here is said anew on the page that stands open. It knows no sentence and no page.

import english from './en.json';

export const LANGUAGES = ['en', 'es'] as const;
export type Language = (typeof LANGUAGES)[number];

/** What each language calls itself: said the same whatever is spoken just now. */
export const OWN_NAMES: Readonly<Record<Language, string>> = { en: 'English', es: 'Español' };

/** The place whose dates and numbers a language is written with. */
const LOCALES: Readonly<Record<Language, string>> = { en: 'en-GB', es: 'es' };

/** Languages that are written from right to left, for the day on which one of them is ours. */
const RIGHT_TO_LEFT = new Set(['ar', 'dv', 'fa', 'he', 'ku', 'ps', 'ur', 'yi']);

type Texts = Readonly<Record<string, string>>;

let texts = $state.raw<Texts>(english);
let language = $state.raw<Language>('en');
let asked = 0;

/** The text of a key in the language of now, in English where that language has none yet. */
export const textOf = (key: string): string | undefined =>
  texts[key] ?? (english as Record<string, string>)[key];

export const spoken = (): Language => language;
export const locale = (): string => LOCALES[language];

/** The language of ours that a tag such as `es-MX` means, `null` when we do not speak it. */
export function languageOf(tag: string): Language | null {
  const first = tag.toLowerCase().split(/[-_]/)[0];
  return LANGUAGES.find((one) => one === first) ?? null;
}

/** The first of the tags that we speak; English when we speak none of them. */
export const firstSpoken = (tags: readonly string[]): Language =>
  tags.map(languageOf).find((one) => one !== null) ?? 'en';

/** Speaks another language from now on. Where its texts cannot be fetched, everything stays as it is: `false`. */
export async function speak(tag: string): Promise<boolean> {
  const wanted = languageOf(tag) ?? 'en';
  asked += 1;
  const own = asked;
  try {
    const found: Texts = wanted === 'en' ? english : (await import('./es.json')).default;
    // Somebody who presses twice means the second.
    if (own === asked) {
      texts = found;
      language = wanted;
      tellDocument(wanted);
    }
    return true;
  } catch {
    return false;
  }
}

/** Screen readers, hyphenation and quotation marks go by these two. */
function tellDocument(tag: Language): void {
  if (typeof document === 'undefined') return;
  document.documentElement.lang = tag;
  document.documentElement.dir = RIGHT_TO_LEFT.has(tag) ? 'rtl' : 'ltr';
}
