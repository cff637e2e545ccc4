// The vault as two devices, and two hands in one window, write to it: nothing that was kept is written over by what was made
// from an older look.

import { beforeEach, expect, test, vi } from 'vitest';
import type * as Api from '../../api';
import { parseVault, vaultText } from './vault';

const house = vi.hoisted(() => ({
  text: '{"format":"unsaid-vault 1","records":[]}',
  rev: 1,
  slow: [] as (() => void)[],
}));

vi.mock('../../api', async (original) => {
  const api = await original<typeof Api>();
  return {
    ...api,
    vault: async () => ({ bytes: new TextEncoder().encode(house.text), etag: `"${house.rev}"` }),
    putVault: async (bytes: Uint8Array, etag: string) => {
      if (etag !== `"${house.rev}"`) throw new api.Problem(412, 'changed-meanwhile', '', '');
      house.text = new TextDecoder().decode(bytes);
      house.rev += 1;
      return `"${house.rev}"`;
    },
    registerKit: async () => {},
    lock: async () => {},
  };
});

vi.mock('./keys', () => ({
  forgetKeys: () => {},
  KeysRefuse: class extends Error {
    readonly code: string;
    constructor(readonly refusal: { code: string }) {
      super(refusal.code);
      this.code = refusal.code;
    }
  },
  ask: async (name: string, asked: { text?: string; file?: Uint8Array }) => {
    if (name === 'open-vault') return { text: new TextDecoder().decode(asked.file), hand: { line: 'h' } };
    if (name === 'close-vault') {
      // Sealing takes its time, and not always the same.
      if (house.slow.length > 0) await new Promise<void>((go) => house.slow.push(go));
      return { file: new TextEncoder().encode(asked.text), hand: { line: 'h' } };
    }
    return {};
  },
}));

const account = {
  id: 'a',
  name: 'Helen',
  recipient: 'age1pq1',
  kit: true,
  session: {},
} as unknown as Api.Account;

const names = () => [...parseVault(house.text).values()].map((one) => one['name']).sort();

beforeEach(() => {
  house.text = vaultText(new Map());
  house.rev = 1;
  house.slow = [];
});

async function begun() {
  vi.stubGlobal('addEventListener', () => {});
  vi.resetModules();
  const { session } = await import('./session.svelte');
  await session.begun(account);
  return session;
}

test('two things that are written at once are both kept, whichever is ready first', async () => {
  const session = await begun();
  house.slow = [() => {}];
  const one = session.write('one', 'person', { name: 'Mara' });
  const other = session.write('other', 'person', { name: 'Dan' });
  house.slow[1]!();
  await one;
  house.slow[2]!();
  house.slow = [];
  await other;
  expect(names()).toEqual(['Dan', 'Mara']);
});

test('what another device wrote is asked again before anything takes its place', async () => {
  const session = await begun();
  const other = parseVault(house.text);
  const theirs = { id: 'one', kind: 'person', rev: 1, gone: false, name: 'Mara', card: 'theirs' };
  house.text = vaultText(new Map(other).set('one', theirs));
  house.rev += 1;
  await session.write('one', 'person', (records) => (records.get('one')?.['card'] ? null : { card: 'ours' }));
  expect(parseVault(house.text).get('one')?.['card']).toBe('theirs');
  expect(session.records.get('one')?.['card']).toBe('theirs');
});

test('a room that has lost its keys is a room that is closed: the words are asked for again', async () => {
  const session = await begun();
  const { KeysRefuse } = await import('./keys');
  expect(session.heard(new KeysRefuse({ code: 'damaged', index: undefined }))).toBe(false);
  expect(session.open).toBe(true);
  // A phone with little memory may end a Worker by itself.
  expect(session.heard(new KeysRefuse({ code: 'locked', index: undefined }))).toBe(true);
  expect(session.open).toBe(false);
});

test('a vault that a newer page wrote is left alone', async () => {
  const session = await begun();
  house.text = house.text.replace('unsaid-vault 1', 'unsaid-vault 2');
  house.rev += 1;
  await expect(session.write('one', 'person', { name: 'Mara' })).rejects.toThrow('newer');
  expect(house.text).toContain('unsaid-vault 2');
  expect(house.text).not.toContain('Mara');
});
