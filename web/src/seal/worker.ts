// The sealing worker: a module worker, so that scrypt never freezes the page and keys can be thrown away
// with it. Listens for the questions of messages.ts; makes no request and keeps nothing between two.

import { answer } from './answer';
import type { Answer, Question } from './messages';

/** The two members of a worker's global scope that are used, without the DOM's types. */
interface WorkerScope {
  onmessage: ((event: { readonly data: Question }) => void) | null;
  postMessage(answer: Answer): void;
}

const scope = globalThis as unknown as WorkerScope;

scope.onmessage = ({ data }) => {
  void answer(data, (count) => crypto.getRandomValues(new Uint8Array(count))).then((said) =>
    scope.postMessage(said),
  );
};
