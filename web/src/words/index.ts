// Texts, dates and numbers. The only room with sentences in it.

export * from './dates';
export {
  firstSpoken,
  LANGUAGES,
  languageOf,
  OWN_NAMES,
  speak,
  spoken,
  type Language,
} from './language.svelte';
export { count, figures, ordinal, together } from './numbers';
export { counted, filled, pieces, say, type Counted, type Key, type Params } from './say';
