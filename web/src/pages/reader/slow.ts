// The page's side of the slow room: one Worker for one question, ended with its answer, and the words' memory with it.

import { SealError } from '../../seal/errors';
import roomUrl from './slow-room?worker&url';
import type { Answer, Ask } from './slow-room';
import type { Told } from './words-form';

interface Policy {
  createScriptURL(url: string): unknown;
}

interface Factory {
  createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): Policy;
}

/** The pages demand Trusted Types: a Worker is begun from this one address and from no other. */
const policy = (globalThis as { trustedTypes?: Factory }).trustedTypes?.createPolicy('unsaid-worker', {
  createScriptURL: (url) => {
    if (url !== roomUrl) throw new TypeError('not the slow room');
    return url;
  },
});

function ask(question: Ask, told: Told): Promise<Answer> {
  const worker = new Worker((policy ? policy.createScriptURL(roomUrl) : roomUrl) as string, {
    type: 'module',
  });
  return new Promise<Answer>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      if (data.kind === 'told') told(data.done);
      else if (data.kind === 'refused') reject(new SealError(data.code, 'refused'));
      else resolve(data);
    };
    worker.onerror = () => reject(new Error('the slow room does not open'));
    worker.postMessage(question);
  }).finally(() => worker.terminate());
}

/** The token that the house knows this card by. */
export async function tokenOf(words: string, told: Told): Promise<string> {
  const answer = await ask({ kind: 'token', words }, told);
  if (answer.kind !== 'token') throw new Error('another answer');
  return answer.token;
}

/** The key file under the words. */
export async function keyUnder(words: string, file: Uint8Array, told: Told): Promise<Uint8Array> {
  const answer = await ask({ kind: 'open', words, file }, told);
  if (answer.kind !== 'key') throw new Error('another answer');
  return answer.key;
}
