// The page's side of the room with the keys: asks, waits, and can throw the room away. What was refused comes as a
// KeysRefuse with a code, which the page says in words.

import roomUrl from './room?worker&url';
import type { Ask, Asked, AskedName, Refusal, Told } from './questions';

export class KeysRefuse extends Error {
  override readonly name = 'KeysRefuse';
  readonly code: Refusal['code'];
  readonly index: number | undefined;

  constructor(refusal: Refusal) {
    super(refusal.code);
    this.code = refusal.code;
    this.index = refusal.index;
  }
}

interface Waiting {
  resolve: (answer: unknown) => void;
  reject: (error: Error) => void;
}

interface Policy {
  createScriptURL(url: string): unknown;
}

interface Factory {
  createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): Policy;
}

/** The pages demand Trusted Types: a Worker is begun from this one address and from no other. */
const policy = (globalThis as { trustedTypes?: Factory }).trustedTypes?.createPolicy('unsaid-worker', {
  createScriptURL: (url) => {
    if (url !== roomUrl) throw new TypeError('not the room with the keys');
    return url;
  },
});

let worker: Worker | null = null;
let asked = 0;
const waiting = new Map<number, Waiting>();

function room(): Worker {
  if (worker) return worker;
  const begun = new Worker((policy ? policy.createScriptURL(roomUrl) : roomUrl) as string, {
    type: 'module',
  });
  begun.onmessage = (event: MessageEvent<Told>) => {
    const told = event.data;
    const there = waiting.get(told.id);
    waiting.delete(told.id);
    if (told.ok) there?.resolve(told.answer);
    else there?.reject(new KeysRefuse(told.refusal));
  };
  begun.onerror = () => end('broken');
  worker = begun;
  return begun;
}

/** Asks the room one thing. */
export function ask<N extends AskedName>(name: N, question: Asked[N]['ask']): Promise<Asked[N]['answer']> {
  asked += 1;
  const id = asked;
  return new Promise<Asked[N]['answer']>((resolve, reject) => {
    waiting.set(id, { resolve: resolve as (answer: unknown) => void, reject });
    room().postMessage({ id, name, ask: question } as Ask);
  });
}

function end(code: 'locked' | 'broken'): void {
  worker?.terminate();
  worker = null;
  const left = [...waiting.values()];
  waiting.clear();
  for (const one of left) one.reject(new KeysRefuse({ code, index: undefined }));
}

/** Throws the room away, and with it the account's key and all that it remembered. */
export const forgetKeys = (): void => end('locked');
