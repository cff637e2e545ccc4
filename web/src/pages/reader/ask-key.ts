// The key with which a reader asks keepers for their cards, kept in this browser for ninety days and nowhere else. Where the browser keeps
// nothing (a private window), the page holds it for as long as it stays open, and says so. It asks nobody and draws nothing.

import type { Account } from '../../seal/account';

/** As the house does with what it is given. */
const DAYS = 90;
const STORE = 'keys';

interface Row extends Account {
  readonly delivery: string;
  /** Milliseconds since 1970. */
  readonly made: number;
}

/** For browsers that keep nothing. */
const held = new Map<string, Account>();

const answered = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('refused'));
  });

async function within<T>(mode: IDBTransactionMode, work: (rows: IDBObjectStore) => Promise<T>): Promise<T> {
  const opening = indexedDB.open('unsaid-asks', 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: 'delivery' });
  const base = await answered(opening);
  try {
    const transaction = base.transaction(STORE, mode);
    const ended = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error('aborted'));
    });
    const found = await work(transaction.objectStore(STORE));
    await ended;
    return found;
  } finally {
    base.close();
  }
}

/** The key of this letter; what is over is forgotten on the way. */
export async function keptKey(delivery: string, now: number): Promise<Account | null> {
  try {
    const found = await within('readwrite', async (rows) => {
      const all = (await answered(rows.getAll())) as Row[];
      for (const row of all) {
        if (row.made + DAYS * 86_400_000 <= now) rows.delete(row.delivery);
      }
      return all.find((row) => row.delivery === delivery && row.made + DAYS * 86_400_000 > now);
    });
    if (found) return { identity: found.identity, recipient: found.recipient };
  } catch {
    // Nothing is kept here.
  }
  return held.get(delivery) ?? null;
}

/** Keeps it. False: only until this page is closed. */
export async function keepKey(delivery: string, key: Account, now: number): Promise<boolean> {
  held.set(delivery, key);
  try {
    const row: Row = { delivery, identity: key.identity, recipient: key.recipient, made: now };
    await within('readwrite', (rows) => answered(rows.put(row)));
    return true;
  } catch {
    return false;
  }
}
