// A letter to a child: the mail goes to whoever looks after her, who sees that something waits and not what it says, keeps it for later, or wants no messages; and years later the child comes herself, with the
// words of her card.

import type { Page } from 'playwright-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { linkIn, Window } from './house';
import { Keeping } from './keeping';
import { look, picture } from './looked';

const TEXT = 'Ada,\n\nyou are eighteen today, and I would have danced.';

let life: Keeping;

beforeEach(async () => {
  life = await Keeping.begin();
});

afterEach(() => life.end());

/** Sealed to Ada for a day, her mother reading the mail. `first`: what she is called at first, where nobody can be told it. Gives the words of Ada's card. */
async function sealed(first = 'Ada'): Promise<string> {
  const { helen } = life;
  const { page } = helen;
  await helen.write('When you are grown', TEXT);
  await helen.forSomebodyNew(first, 'mother@example.org');
  await page.getByLabel('The address belongs to somebody who looks after them').check();
  await look('guardian-for', page);
  await page.check('#when-on');
  await page.fill('#day', '4');
  await page.fill('#month', '5');
  await page.fill('#year', '2031');
  await page.waitForFunction(() => /2031/.test(document.querySelector('.so')?.textContent ?? ''));
  await helen.press('Next: who can open it');
  if (first !== 'Ada') {
    await page.locator('.notice--problem').waitFor();
    expect(await page.inputValue('#name')).toBe(first);
    await page.fill('#name', 'Ada');
    await helen.press('Next: who can open it');
  }
  // Words on a card, without being asked to choose.
  await page.locator('#key-words:checked').waitFor();
  expect(await helen.told()).toContain('told that a letter waits, and cannot read it');
  await look('guardian-key', page);
  await helen.press('Seal the letter');
  await page.waitForURL(/letters\/[a-z2-7]{26}$/, { timeout: 90_000 });
  await helen.follow('Print the card');
  await page.getByRole('button', { name: 'Show the words' }).waitFor();
  await helen.press('Show the words');
  await page.waitForSelector('.card .words li');
  const words = await page.$$eval('.card .words li', (items) => items.map((item) => item.textContent ?? ''));
  return words.join(' ');
}

/** The mother, from the link to what waits. */
async function comes(page: Page, knock: string): Promise<void> {
  await page.goto(linkIn(knock));
  const first = await page.locator('main').innerText();
  expect(first).toContain('somebody you look after');
  expect(first).not.toContain('Ada');
  expect(first).not.toContain('Helen');
  await picture('guardian-knock', page);
  await life.press('Tell me who wrote it, and for whom');
  expect(await page.locator('h1').innerText()).toBe('Helen Marlow has written to Ada.');
}

/** Ada, years later, on a machine of her own. */
async function adaReads(words: string): Promise<string> {
  const ada = await Window.open(life.house, life.helen.page.context().browser()!);
  try {
    await ada.page.goto(`${life.house.origin}/words`);
    await ada.page.waitForSelector('#words:enabled');
    await ada.page.fill('#words', words);
    await ada.page.locator('#claim button').click();
    await ada.page.waitForURL(/waiting/, { timeout: 60_000 });
    expect(await ada.told()).toContain('Helen Marlow has written to you.');
    await ada.follow('Open it with my words');
    await ada.page.waitForSelector('#words:enabled');
    await ada.page.fill('#words', words);
    await ada.page.locator('form:has(#words) button[type=submit]').click();
    await ada.page.locator('#letter', { hasText: 'danced' }).waitFor({ timeout: 60_000 });
    expect(ada.wrong).toEqual([]);
    return await ada.page.innerText('#letter');
  } finally {
    await ada.close();
  }
}

test('a letter to a child: her mother sees that it waits and not what it says, and the child reads it when she is grown', async () => {
  const words = await sealed();
  const { house, page } = life;
  await house.liveUntil('2031-05-04T09:00:00Z');
  const [knock] = await house.knocks();
  expect(knock).toContain('Something waits for somebody you look after');
  for (const word of ['Ada', 'Helen', 'Marlow', 'grown', 'danced']) expect(knock).not.toContain(word);

  await comes(page, knock ?? '');
  await picture('guardian-waiting', page);
  const told = await page.locator('main').innerText();
  expect(told).toContain('You can see that it waits, and not what it says.');
  expect(told).not.toContain('danced');
  // What the pages do not offer, the house does not do either.
  const delivery = /\/waiting\/([a-z2-7]{26})/.exec(await page.content())?.[1] ?? '';
  const opened = await page.request.post(`${house.origin}/waiting/${delivery}/open`, {
    headers: { origin: house.origin, 'content-type': 'application/x-www-form-urlencoded' },
    data: '',
  });
  expect(await opened.text()).not.toContain('danced');
  const key = await page.request.post(`${house.origin}/waiting/${delivery}/key`, {
    headers: { 'unsaid-request': '1', origin: house.origin, 'content-type': 'application/json' },
    data: '{}',
  });
  expect(key.status()).toBe(404);

  await page.goto(`${house.origin}/here`);
  await picture('guardian-here', page);
  expect(await page.locator('main').innerText()).toContain('somebody who looks after Ada');
  await page.goto(`${house.origin}/waiting`);
  await page.getByRole('link', { name: 'Keep it for later' }).click();
  await picture('guardian-later', page);
  await page.getByLabel('In a year').check();
  await life.press('Keep it for later');
  await house.live(300);
  expect(await house.knocks()).toHaveLength(1);
  await house.live(70);
  expect(await house.knocks()).toHaveLength(2);

  await house.live(9 * 365);
  const read = await adaReads(words);
  expect(read).toContain('you are eighteen today');
});

test('her mother wants no messages: none comes, and what waits stays for the child', async () => {
  const words = await sealed();
  const { house, page } = life;
  await house.liveUntil('2031-05-04T09:00:00Z');
  const [knock] = await house.knocks();
  await comes(page, knock ?? '');
  await page.getByRole('link', { name: 'I want no such messages' }).click();
  await picture('guardian-refuse', page);
  expect(await page.locator('main').innerText()).toContain('Ada can come with the card all the same');
  await page.getByLabel('Anything from this person').check();
  await life.press('I refuse it');
  await house.live(3 * 365);
  expect(await house.knocks()).toHaveLength(1);
  expect(await adaReads(words)).toContain('danced');
});

test('whoever looks after somebody is named on that person’s page, and not any more when they are grown', async () => {
  await sealed('My 1st grandchild');
  const { helen, house } = life;
  await helen.follow('People');
  await picture('guardian-people', helen.page);
  await helen.page.locator('main a', { hasText: 'Ada' }).first().click();
  await helen.page.locator('#reads-guardian:checked').waitFor();
  await look('guardian-person', helen.page);
  await helen.page.check('#reads-they');
  await helen.press('Save this choice');
  await helen.page.getByText('It is saved.').waitFor();
  await house.liveUntil('2031-05-04T09:00:00Z');
  const [knock] = await house.knocks();
  expect(knock).toContain('Somebody has written to you');
});
