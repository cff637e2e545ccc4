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
  /** The house knows a token of the paper kit, so that the kit alone lets her in. */
  kit: boolean;
  /** The host, or whoever invited her, approved her name, as it is now, for the messages that say that something waits. */
  nameInMails?: boolean;
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

export interface NewWords {
  salt: Uint8Array;
  /** base64url, as the room with the keys made it. */
  unlockToken: string;
  unlockFile: Uint8Array;
  /** How many times words were made for this account, this time included. */
  number: number;
}

/** Six new words in the place of the old ones, which open nothing from then on. */
export const replaceUnlock = ({ salt, unlockFile, ...plain }: NewWords): Promise<unknown> =>
  post('/api/unlock-file', { ...plain, salt: toBase64Url(salt), unlockFile: toBase64Url(unlockFile) });

/** Lets the paper kit sign in from now on. */
export const registerKit = (token: string): Promise<unknown> => post('/api/kit', { token });

/** Signs in with the paper kit alone. 404 `kit-unknown` when no account here has it. */
export const kitSession = async (token: string, mine: boolean): Promise<Account> =>
  (await post<{ account: Account }>('/api/kit-session', { token, mine })).account;

/** A code goes to the new address; until it is given nothing changes. */
export const askForAddress = (email: string): Promise<unknown> => post('/api/address', { email });

export const giveAddressCode = async (code: string): Promise<Account> =>
  (await post<{ account: Account }>('/api/address/confirm', { code })).account;

/** In which language and by whose clocks the house speaks to her. */
export const keepLanguage = (language: string, zone: string): Promise<unknown> =>
  post('/api/language', { language, zone });

/** A mail such as a person will get, to herself. */
export const sendTrial = (): Promise<unknown> => post('/api/trial', {});

export const lock = (): Promise<unknown> => post('/api/lock', {});
export const signOut = (): Promise<unknown> => post('/api/sessions/end', {});

/** A browser in which she is signed in, by days of her zone. */
export interface SignedInOn {
  id: string;
  /** This very browser. */
  here: boolean;
  /** She said that the device is hers. */
  mine: boolean;
  since: string;
  last: string;
}

export const sessions = async (): Promise<SignedInOn[]> =>
  (await get<{ sessions: SignedInOn[] }>('/api/sessions')).sessions;

export const endSession = (id: string): Promise<unknown> => post(`/api/sessions/${id}/end`, {});
export const endOtherSessions = (): Promise<unknown> => post('/api/sessions/others/end', {});

export const vault = (): Promise<{ bytes: Uint8Array; etag: string | null }> => getBytes('/api/vault');

/** Refused with 412 `changed-meanwhile` when somebody else wrote since `etag`. */
export async function putVault(bytes: Uint8Array, etag: string): Promise<string> {
  const { rev } = await putBytes<{ rev: number | string }>('/api/vault', bytes, { 'If-Match': etag });
  return `"${rev}"`;
}
