// The vault opens for its own account alone, and a changed or foreign one is told apart.

import { expect, test } from 'vitest';
import { makeAccount } from './account';
import { fromUtf8, utf8 } from './bytes';
import { openVault, sealVault } from './vault';

const account = await makeAccount();
const stranger = await makeAccount();
const text = JSON.stringify({ people: ['Mara', 'Leo'] });

test('a vault opens for its account, and says nothing in clear', async () => {
  const file = await sealVault(account.recipient, utf8(text));
  expect(fromUtf8(await openVault(account.identity, file))).toBe(text);
  expect(Buffer.from(file).includes('Mara')).toBe(false);
});

test('a vault of somebody else, or a changed one, is refused by its reason', async () => {
  const file = await sealVault(account.recipient, utf8(text));
  await expect(openVault(stranger.identity, file)).rejects.toMatchObject({ code: 'wrong-key' });
  const changed = Uint8Array.from(file);
  changed[changed.length - 1]! ^= 1;
  await expect(openVault(account.identity, changed)).rejects.toMatchObject({ code: 'damaged' });
  await expect(openVault(account.identity, file.subarray(0, 100))).rejects.toMatchObject({ code: 'damaged' });
});

test('a vault goes to an age1pq recipient only', async () => {
  const classic = 'age1wq63q3j4qnl8rrssp3w53fe70nq0dl3sgn0vdg56y09ls83xsacqhwqs4t';
  await expect(sealVault(classic, utf8(text))).rejects.toMatchObject({ code: 'bad-input' });
});
