// She arms it in bed with a phone: a letter for when she is gone, whom she trusts, the days to come, a pause, and all of it undone by one press. Through the town's clock.

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browser as launch, House, until, Window } from './house';
import { look } from './looked';

let chromium: Browser;
let house: House;
let helen: Window;
let words: string[];

/** The civil day so many days after the town's today, as the pages say it. */
async function dayIn(days: number): Promise<string> {
  const at = new Date((await house.now()).getTime() + days * 86_400_000);
  return new Intl.DateTimeFormat('en-GB', {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    timeZone: 'Europe/Lisbon',
  })
    .format(at)
    .replace(/,/g, '');
}

beforeAll(async () => {
  chromium = await launch();
  house = await House.open();
  helen = await Window.open(house, chromium, 390);
  words = await helen.begin(await house.firstLink(), 'helen@example.org', 'Helen Marlow');
});

afterAll(async () => {
  await helen?.close();
  await chromium?.close();
  await house?.close();
});

describe('when she is gone', () => {
  test('a letter that waits for her end leads her, once, to who is asked', async () => {
    const { page } = helen;
    await helen.follow('All my letters');
    await helen.write('The bracelet', 'Leo,\n\nit is in the blue tin.');
    await helen.forSomebodyNew('Leo', 'leo@example.org');
    await page.check('#when-gone');
    await page.getByText('You choose on the next page how we are to know.').waitFor();
    await look('gone-for', page);
    await helen.press('Next: who can open it');
    await page.waitForURL(/gone\?then=/);
    await page.getByRole('heading', { level: 1, name: 'When I am gone' }).waitFor();
    // Without anybody else: her silence alone, and half a year of warnings.
    const alone = 61 + 35 + 180 + 1;
    await page.locator('.so-date', { hasText: await dayIn(alone) }).waitFor();
    await look('gone-unarmed', page);
    await helen.press('Name a keeper');
    await page.fill('#keeper-name', 'Joan Pryce');
    await page.fill('#keeper-address', 'joan@example.org');
    await helen.press('Name this keeper');
    await page.locator('#keeper-paper').waitFor();
    await look('gone-keeper-named', page);
    await helen.press('Put it away');
    // One keeper alone: she falls silent, is asked for five weeks, Joan speaks, and then three warnings thirty days apart.
    await page.locator('.so-date', { hasText: await dayIn(61 + 35 + 90 + 1) }).waitFor();
    for (const name of ['Amir Haddad', 'Beatrice Okafor']) {
      await helen.press('Name a keeper');
      await page.fill('#keeper-name', name);
      await helen.press('Name this keeper');
      await page.locator('#keeper-paper', { hasText: name }).waitFor();
      await helen.press('Put it away');
    }
    await page.locator('.so-date', { hasText: await dayIn(61 + 35 + 30 + 1) }).waitFor();
    await helen.press('Begin, and go on with the letter');
    await page.waitForURL(/write\/[a-z2-7]{26}\/key$/);
    await page.check('#key-house');
    await page.check('#proof-none');
    await helen.press('Seal the letter');
    await page.waitForURL(/letters\/[a-z2-7]{26}$/, { timeout: 60_000 });
    await page.getByText('When you are gone').first().waitFor();
    await page.getByText('You sealed it.').waitFor();
    await page.getByText('You chose how we find out whether you are alive.').waitFor();
    await look('gone-letter-resting', page);
  });

  test('the page says day by day what would come, and whether the letter would', async () => {
    const { page } = helen;
    await helen.follow('When I am gone');
    const leaves = await dayIn(61 + 35 + 30 + 1);
    await page.locator('.lede', { hasText: `nothing would leave before ${leaves}` }).waitFor();
    const told = await helen.told();
    expect(told).toContain('We ask again, four times');
    expect(told).toContain('We ask Joan Pryce, Amir Haddad and Beatrice Okafor');
    expect(told).toContain('Two of the three must say that you have died.');
    expect(told).toContain(`If you fell silent today, Leo would have it on ${leaves}`);
    // Keepers who speak unasked begin the ladder that day.
    expect(told).toContain(
      `Even if all your keepers said today that you had died, nothing would leave before ${await dayIn(35 + 30 + 1)}.`,
    );
    await look('gone-armed', page);
    await helen.follow('Rehearse it: show me all that would be sent');
    await page.locator('ol.letters li').first().waitFor();
    // To her: one question, four reminders, a word about each of the three who say that she has died, three warnings. To the keeper who can be
    // written to: one question, and what tells of the end.
    expect(await page.locator('ol.letters li h3', { hasText: 'To you' }).count()).toBe(1 + 4 + 3 + 3);
    expect(await page.locator('ol.letters li h3', { hasText: 'To Joan Pryce' }).count()).toBe(2);
    const last = page.locator('ul.letters li', { hasText: 'To Leo' });
    await last.getByText(leaves).waitFor();
    await last.locator('summary').click();
    await page.locator('ol.letters summary').first().click();
    await look('gone-rehearsal', page);
    // She was invited once, when it began; looking at a rehearsal sends nothing.
    const toJoan = (await house.outbox()).filter((message) => message.includes('joan@example.org'));
    expect(toJoan).toHaveLength(1);
    expect(toJoan[0]).toContain('has named you as a person whom they trust');
  });

  test('the rehearsal is sent to herself alone, each message marked, and its links lead nowhere', async () => {
    const { page } = helen;
    const shown = await page.locator('ol.letters > li').count();
    const before = (await house.outbox()).length;
    await helen.press('Send all of it to me');
    await page.getByText(/All of them are on their way to your mailbox/).waitFor({ timeout: 60_000 });
    await look('gone-rehearsal-sent', page);
    const sent = (await house.outbox()).filter((mail) => mail.includes('This is a rehearsal'));
    // What is shown, and what a person would be told.
    expect(sent.length).toBe(shown + 1);
    expect((await house.outbox()).length).toBe(before + sent.length);
    for (const mail of sent) {
      expect(mail).toContain('helen@example.org');
      expect(mail).not.toContain('joan@example.org');
      expect(mail).not.toMatch(/\/(well|keeper|k)\/[\w-]{43}/);
    }
    expect(await house.knocks()).toEqual([]);
    await helen.press('Send all of it to me');
    await page.getByText('A rehearsal was sent to you less than an hour ago.').first().waitFor();
    await page.goto(`${house.origin}/rehearsal`);
    await page.getByRole('heading', { level: 1, name: 'This was a rehearsal.' }).waitFor();
    await look('gone-rehearsal-page', page);
    await helen.unlock(words);
    await helen.follow('When I am gone');
    await page.locator('.lede').waitFor();
  });

  test('a keeper is taken away, and a pause begins and ends', async () => {
    const { page } = helen;
    await page.getByRole('button', { name: 'Take away Amir Haddad' }).click();
    await page.locator('dialog').getByRole('button', { name: 'Take away', exact: true }).click();
    await page.getByRole('button', { name: 'Take away Amir Haddad' }).waitFor({ state: 'detached' });
    const back = new Date((await house.now()).getTime() + 40 * 86_400_000);
    await helen.press('Pause until that day');
    await page.locator('.notice--problem').waitFor();
    await page.fill('#day', String(back.getUTCDate()));
    await page.fill('#month', String(back.getUTCMonth() + 1));
    await page.fill('#year', String(back.getUTCFullYear()));
    await helen.press('Pause until that day');
    await page.getByText(/^You are away until/).waitFor();
    await look('gone-paused', page);
    await helen.press('I am back');
    await page.getByText('Good that you are back.').waitFor();
    expect(await helen.told()).not.toContain('You are away until');
  });

  test('what is quicker counts later, what is slower at once', async () => {
    const { page } = helen;
    await page.locator('summary', { hasText: 'Change who is asked' }).click();
    await page.selectOption('#every', '30');
    await page.getByText('This could let letters go sooner than what stands now.').waitFor();
    await helen.press('Keep it so');
    await page.getByText('A change of yours does not count yet').waitFor();
    await look('gone-coming', page);
    await page.selectOption('#every', '90');
    await helen.press('Keep it so');
    await page.getByText('It is changed, from today on.').waitFor();
    await page
      .locator('.lede', { hasText: `nothing would leave before ${await dayIn(91 + 35 + 30 + 1)}` })
      .waitFor();
  });

  test('a paper stops everything without her mailbox, and she lets it go on', async () => {
    const { page } = helen;
    await helen.follow('Print the stop paper');
    await helen.press('Show the words');
    await page.waitForSelector('.card .words li');
    await look('gone-paper', page);
    const typed = await page.$$eval('.card .words li', (items) => items.map((one) => one.textContent ?? ''));
    expect(typed).toHaveLength(8);
    const other = await Window.open(house, chromium, 390);
    await other.page.goto(`${house.origin}/stop`);
    await other.page.fill('#words', typed.join(' '));
    await other.press('Stop everything');
    await other.page.getByRole('heading', { level: 1, name: /everything is stopped/ }).waitFor();
    expect(other.wrong).toEqual([]);
    await other.close();
    await page.locator('main a[href="/gone"]').first().click();
    await page.getByText('Everything is stopped', { exact: true }).waitFor();
    expect(await helen.told()).toContain(`nothing would leave before ${await dayIn(30 + 35 + 30 + 1)}.`);
    await look('gone-stopped', page);
    await page.locator('.lede', { hasText: await dayIn(365 + 91 + 35 + 30 + 1) }).waitFor();
    await helen.press('Let it go on');
    await page.getByText('Good that you are back.').waitFor();
    await page.locator('.lede', { hasText: await dayIn(91 + 35 + 30 + 1) }).waitFor();
    // Printed again it is the same paper.
    await helen.follow('Print the stop paper');
    await helen.press('Show the words');
    await page.waitForSelector('.card .words li');
    const again = await page.$$eval('.card .words li', (items) => items.map((one) => one.textContent ?? ''));
    expect(again).toEqual(typed);
  });

  test('one press sets all of it back, also while the letters are closed', async () => {
    const { page } = helen;
    await house.live(20);
    await page.goto(`${house.origin}/gone`);
    const before = await dayIn(91 - 20 + 35 + 30 + 1);
    await page.locator('.lede', { hasText: `nothing would leave before ${before}` }).waitFor();
    await page.getByText('Their names are closed.').waitFor();
    await look('gone-closed', page);
    await helen.press('I am here');
    await page.getByText('Good. Everything begins anew from today.').waitFor();
    const after = await dayIn(91 + 35 + 30 + 1);
    await page.locator('.lede', { hasText: `nothing would leave before ${after}` }).waitFor();
  });

  test('she falls silent: she is asked, and Leo has it on the day that was said, and not before', async () => {
    const { page } = helen;
    const told = await helen.told();
    const said = /If none of your keepers ever answers, nothing leaves before \w+ (.+?)\./.exec(told)?.[1];
    const days = Math.round((Date.parse(`${said} 12:00 UTC`) - (await house.now()).getTime()) / 86_400_000);
    expect(days).toBeGreaterThan(300);
    await house.live(days - 2);
    expect(await house.knocks()).toEqual([]);
    await house.live(4);
    expect((await house.knocks()).length).toBe(1);
    // She was alive. What has left is said, and what has not begins anew.
    await helen.signIn('helen@example.org', words);
    await helen.follow('When I am gone');
    await page.getByText('One has left our hands').waitFor();
    await page.locator('.lede', { hasText: 'nothing would leave before' }).waitFor();
    await look('gone-returned', page);
    // Leo is told that she lives, if she asks: an hour later, once.
    await page.getByRole('heading', { level: 2, name: 'What has left because we believed' }).waitFor();
    expect((await house.outbox()).filter((message) => message.includes('reached you too early'))).toEqual([]);
    await helen.press('Tell Leo that you are alive');
    const asked = page.locator('dialog[open]');
    await asked.getByText('In an hour we send Leo one mail, and never a second').waitFor();
    await look('gone-alive-asked', page);
    await asked.getByRole('button', { name: 'Tell them in an hour' }).click();
    await page.getByText('In an hour Leo is told that you are alive.').waitFor();
    await look('gone-alive-rests', page);
    await page.getByRole('button', { name: 'Do not tell Leo' }).click();
    await page.getByText('Leo is not told.').waitFor();
    await helen.press('Tell Leo that you are alive');
    await asked.getByRole('button', { name: 'Tell them in an hour' }).click();
    await page.getByText('We tell them in an hour.').waitFor();
    await house.live(1);
    const mail = await until('mail to Leo', async () =>
      (await house.outbox()).find((message) => message.includes('reached you too early')),
    );
    expect(mail).toContain('leo@example.org');
    expect(mail).toContain('is alive, and has asked us to tell you so');
    expect(mail).not.toContain('Helen');
    await helen.unlock(words);
    await helen.follow('When I am gone');
    await page.getByText(/^On .+ you asked us to tell them\.$/).waitFor();
    expect(await page.getByRole('button', { name: /Leo/ }).count()).toBe(0);
    await look('gone-alive-told', page);
    // From the first knock on one sentence.
    await helen.follow('All my letters').catch(() => helen.follow('Letters'));
    await page.getByRole('link', { name: 'The bracelet' }).first().click();
    await page.getByRole('heading', { level: 2, name: 'What has happened to it' }).waitFor();
    await page.getByText('It has left our hands.', { exact: true }).last().waitFor();
    expect(await helen.told()).not.toContain('You sealed it.');
    await look('gone-letter-left', page);
    expect(helen.wrong).toEqual([]);
  });
});
