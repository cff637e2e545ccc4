// The Workers of the person's page. It demands Trusted Types: a Worker is begun from one of these addresses and from no other, and
// by one policy, since a policy may be made only once.

import answerUrl from './answer-room?worker&url';
import slowUrl from './slow-room?worker&url';

interface Policy {
  createScriptURL(url: string): unknown;
}

interface Factory {
  createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): Policy;
}

const ROOMS = { answer: answerUrl, slow: slowUrl } as const;

const policy = (globalThis as { trustedTypes?: Factory }).trustedTypes?.createPolicy('unsaid-worker', {
  createScriptURL: (url) => {
    if (!Object.values(ROOMS).includes(url)) throw new TypeError('not a room of ours');
    return url;
  },
});

export function beginWorker(room: keyof typeof ROOMS): Worker {
  const url = ROOMS[room];
  return new Worker((policy ? policy.createScriptURL(url) : url) as string, { type: 'module' });
}
