// Texts, dates and numbers. The only room with sentences in it.

export * from './dates';
export { count, counted, figures, ordinal } from './numbers';
export { filled, pieces, say, type Key, type Params } from './say';
