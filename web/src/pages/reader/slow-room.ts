// The slow part of a card, in a Worker: scrypt over the words. It gets the words by message, gives back a token or a key, and
// makes no request.

import { deriveClaim, openWordsFile } from '../../seal/claim';
import { SealError, type SealErrorCode } from '../../seal/errors';

export type Ask =
  | { readonly kind: 'token'; readonly words: string }
  | { readonly kind: 'open'; readonly words: string; readonly file: Uint8Array };
export type Answer =
  | { readonly kind: 'told'; readonly done: number }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'key'; readonly key: Uint8Array }
  | { readonly kind: 'refused'; readonly code: SealErrorCode };

const scope = globalThis as unknown as {
  onmessage: ((event: { readonly data: Ask }) => void) | null;
  postMessage(answer: Answer): void;
};

scope.onmessage = ({ data }) => {
  const told = (done: number): void => scope.postMessage({ kind: 'told', done });
  const work =
    data.kind === 'token'
      ? deriveClaim(data.words, told).then(({ token }): Answer => ({ kind: 'token', token }))
      : openWordsFile(data.words, data.file, told).then((key): Answer => ({ kind: 'key', key }));
  work.then(
    (answer) => scope.postMessage(answer),
    (error: unknown) =>
      scope.postMessage({ kind: 'refused', code: error instanceof SealError ? error.code : 'damaged' }),
  );
};
