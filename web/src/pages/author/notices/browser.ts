// This browser as a place for notices: whether it takes any, asking it for them when she presses, and taking that back. It asks the house nothing, and no page of the house asks a push service: the browser does.

import { fromBase64Url, toBase64Url } from '../../../api';

/** What a browser gives of itself. */
export interface Given {
  endpoint: string;
  p256dh: string;
  auth: string;
}

/** Why it did not. `denied`: it does not let this house show notices. `closed`: she did not say yes. `failed`: its push service did not take it on. */
export type Not = 'denied' | 'closed' | 'failed';

interface Policy {
  createScriptURL(url: string): unknown;
}

interface Factory {
  createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): Policy;
}

const FILE = '/notices.js';
/** No page lies there: what shows notices stands between no page and the house. */
const SCOPE = '/notices/';
/** Where this browser remembers that notices came to it. */
const REMEMBERED = 'unsaid-notices';

/** The pages demand Trusted Types: this one file, and no other. */
let policy: Policy | null | undefined;

function file(): string {
  policy ??=
    (globalThis as { trustedTypes?: Factory }).trustedTypes?.createPolicy('unsaid-notices', {
      createScriptURL: (url) => {
        if (url !== FILE) throw new TypeError('not what shows notices');
        return url;
      },
    }) ?? null;
  return (policy ? policy.createScriptURL(FILE) : FILE) as string;
}

/** Whether notices can come to this browser at all. In a private window, and in pages of an iPhone, there is often no such thing. */
export const takesNotices = (): boolean =>
  'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window;

/** Asks the browser, which asks her. Only ever on a press of hers. */
export async function askBrowser(pushKey: string): Promise<Given | Not> {
  const allowed = await Notification.requestPermission();
  if (allowed !== 'granted') return allowed === 'denied' ? 'denied' : 'closed';
  try {
    const worker = await navigator.serviceWorker.register(file(), { scope: SCOPE, updateViaCache: 'none' });
    await begun(worker);
    const key = fromBase64Url(pushKey);
    const before = await worker.pushManager.getSubscription();
    // One for another key (another house at this address) cannot be used, and stands in the way.
    if (before && !same(before.options.applicationServerKey, key)) await before.unsubscribe();
    const made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    const [p256dh, auth] = [made.getKey('p256dh'), made.getKey('auth')];
    if (!p256dh || !auth) return 'failed';
    const text = (bytes: ArrayBuffer) => toBase64Url(new Uint8Array(bytes));
    return { endpoint: made.endpoint, p256dh: text(p256dh), auth: text(auth) };
  } catch {
    return 'failed';
  }
}

/** Until it runs: nobody can be asked for notices before. */
async function begun(worker: ServiceWorkerRegistration): Promise<void> {
  const waits = worker.installing ?? worker.waiting;
  if (worker.active || !waits) return;
  await new Promise<void>((done) => {
    waits.addEventListener('statechange', () => {
      if (waits.state === 'activated' || waits.state === 'redundant') done();
    });
  });
}

function same(one: ArrayBuffer | null, other: Uint8Array): boolean {
  const bytes = new Uint8Array(one ?? new ArrayBuffer(0));
  return bytes.length === other.length && bytes.every((byte, at) => byte === other[at]);
}

/** By which this browser finds itself among her channels. */
export async function markOf(endpoint: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(endpoint));
  return toBase64Url(new Uint8Array(digest));
}

/** Notices come here from now on (its mark), or no longer (`null`). */
export function remember(mark: string | null): void {
  try {
    if (mark === null) localStorage.removeItem(REMEMBERED);
    else localStorage.setItem(REMEMBERED, mark);
  } catch {
    // A browser that keeps nothing is not told later that they have ended, and that is all.
  }
}

/** The mark under which notices came here. */
export function remembered(): string | null {
  try {
    return localStorage.getItem(REMEMBERED);
  } catch {
    return null;
  }
}

/** The browser itself gives it up, whatever the house knows. */
export async function giveUp(): Promise<void> {
  remember(null);
  try {
    const worker = await navigator.serviceWorker.getRegistration(SCOPE);
    await (await worker?.pushManager.getSubscription())?.unsubscribe();
    await worker?.unregister();
  } catch {
    // The house sends nothing there any more; what is left in the browser shows nothing.
  }
}
