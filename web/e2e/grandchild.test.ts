// The grandchild she never met, in the browser: a letter to somebody who is only a name, sealed on its author's pages for the day when 'there is a grandchild'; two keepers with a small telephone and no
// scripts say that there is, and give the address of whoever looks after the child; she is shown what they said, and it goes after her two weeks.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { Keeping } from './keeping';
import { look, picture } from './looked';

let life: Keeping;

beforeEach(async () => {
  life = await Keeping.begin();
});

afterEach(() => life.end());

/** A keeper says that it has happened, and where a letter would go. */
async function says(link: string, address: string): Promise<string> {
  const { page } = life;
  await page.goto(link);
  expect(await life.main()).not.toContain('grandchild');
  await life.press('Look who it is');
  expect(await life.main()).toContain('There is a grandchild');
  expect(await life.main()).toContain('My first grandchild');
  expect(await page.locator('input[name=answer]:checked').count()).toBe(0);
  await picture('word-keeper', page);
  await page.getByLabel('Yes, it has happened').check();
  await page.getByLabel('Mail address to which the letter should go').fill(address);
  await life.press('Give this answer');
  expect(await life.main()).toContain(address);
  await picture('word-keeper-confirm', page);
  await life.press('Yes, that is my answer');
  expect(await life.main()).toContain('Your answer is noted.');
  await picture('word-keeper-said', page);
  return life.main();
}

test('to my first grandchild, when there is one', async () => {
  const { helen, house, words } = life;
  const joan = await life.keeper('Joan Pryce', 'joan@example.org');
  const amir = await life.keeper('Amir Haddad', 'amir@example.org');

  await helen.write('To a grandchild', 'Dear you, I would have liked to hold you.');
  await helen.forSomebodyNew('My first grandchild', '');
  await helen.page.check('#when-word');
  await helen.page.fill('#event', 'There is a grandchild');
  await look('word-when', helen.page);
  await helen.page.locator('summary', { hasText: 'How long' }).click();
  await helen.page.check('#rest-none');
  expect(await helen.seal()).toContain('When the people whom you trust say so');
  const letter = new URL(helen.page.url()).pathname;
  await look('word-sealed', helen.page);
  await house.live(1);

  expect(await says(joan, 'mother@example.org')).toContain('Nobody else has said anything yet.');
  expect(await says(amir, 'mother@example.org')).toContain('Enough of you have said so.');
  expect(await house.knocks()).toEqual([]);

  // What they said stands with the letter, and the button that stops it.
  await helen.unlock(words);
  await helen.page.locator(`a[href="${letter}"]`).first().click();
  await helen.page.getByRole('button', { name: 'Stop it' }).waitFor();
  await look('word-letter', helen.page);
  const told = await helen.told();
  expect(told).toContain('Joan Pryce: it has happened.');
  expect(told).toContain('Amir Haddad: it has happened.');

  await house.live(12);
  expect(await house.knocks()).toEqual([]);
  await house.live(3);
  const knocks = await house.knocks();
  expect(knocks.length).toBe(1);
  expect(knocks[0]).toContain('mother@example.org');
});
