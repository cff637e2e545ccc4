// The second walk: past every page and state of 'when I am gone', of those whom she trusts, and of letters that wait to be asked for, in a house of its own, because years go by in it.
// Whoever looks along the way is handed each page with a name. It says nothing about what is right; the stories do.

import type { Browser, Page } from 'playwright-core';
import { House, until, Window } from './house';
import { called, saying } from './tongue';
import { entering, type Look } from './walk';

/** Those of them that people print. */
export const PAPER_GONE = ['gone-paper', 'claim-slips'];

const problem = '.notice--problem';

/** Walks through the house from the first letter that waits for her end to what is asked when she is gone. Gives what went wrong in the pages. */
export const walkGone = (house: House, browser: Browser, look: Look): Promise<string[]> =>
  entering(house, browser, async (enter) => {
    const helen = await enter();
    const words = await helen.begin(await house.firstLink(), 'helen@example.org', 'Helen Marlow');
    await helen.follow('All my letters');
    await arms(helen, look);
    await heldUntilAskedFor(helen, look);
    await withoutAddress(helen, look);
    const keeper = await enter();
    await invited(house, keeper, look);
    const stop = await paper(helen, look);
    await comesLooking(house, await enter(), look);
    await stops(house, await enter(), stop, look);
    await house.live(1);
    await helen.unlock(words);
    await helen.follow('When I am gone');
    await helen.page.getByText(saying('Everything is stopped')).first().waitFor();
    await look('gone-stopped', helen.page);
    await helen.press('Let it go on');
    await helen.page.getByText(saying('Good that you are back.')).waitFor();

    // She falls silent.
    await house.live(98);
    await asked(house, keeper, look);
    await well(house, await enter(), look);
    // And falls silent again, for good.
    await house.live(98);
    await says(keeper.page, await house.newest('joan@example.org', 'keeper'));
    await says(keeper.page, await house.newest('amir@example.org', 'keeper'));
    await doubted(house, await enter(), look);
    await house.live(40);
    await lost(house, keeper, look);
    await helen.signIn('helen@example.org', words);
    await helen.follow('When I am gone');
    await helen.page.locator('.lede', { hasText: /20\d\d/ }).waitFor();
    await look('gone-returned', helen.page);
  });

/** A button of a page that the house wrote, by what it does. */
const does = (page: Page, act: string) => page.locator(`button[name=do][value=${act}]`).first().click();

const ready = (page: Page) => page.waitForLoadState('load');

/** A letter for when she is gone leads her to who is asked; she names two, begins, and looks at the days to come. */
async function arms(helen: Window, look: Look): Promise<void> {
  const { page } = helen;
  await helen.write('The bracelet', 'Leo,\n\nit is in the blue tin.');
  await helen.forSomebodyNew('Leo', 'leo@example.org');
  await page.check('#when-gone');
  await look('for-gone', page);
  await helen.press('Next: who can open it');
  await page.waitForURL(/gone\?then=/);
  await page.locator('.so-date').first().waitFor();
  await look('gone-unarmed', page);
  await helen.press('Name a keeper');
  await page.fill('#keeper-name', 'Joan Pryce');
  await page.fill('#keeper-address', 'joan at home');
  await helen.press('Name this keeper');
  await page.waitForSelector(problem);
  await look('gone-keeper-refused', page);
  await page.fill('#keeper-address', 'joan@example.org');
  await helen.press('Name this keeper');
  await page.locator('#keeper-paper').waitFor();
  await look('gone-keeper-named', page);
  await helen.press('Put it away');
  await helen.press('Name a keeper');
  await page.fill('#keeper-name', 'Amir Haddad');
  await page.fill('#keeper-address', 'amir@example.org');
  await helen.press('Name this keeper');
  await page.locator('#keeper-paper', { hasText: 'Amir' }).waitFor();
  await helen.press('Put it away');
  await helen.press('Begin, and go on with the letter');
  await page.waitForURL(/write\/[a-z2-7]{26}\/key$/);
  await page.check('#key-house');
  await page.check('#proof-none');
  await helen.press('Seal the letter');
  await page.waitForURL(/letters\/[a-z2-7]{26}$/, { timeout: 60_000 });
  await page.waitForSelector('.line, .facts');
  await look('letter-for-gone', page);
  await helen.follow('When I am gone');
  await page.locator('.lede', { hasText: /20\d\d/ }).waitFor();
  await look('gone-armed', page);
  await page.getByRole('button', { name: saying('Take away Amir Haddad') }).click();
  await page.waitForSelector('dialog[open]');
  await look('gone-keeper-leaves', page);
  await page.keyboard.press('Escape');
  await helen.press('Pause until that day');
  await page.waitForSelector(problem);
  await look('gone-pause-refused', page);
  await page.locator('summary', { hasText: saying('Change who is asked') }).click();
  await page.selectOption('#every', '30');
  await page.getByText(saying('This could let letters go sooner than what stands now.')).waitFor();
  await look('gone-plan', page);
  await page.selectOption('#every', '60');
  await helen.follow('Rehearse it: show me all that would be sent');
  await page.locator('ol.letters li').first().waitFor();
  await page.locator('ol.letters summary').first().click();
  await look('gone-rehearsal', page);
  await helen.follow('When I am gone');
  await page.locator('.lede', { hasText: /20\d\d/ }).waitFor();
}

/** A letter that waits to be asked for, and its cards. */
async function heldUntilAskedFor(helen: Window, look: Look): Promise<void> {
  const { page } = helen;
  await helen.write('The day you left', 'Dear Dan,\n\nI was across the road.');
  await page.check('#who-new');
  await page.fill('#name', 'Dan');
  await page.check('#when-at-once');
  await page.check('#reach-claim');
  await page.getByText(saying('Nobody is written to')).first().waitFor();
  await look('for-claim', page);
  await helen.press('Next: who can open it');
  await page.waitForSelector('#key-words');
  await page.check('#key-words');
  await look('key-claim', page);
  await helen.press('Seal the letter');
  await page.waitForURL(/letters\/[a-z2-7]{26}$/, { timeout: 90_000 });
  await page.waitForSelector('.line, .facts');
  await look('letter-for-claim', page);
  await helen.follow('Print the card');
  await page.check('#early-waits');
  await page.getByText(saying('From now on it is said so.')).waitFor();
  await page.check('#paper-slips');
  await helen.press('Show the words');
  await page.locator('.slip-words').first().waitFor();
  await look('claim-slips', page);
}

/** A person who has no address, and whose name her keepers may be told. */
async function withoutAddress(helen: Window, look: Look): Promise<void> {
  const { page } = helen;
  await helen.follow('People');
  await page.locator('main').getByRole('link', { name: 'Leo' }).first().click();
  await page.fill('#told', 'Leo Marlow');
  await helen.press('Let them be told this name');
  await page.waitForSelector('.said .notice--good');
  await look('person-told', page);
  const dead = await page.evaluate(async () => {
    const persons = (await (await fetch('/api/persons')).json()) as {
      persons: { id: string; addresses: { id: string }[] }[];
    };
    const leo = persons.persons.find((person) => person.addresses.length > 0);
    const path = `/api/persons/${leo?.id}/addresses/${leo?.addresses[0]?.id}/remove`;
    const headers = { 'content-type': 'application/json', 'unsaid-request': '1' };
    return (await fetch(path, { method: 'POST', headers, body: '{}' })).status;
  });
  if (dead !== 200) throw new Error(`the address was not removed: ${dead}`);
}

/** Somebody is named, and looks who it is. */
async function invited(house: House, keeper: Window, look: Look): Promise<void> {
  const { page } = keeper;
  await page.goto(`${house.origin}/keeper/${'A'.repeat(43)}`);
  await look('keeper-unknown', page);
  await page.goto(await house.newest('joan@example.org', 'keeper'));
  await look('keeper-door', page);
  await does(page, 'who');
  await ready(page);
  await look('keeper-invited', page);
  await does(page, 'accept');
  await ready(page);
  await look('keeper-accepted', page);
  await page.goto(await house.newest('joan@example.org', 'keeper'));
  await does(page, 'who');
  await ready(page);
  for (const summary of await page.locator('main summary').all()) await summary.click();
  await look('keeper-between', page);
  // A browser that looks at addresses itself sends none that is wrong.
  await page.$eval('#address', (field) => field.setAttribute('type', 'text'));
  await page.fill('#address', 'joan at home');
  await does(page, 'move');
  await page.waitForSelector('[aria-invalid=true], .notice--problem');
  await look('keeper-moved-refused', page);
  await page.goto(await house.newest('joan@example.org', 'keeper'));
  await does(page, 'who');
  await ready(page);
  for (const summary of await page.locator('main summary').all()) await summary.click();
  await page.fill('#address', 'joan.new@example.org');
  await does(page, 'move');
  await ready(page);
  await look('keeper-moved-sure', page);
}

/** The stop paper, with its words. */
async function paper(helen: Window, look: Look): Promise<string> {
  const { page } = helen;
  await helen.follow('When I am gone');
  await helen.follow('Print the stop paper');
  await page.getByRole('button', { name: called('Show the words') }).waitFor();
  await look('gone-paper-hidden', page);
  await helen.press('Show the words');
  await page.waitForSelector('.card .words li');
  await look('gone-paper', page);
  const typed = await page.$$eval('.card .words li', (items) => items.map((one) => one.textContent ?? ''));
  return typed.join(' ');
}

/** Somebody looks whether anything was left for them. */
async function comesLooking(house: House, dan: Window, look: Look): Promise<void> {
  const { page } = dan;
  await page.goto(`${house.origin}/come/address`);
  await look('come-address', page);
  await page.fill('#address', 'dan at home');
  await page.locator('main form button').click();
  await page.waitForSelector('#address-wrong');
  await look('come-address-refused', page);
  await page.fill('#address', 'dan@example.org');
  await page.locator('main form button').click();
  await page.waitForSelector('#address-wrong', { state: 'detached' });
  await look('come-address-sent', page);
}

/** Whoever has the paper stops everything. */
async function stops(house: House, other: Window, words: string, look: Look): Promise<void> {
  const { page } = other;
  await page.goto(`${house.origin}/stop`);
  await look('stop', page);
  await page.fill('#words', words.replace(/ \S+$/, ' zzzz'));
  await other.press('Stop everything');
  await page.waitForSelector('#words[aria-invalid=true]');
  await look('stop-misread', page);
  await page.fill('#words', words);
  await other.press('Stop everything');
  await page.waitForSelector('main a[href="/stop"].button');
  await look('stop-done', page);
}

/** A keeper is asked, forgets to choose, chooses, is asked once more, and answers. */
async function asked(house: House, keeper: Window, look: Look): Promise<void> {
  const { page } = keeper;
  const link = await house.newest('joan@example.org', 'keeper');
  await page.goto(link);
  await does(page, 'who');
  await ready(page);
  await look('keeper-asked', page);
  await page.evaluate(() =>
    document.querySelectorAll('input[name=word]').forEach((one) => one.removeAttribute('required')),
  );
  await does(page, 'say');
  await page.waitForSelector(problem);
  await look('keeper-unclear', page);
  for (const word of ['well', 'unknown', 'died']) {
    await page.goto(link);
    await does(page, 'who');
    await page.check(`#${word}`);
    await does(page, 'say');
    await ready(page);
    await look(`keeper-sure-${word}`, page);
    await does(page, 'say');
    await ready(page);
    await look(`keeper-said-${word}`, page);
  }
}

/** Somebody says that she has died, and means it. */
async function says(page: Page, link: string): Promise<void> {
  await page.goto(link);
  await does(page, 'who');
  await page.check('#died');
  await does(page, 'say');
  await page.waitForSelector('input[name=sure]', { state: 'attached' });
  await does(page, 'say');
  await ready(page);
}

/** She presses the button of her newest message. */
async function well(house: House, telephone: Window, look: Look): Promise<void> {
  const { page } = telephone;
  await page.goto(`${house.origin}/well/${'A'.repeat(43)}`);
  await look('well-unknown', page);
  await page.goto(await house.newest('helen@example.org', 'well'));
  await look('well', page);
  await page.locator('main form button').click();
  await ready(page);
  await look('well-done', page);
}

/** Her keepers say that she has died, and a button is pressed. */
async function doubted(house: House, telephone: Window, look: Look): Promise<void> {
  const { page } = telephone;
  await page.goto(await house.newest('helen@example.org', 'well'));
  await look('well-doubted', page);
}

/** She was let go, and somebody whom she wrote to cannot be reached. */
async function lost(house: House, keeper: Window, look: Look): Promise<void> {
  const { page } = keeper;
  await page.goto(await house.newest('joan@example.org', 'keeper'));
  await does(page, 'who');
  await ready(page);
  await look('keeper-lost', page);
  await page.locator('main input[type=email]').first().fill('leo@new.example');
  await does(page, 'give');
  await ready(page);
  await look('keeper-lost-sure', page);
  await does(page, 'give');
  await ready(page);
  await look('keeper-lost-noted', page);
}
