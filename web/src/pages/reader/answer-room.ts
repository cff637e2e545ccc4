// Seals an answer, in a Worker: the page stays alive on an old telephone, and what it needed ends with it. It gets what was written
// by message, gives back sealed bytes, and makes no request.

import { SealError, type SealErrorCode } from '../../seal/errors';
import { sealReply, type Reply } from '../../seal/reply';

export interface AskToSeal {
  /** `age1pq1…`, as the letter names it. */
  readonly recipient: string;
  readonly reply: Reply;
}

export type SealedAnswer =
  | { readonly kind: 'sealed'; readonly bytes: Uint8Array }
  | { readonly kind: 'refused'; readonly code: SealErrorCode | 'broken' };

const scope = globalThis as unknown as {
  onmessage: ((event: { readonly data: AskToSeal }) => void) | null;
  postMessage(answer: SealedAnswer): void;
};

scope.onmessage = ({ data }) => {
  sealReply(data.recipient, data.reply).then(
    (bytes) => scope.postMessage({ kind: 'sealed', bytes }),
    (error: unknown) =>
      scope.postMessage({ kind: 'refused', code: error instanceof SealError ? error.code : 'broken' }),
  );
};
