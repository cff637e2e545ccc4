// A second way to reach her: another mailbox, proved by a code, in which the same question arrives and from which it can be answered; and what her keepers have said, as her own page tells it.
// Through the town's clock.

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browser as launch, House, until, Window } from './house';
import { look } from './looked';

let chromium: Browser;
let house: House;
let helen: Window;
let words: string[];
/** The way in of her keeper, as it stands on the paper. */
let joan: string;

const FIRST = 'helen@example.org';
const SECOND = 'helen@second.example';

/** So many messages went to this address with these words in them. */
const went = async (address: string, says: string): Promise<number> =>
  (await house.outbox()).filter((mail) => mail.includes(address) && mail.includes(says)).length;

beforeAll(async () => {
  chromium = await launch();
  house = await House.open();
  helen = await Window.open(house, chromium, 390);
  words = await helen.begin(await house.firstLink(), FIRST, 'Helen Marlow');
});

afterAll(async () => {
  await helen?.close();
  await chromium?.close();
  await house?.close();
});

describe('a second way to reach her', () => {
  test('is another mailbox, and a code from there proves it', async () => {
    const { page } = helen;
    await helen.follow('When I am gone');
    await page.getByText('There is one way to reach you so far.').waitFor();
    await helen.press('Add another address');
    await page.fill('#channel', FIRST);
    await helen.press('Send me the code');
    await page.getByText('We write to this address already.').first().waitFor();
    await look('channels-same', page);
    await page.fill('#channel', SECOND);
    await helen.press('Send me the code');
    await page.waitForSelector('#channel-code');
    await page.fill('#channel-code', '1111 1111');
    await helen.press('Write to me there too');
    await page.getByText('This is not the code.').first().waitFor();
    await look('channels-code', page);
    await page.fill('#channel-code', await helen.code());
    await helen.press('Write to me there too');
    await page.getByText(`${SECOND} is proved.`).waitFor();
    await page
      .locator('tr', { hasText: SECOND })
      .getByText(/Proved on \d+ \w+ \d{4}/)
      .waitFor();
    expect(await helen.told()).not.toContain('There is one way to reach you so far.');
    await look('channels-two', page);
    for (const address of [FIRST, SECOND])
      await until(`word of it at ${address}`, async () =>
        (await went(address, 'one address more')) > 0 ? true : undefined,
      );
  });

  test('is where the same question arrives, and it is answered from there', async () => {
    const { page } = helen;
    await helen.press('Name a keeper');
    await page.fill('#keeper-name', 'Joan Pryce');
    await helen.press('Name this keeper');
    await page.locator('#keeper-paper').waitFor();
    joan = (await page.locator('#keeper-paper .typed').textContent()) ?? '';
    await helen.press('Put it away');
    await helen.press('Begin');
    await page.getByText(`One message, to ${FIRST} and ${SECOND}.`).waitFor();
    await house.live(62);
    for (const address of [FIRST, SECOND])
      await until(`question at ${address}`, async () =>
        (await went(address, 'Are you well?')) > 0 ? true : undefined,
      );
    const there = await Window.open(house, chromium, 390);
    await there.page.goto(await house.newest(SECOND, 'well'));
    await there.press('I am well');
    await there.page.getByText('It is good to hear from you.').waitFor();
    expect(there.wrong).toEqual([]);
    await there.close();
    await page.goto(`${house.origin}/gone`);
    await page.locator('.lede', { hasText: 'nothing would leave before' }).waitFor();
    expect(await helen.told()).not.toContain('We have asked you');
  });

  test('what a keeper says is told at both, and stands on her page with what it has changed', async () => {
    const { page } = helen;
    // Opening the letters is a sign of hers, and would end it: so they are open before.
    await helen.unlock(words);
    const there = await Window.open(house, chromium, 390);
    await there.page.goto(joan);
    await there.press('Look who it is');
    await there.page.locator('summary', { hasText: 'I know that Helen Marlow has died' }).click();
    await there.press('Helen Marlow has died');
    await there.press('Yes, that is my answer');
    await there.page.getByText('Your answer is noted.').waitFor();
    await there.close();
    for (const address of [FIRST, SECOND])
      await until(`word of it at ${address}`, async () =>
        (await went(address, 'has told us that you have died')) > 0 ? true : undefined,
      );
    await helen.follow('When I am gone');
    const row = page.locator('tr', { hasText: 'Joan Pryce' });
    await row.getByText(/Last heard of on/).waitFor();
    const said = (await row.textContent()) ?? '';
    expect(said).toContain('Said that you have died.');
    expect(said).toContain('Enough of them say so.');
    await look('channels-said', page);
    await helen.press('I am here');
    await page.getByText('Good. Everything begins anew from today.').waitFor();
    expect((await row.textContent()) ?? '').not.toContain('Enough of them say so.');
    await row.getByText('it does not count any more').waitFor();
  });

  test('is taken away again, and both are told', async () => {
    const { page } = helen;
    await page.getByRole('button', { name: `Take away ${SECOND}` }).click();
    await page.locator('dialog').getByRole('button', { name: 'Take away', exact: true }).click();
    await page.getByText(`${SECOND} is taken away.`).waitFor();
    await page.getByText('There is one way to reach you so far.').waitFor();
    for (const address of [FIRST, SECOND]) {
      const told = async () => ((await went(address, 'one address less')) > 0 ? true : undefined);
      await until(`word of it to ${address}`, told);
      expect(await went(address, 'one address less')).toBe(1);
    }
    expect(helen.wrong).toEqual([]);
  });
});
