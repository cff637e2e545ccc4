// Invitation, code, account, session, unlocking and the vault's bytes. It carries what the Worker made and never
// sees the words themselves.

import { fromBase64Url, toBase64Url } from './bytes';
import { get, getBytes, post, putBytes } from './request';

export interface Account {
  id: string;
  email: string;
  name: string;
  roles: string[];
  language: string;
  zone: string;
  recipient: string;
  /** base64url, 16 bytes. */
  salt: string;
  unlockNumber: number;
  session: { unlocked: boolean; fresh: boolean; mine: boolean };
  /** Only for a host: whether the house's own keys were written down. */
  keysConfirmed: boolean | null;
}

export interface NewAccount {
  accountId: string;
  invitation?: string;
  name: string;
  language: string;
  zone: string;
  recipient: string;
  salt: Uint8Array;
  /** base64url, as the room with the keys made it. */
  unlockToken: string;
  unlockFile: Uint8Array;
  vault: Uint8Array;
  mine: boolean;
}

export type CameIn = { account: Account } | { newcomer: { accountId: string } };

export const invitation = (token: string): Promise<{ role: 'author' | 'host' }> =>
  post('/api/invitation', { token });

export const askForCode = (email: string, token?: string): Promise<unknown> =>
  post('/api/codes', token === undefined ? { email } : { email, invitation: token });

export const giveCode = (code: string): Promise<CameIn> => post('/api/sessions', { code });

export async function makeAccount(account: NewAccount): Promise<Account> {
  const { salt, unlockFile, vault, ...plain } = account;
  const made = await post<{ account: Account }>('/api/account', {
    ...plain,
    salt: toBase64Url(salt),
    unlockFile: toBase64Url(unlockFile),
    vault: toBase64Url(vault),
  });
  return made.account;
}

export const account = async (): Promise<Account> =>
  (await get<{ account: Account }>('/api/account')).account;

/** The token is derived from the words; what comes back is passphrase.age. */
export async function unlock(token: string, mine: boolean): Promise<Uint8Array> {
  const { file } = await post<{ file: string }>('/api/unlock', { token, mine });
  return fromBase64Url(file);
}

export const lock = (): Promise<unknown> => post('/api/lock', {});
export const signOut = (): Promise<unknown> => post('/api/sessions/end', {});

export const vault = (): Promise<{ bytes: Uint8Array; etag: string | null }> => getBytes('/api/vault');

/** Refused with 412 `changed-meanwhile` when somebody else wrote since `etag`. */
export async function putVault(bytes: Uint8Array, etag: string): Promise<string> {
  const { rev } = await putBytes<{ rev: number | string }>('/api/vault', bytes, { 'If-Match': etag });
  return `"${rev}"`;
}
