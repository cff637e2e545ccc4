// Whole lives through the town's clock in which something goes wrong that nobody planned: keepers who disagree, keepers who are all dead, a paper when there is no mailbox, mail that is down for longer
// than all questions together.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePort, until } from './house';
import { Keeping } from './keeping';
import { picture } from './looked';

let life: Keeping;

beforeEach(async () => {
  life = await Keeping.begin();
});

afterEach(() => life.end());

/** From her last sign until the keepers are asked: her rhythm, a day, the five weeks of the ladder. */
const ASKED = 98;

test('the keepers disagree: one word for her death opens nothing, and whoever thinks again is heard', async () => {
  const { house, page } = life;
  await life.plan('both');
  await life.keeper('Joan Pryce', 'joan@example.org');
  await life.keeper('Amir Haddad', 'amir@example.org');
  await life.keeper('Beatrice Okafor', 'beatrice@example.org');
  await life.forHerEnd('Dan');
  await house.live(ASKED + 2);
  await life.says(await house.newest('joan@example.org', 'keeper'), 'Helen Marlow has died');
  const amir = await life.says(await house.newest('amir@example.org', 'keeper'), 'Helen Marlow is well');
  expect(amir).toMatch(/Nothing goes on because of that before \w+day \d+ \w+ \d{4}/);
  const link = await house.newest('beatrice@example.org', 'keeper');
  await life.says(link, 'I do not know');
  await house.live(100);
  // One is no quorum, for as long as it may last.
  expect(await house.knocks()).toEqual([]);
  expect(await life.to('helen@example.org', 'We have not heard from you')).toBe(0);
  // The other who did not know has asked the neighbours.
  await page.goto(link);
  await life.press('Look who it is');
  expect(await life.main()).toContain('You have said');
  await picture('keeper-again', page);
  await life.says(link, 'Helen Marlow has died');
  await house.live(25);
  expect(await house.knocks()).toEqual([]);
  expect(await life.to('helen@example.org', 'We have not heard from you')).toBeGreaterThan(0);
  await house.live(13);
  expect((await house.knocks()).length).toBe(1);
});

test('all her keepers have died before her: half a year of questions to her, and then it goes', async () => {
  const { helen, house } = life;
  await life.plan('both');
  await life.keeper('Joan Pryce', 'joan@example.org');
  await life.keeper('Amir Haddad', 'amir@example.org');
  await life.forHerEnd('Dan');
  await helen.page.goto(`${house.origin}/gone`);
  const day = async () =>
    /If none of your keepers ever answers, nothing leaves before \w+ (.+?)\./.exec(await helen.told())?.[1];
  const said = await until('day without keepers', day);
  // Both are asked, and nobody is there to answer.
  await house.live(ASKED + 10);
  expect(await life.to('joan@example.org', 'keeper')).toBeGreaterThan(1);
  expect(await life.to('amir@example.org', 'keeper')).toBeGreaterThan(1);
  await house.liveUntil(new Date(`${said} UTC`).toISOString());
  expect(await house.knocks()).toEqual([]);
  expect(await life.to('helen@example.org', 'We have not heard from you')).toBe(3);
  await house.live(4);
  expect((await house.knocks()).length).toBe(1);
});

test('eight words on a paper stop everything, without a mailbox, an account or a telephone of her own', async () => {
  const { helen, house, page } = life;
  await life.plan('keepers-only');
  const joan = await life.keeper('Joan Pryce', 'joan@example.org');
  const amir = await life.keeper('Amir Haddad', 'amir@example.org');
  await life.forHerEnd('Dan');
  await helen.follow('When I am gone');
  await helen.follow('Print the stop paper');
  await helen.press('Show the words');
  await helen.page.waitForSelector('.card .words li');
  const paper = await helen.page.$$eval('.card .words li', (words) =>
    words.map((one) => one.textContent ?? ''),
  );
  await house.live(40);
  // She is in a hospital abroad, and they believe the worst. Whatever goes to her mailbox is read by nobody.
  await life.says(joan, 'Helen Marlow has died', false);
  await life.says(amir, 'Helen Marlow has died');
  await house.live(20);
  await page.goto(`${house.origin}/stop`);
  await picture('stop-typing', page);
  // One of the words is not of the list: which one is said, and nothing that was typed is lost.
  const slip = paper.map((word, place) => (place === 2 ? `${word}zz` : word)).join(' ');
  await page.locator('#words').fill(slip);
  await life.press('Stop everything');
  expect(await life.main()).toContain('The third word is not one of ours');
  expect(await page.locator('#words').inputValue()).toBe(slip);
  await picture('stop-slip', page);
  await page.locator('#words').fill(paper.join(' '));
  await life.press('Stop everything');
  expect(await life.heading()).toContain('everything is stopped');
  await picture('stop-done', page);
  await until('message to a keeper', async () =>
    (await life.to('joan@example.org', 'Everything is stopped')) > 0 ? true : undefined,
  );
  // What was on its way stays.
  await house.live(200);
  expect(await house.knocks()).toEqual([]);
});

test('mail is down for longer than all questions together: nobody is silent, and nothing is released', async () => {
  const { house } = life;
  await life.plan('check-ins');
  await life.forHerEnd('Dan');
  await house.live(62);
  expect(await life.to('helen@example.org', 'Are you well?')).toBe(1);
  // From now on nobody answers where the relay was.
  await house.stop();
  await house.start({ UNSAID_MAIL: `smtp://127.0.0.1:${await freePort()}?tls=none` });
  await house.live(700);
  await house.stop();
  await house.start();
  await house.live(3);
  expect(await house.knocks()).toEqual([]);
  expect(await life.to('helen@example.org', 'We have not heard from you')).toBe(0);
  // She is asked as if no day had passed, and one press is enough.
  expect(await life.sheIsWell()).toContain('Everything begins anew from today.');
  await house.live(55);
  expect(await house.knocks()).toEqual([]);
});
