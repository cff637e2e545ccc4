// The page's side of the slow room: one Worker for one question, ended with its answer, and the words' memory with it.

import { SealError } from '../../seal/errors';
import type { Answer, Ask } from './slow-room';
import { beginWorker } from './workers';
import type { Told } from './words-form';

function ask(question: Ask, told: Told): Promise<Answer> {
  const worker = beginWorker('slow');
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
