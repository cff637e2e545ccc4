// The only room that talks to the house. Typed functions, one for each thing that can be asked; every failure is a
// Problem (the house said no) or Unreachable (nobody answered).

export * from './alive';
export * from './coming-in';
export * from './drafts';
export * from './house';
export * from './keeper-sets';
export * from './letters';
export * from './life';
export * from './persons';
export * from './replies';
export { isProblem, Problem, Unreachable } from './problem';
export { fromBase64Url, toBase64Url } from './bytes';
export { hearReach, speakWith } from './request';
