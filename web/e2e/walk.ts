// One walk past every page and state of both sides, with invented people: Helen Marlow writes to her son Daniel. Whoever looks along the way is handed each
// page with a name: the check for barriers, and the pictures. It says nothing about what is right; the stories do.
// One thing because the two sides lead into each other, and each step needs what the one before has made.

import type { Browser, Page } from 'playwright-core';
import { House, linkIn, Window, SHEET, putIn } from './house';
import { called, saying, tongue } from './tongue';

export type Look = (name: string, page: Page) => Promise<void>;

/** Those of them that people print. */
export const PAPER = ['six-words', 'account-kit', 'letter-read', 'preview', 'card', 'reading', 'answer'];

const TEXT = `Dear Dan,

It is a quarter past four and the light has just reached the kitchen table, so I have an hour before the nurse comes.

I want to tell you about the day you left for Leeds. You have always thought that I did not come to the station because I was angry. I was parked across the road in your father’s van. 🚐 I saw you look up at the clock, and then at the entrance, and then at the clock again.

Your mother`;

/** The smallest of pictures. */
const DOT =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const problem = '.notice--problem';

/** Opens another window, of somebody who comes in. */
export type Enter = () => Promise<Window>;

/** Walks with as many windows as it takes. Gives what went wrong in the pages, and closes them. */
export async function entering(
  house: House,
  browser: Browser,
  walked: (enter: Enter) => Promise<void>,
): Promise<string[]> {
  const windows: Window[] = [];
  const enter = async (): Promise<Window> => {
    const window = await Window.open(house, browser, 1280);
    windows.push(window);
    // Without transitions: between light and dark no colour is looked at half-way.
    await window.page.emulateMedia({ reducedMotion: 'reduce' });
    return window;
  };
  try {
    await walked(enter);
    return windows.flatMap((window) => window.wrong);
  } finally {
    for (const window of windows) await window.close();
  }
}

/** Walks through the house from its first link to the last refusal. Gives what went wrong in the pages. */
export const walk = (house: House, browser: Browser, look: Look): Promise<string[]> =>
  entering(house, browser, async (enter) => {
    await asGuest(house, await enter(), look);
    await asAuthor(house, await enter(), enter, look);
  });

async function asGuest(house: House, guest: Window, look: Look): Promise<void> {
  const { page } = guest;
  const at = async (path: string, name: string, there = 'main h1') => {
    await page.goto(`${house.origin}${path}`);
    await page.waitForSelector(there);
    await look(name, page);
  };
  await at('/', 'welcome');
  await at('/is-this-real', 'is-this-real');
  await at('/outbox', 'outbox-empty');
  await at('/no-such-page', 'not-found');
  await at('/help/living', 'living');
  await at('/words', 'words', '#words:enabled');
  await page.fill('#words', 'fold unison zzzz');
  await page.locator('#claim button').click();
  await page.waitForSelector('#words[aria-invalid=true]');
  await look('words-refused', page);
  await at('/how-a-letter-is-kept', 'help-kept');
  await at('/what-we-cannot-do', 'help-limits');
  await at(`/k/${'A'.repeat(43)}`, 'link-unknown', 'main');
  await at(`/begin/${'A'.repeat(43)}`, 'begin-unknown', 'a[href="/sign-in"].button');
  await at('/letters', 'letters-guest');
  await at('/paper-kit', 'paper-kit', '#kit');
  await page.fill('#kit', 'NGF8 DQVP');
  await guest.press('Open my letters');
  await page.waitForSelector(problem);
  await look('paper-kit-refused', page);
  await at('/sign-in', 'sign-in', '#email');
  await page.fill('#email', 'helen at home');
  await guest.press('Send me the code');
  await page.waitForSelector(problem);
  await look('sign-in-wrong-address', page);
  await at('/write', 'write-blank', SHEET);
  await guest.follow('Next: for whom, and when');
  await page.waitForSelector(problem);
  await look('write-empty-refused', page);
  await page.fill('#title', 'The day you left for Leeds');
  await putIn(page, TEXT);
  await page.waitForURL(/write\/[a-z2-7]{26}$/);
  await look('write-guest', page);
  const first = new URL(page.url()).pathname;
  await page.goto(`${house.origin}${first}/preview`);
  await page.getByText('Dear Dan,').waitFor();
  await look('preview', page);
  // Two drafts are held beside each other as two versions of one are.
  await page.goto(`${house.origin}/write`);
  await putIn(
    page,
    TEXT.replace('I was parked across the road in your father’s van.', 'I was across the road.'),
  );
  await page.waitForURL(/write\/[a-z2-7]{26}$/);
  await page.waitForSelector('.state-line .status--good');
  await page.goto(`${house.origin}${first}/beside/${page.url().slice(-26)}`);
  await page.waitForSelector('.differs');
  await look('beside', page);
  await page.goto(`${house.origin}${first}`);
  await page.waitForSelector(SHEET);
  await page.getByText('Dear Dan,').waitFor();
  await guest.follow('Next: for whom, and when');
  await page.waitForSelector('a[href^="/sign-in"].button');
  await look('for-guest', page);
}

async function asAuthor(house: House, helen: Window, enter: Enter, look: Look): Promise<void> {
  const { page } = helen;
  const words = await comeIn(house, helen, look);

  await helen.follow('All my letters');
  await page.getByRole('heading', { level: 1, name: saying('Your letters, Helen') }).waitFor();
  await look('letters-empty', page);
  await helen.write('The day you left for Leeds', TEXT);
  await look('for-blank', page);
  await helen.press('Next: who can open it');
  await page.waitForSelector(problem);
  await look('for-refused', page);
  await helen.forSomebodyNew('Daniel', 'daniel@example.org');
  await page.check('#when-on');
  await page.fill('#day', '31');
  await page.fill('#month', '2');
  await page.fill('#year', '2037');
  await helen.press('Next: who can open it');
  await page.waitForSelector('#day-wrong');
  await look('for-wrong-day', page);
  await page.fill('#day', '12');
  await page.fill('#month', '3');
  await page.waitForFunction(() => /2037/.test(document.querySelector('.so')?.textContent ?? ''));
  await page.locator('summary', { hasText: saying('How long should it rest?') }).click();
  await look('for-day', page);
  await helen.press('Next: who can open it');
  await page.waitForSelector('#key-house');
  await look('key-blank', page);
  await helen.press('Seal the letter');
  await page.waitForSelector(problem);
  await look('key-refused', page);
  await page.check('#key-words');
  await look('key-words', page);
  await page.check('#key-house');
  await page.waitForSelector('#question');
  await look('key-house', page);
  await helen.press('Seal the letter');
  await page.waitForSelector('#question-wrong');
  await look('key-question-refused', page);
  await page.check('#proof-birthday');
  await look('key-birthday', page);
  await page.check('#proof-none');
  await look('key-nothing-asked', page);
  await page.check('#proof-question');
  await page.fill('#question', 'Which animal slept on the piano?');
  await page.fill('#answer', 'The cat');
  await page.locator('summary', { hasText: saying('What Daniel sees first') }).click();
  await page.locator('summary', { hasText: saying('What if the answer is wrong?') }).click();
  await look('key-question', page);
  await helen.press('Seal the letter');
  await page.waitForURL(/letters\/[a-z2-7]{26}$/, { timeout: 60_000 });
  await page.waitForSelector('.line');
  await look('letter-resting', page);
  await helen.press('Read it again');
  await page.waitForSelector('#words-read');
  await look('letter-read', page);

  // One for nobody, one that is only begun.
  await helen.write('To my mother', 'Mum,\n\nI am older now than you ever were.');
  await page.check('#who-new');
  await page.fill('#name', 'My mother');
  await page.check('#when-never');
  await look('for-never', page);
  await helen.press('Next: who can open it');
  await page.getByRole('button', { name: called('Seal it, for me alone') }).waitFor();
  await look('key-never', page);
  await helen.press('Seal it, for me alone');
  await page.waitForURL(/letters\/[a-z2-7]{26}$/, { timeout: 60_000 });
  await page.waitForSelector('.facts');
  await look('letter-unsent', page);
  await soon(helen, 'The piano');
  await helen.follow('Letters');
  await helen.follow('Write a letter');
  await page.waitForSelector(SHEET);
  await putIn(page, 'Dear Tessa,\n\nYou are seven as I write this.');
  await page.waitForURL(/write\/[a-z2-7]{26}$/);
  await page.locator('.state-line', { hasText: /in this house|en esta casa/ }).waitFor({ timeout: 40_000 });
  await look('write-saved', page);
  // What it was before is only to be seen once it has become something else.
  const again = page.waitForResponse((answer) =>
    /PUT .*\/api\/drafts\//.test(`${answer.request().method()} ${answer.url()}`),
  );
  await putIn(page, 'Dear Tessa,\n\nYou are seven as I write this, and have lost a tooth.');
  await again;
  await helen.follow('What it was before');
  await page.waitForSelector('main time');
  await page
    .locator('main button', { hasText: saying('Look at it') })
    .first()
    .click();
  await page.waitForSelector('article.sheet');
  await look('history', page);
  await helen.follow('Back to the letter');
  await page.waitForSelector(SHEET);
  await helen.follow('Your letters');
  await page.getByText('The day you left for Leeds').first().waitFor();
  await look('letters', page);
  await helen.press('Erase it');
  await page.waitForSelector('dialog[open]');
  await look('letters-erase-asked', page);
  await helen.press('Keep it');

  await helen.follow('People');
  await page.getByText('Daniel').first().waitFor();
  await look('people', page);
  await helen.follow('Add somebody');
  await page.waitForSelector('#name');
  await page.fill('#name', 'Tessa');
  await page.fill('#address', 'tessa at school');
  await helen.press('Save this person');
  await page.waitForSelector(problem);
  await look('person-new-refused', page);
  await helen.follow('People');
  await page.locator('main a', { hasText: 'Daniel' }).first().click();
  await page.getByText('daniel@example.org').first().waitFor();
  await look('person', page);
  await withWords(helen, look);
  await helen.follow('Tessa');
  await page.locator('main a[href$="/card"]').waitFor();
  await look('person-with-card', page);
  await helen.follow('Your account');
  await page.getByText('helen@example.org').first().waitFor();
  await look('account', page);
  await helen.follow('Make six new words');
  await page.getByRole('button', { name: called('Make six new words') }).waitFor();
  await look('new-words', page);
  await helen.follow('Your account');
  await helen.follow('Change the address that you sign in with');
  await page.waitForSelector('#email');
  await look('new-address', page);
  await helen.follow('Your account');
  if (tongue === 'en') {
    await page.selectOption('#language', 'es');
    await page.getByText('Desde ahora hablamos español.').waitFor();
    await look('account-in-spanish', page);
    await page.selectOption('#language', 'en');
    await page.getByText(saying('From now on we speak English.')).waitFor();
  }
  await helen.press('Show the paper kit');
  await page.getByRole('button', { name: called('Put it away') }).waitFor();
  await look('account-kit', page);
  const kit = await page.$$eval('.kit span:not(.kit-head)', (groups) => groups.map((one) => one.textContent));

  await house.live(2);
  await asPerson(house, await enter(), look);

  await page.goto(`${house.origin}/answers`);
  await page.getByText(saying('There is no answer yet.')).waitFor();
  await look('answers-none', page);
  await page.goto(`${house.origin}/letters`);
  await page.getByText(saying('The titles are closed')).waitFor();
  await look('letters-locked', page);
  await helen.follow('Open my letters');
  await page.waitForSelector('#words');
  await page.fill('#words', words.with(2, 'zzzz').join(' '));
  await helen.press('Open my letters');
  await page.waitForSelector(problem);
  await look('unlock-wrong', page);
  await page.fill('#words', words.join(' '));
  await helen.press('Open my letters');
  await page.getByText('The piano').first().waitFor({ timeout: 60_000 });
  await helen.follow('The piano');
  await page.getByText(saying('It has left our hands')).first().waitFor();
  await look('letter-left', page);
  await helen.follow('All my letters');
  await helen.follow('The day you left for Leeds');
  await page
    .getByRole('button', { name: called('Withdraw the letter') })
    .first()
    .waitFor();
  await look('letter-waiting', page);
  await helen.press('Change the words');
  await page.waitForSelector(SHEET);
  await putIn(page, 'Dear Dan,\n\nI was across the road, all morning.');
  await look('amend-write', page);
  await helen.follow('Next: seal the new version');
  await page.getByRole('button', { name: called('Seal the new version') }).waitFor();
  await look('amend-key', page);
  await helen.press('Seal the new version');
  await page.waitForURL(/letters\/[a-z2-7]{26}/, { timeout: 60_000 });
  await page.getByText(saying('A new version rests.')).waitFor();
  await look('letter-amending', page);
  await helen.press('Take the change back');
  await page.getByText(saying('The change is taken back.')).first().waitFor();
  await helen.press('Withdraw the letter');
  await page.waitForSelector('dialog[open]');
  await look('letter-withdraw-asked', page);
  await page
    .locator('dialog')
    .getByRole('button', { name: called('Withdraw the letter'), exact: true })
    .click();
  await page.getByText(saying('Your letter has been taken back.')).waitFor();
  await look('letter-withdrawn', page);
  await house.live(1.1);
  await page.goto(`${house.origin}/answers`);
  await page.waitForSelector('.letters h3 a');
  await look('answers', page);
  await page.click('.letters h3 a');
  await page.waitForSelector('#words');
  await look('answer-closed', page);
  await page.fill('#words', words.join(' '));
  await helen.press('Open my letters');
  await page.waitForSelector('#words-read img');
  await look('answer', page);
  await helen.follow('Letters');
  await page.getByText('Daniel').first().waitFor();
  await look('letters-answered', page);
  await fromPaper(house, await enter(), kit.join(' '), look);
}

/** On another machine, with nothing but the paper kit: in, six new words, another address. */
async function fromPaper(house: House, away: Window, kit: string, look: Look): Promise<void> {
  const { page } = away;
  await page.goto(`${house.origin}/paper-kit`);
  await page.fill('#kit', kit);
  await away.press('Open my letters');
  await page.getByRole('button', { name: called('Make six new words') }).waitFor();
  await look('recovered', page);
  await away.press('Make six new words');
  await page.waitForSelector('.words li');
  const words = await page.$$eval('.words li', (items) => items.map((item) => item.textContent ?? ''));
  await away.press('I have written them down');
  await page.waitForSelector('#first');
  await readBack(page, words);
  await away.press('Use these words from now on');
  await page.getByText(saying('Your six new words are in force.')).waitFor({ timeout: 60_000 });
  await look('new-words-ready', page);
  await away.follow('Change the address that you sign in with');
  await page.waitForSelector('#email');
  await page.fill('#email', 'helen.new@example.org');
  await away.press('Send me the code');
  await page.waitForSelector('#code');
  await look('new-address-code', page);
  await page.fill('#code', await away.code());
  await away.press('Use this address from now on');
  await page.locator('h1', { hasText: 'helen.new@example.org' }).waitFor();
  await look('new-address-ready', page);
}

/** A letter for a birthday that opens with the words of a card; then the card, and other words for the letter. */
async function withWords(helen: Window, look: Look): Promise<void> {
  const { page } = helen;
  await helen.write('What you were like at seven', 'Dear Tessa,\n\nYou are seven as I write this.');
  await helen.forSomebodyNew('Tessa', 'tessa@example.org');
  await page.check('#when-birthday');
  await page.fill('#born-day', '29');
  await page.fill('#born-month', '2');
  await page.fill('#born-year', '2020');
  await page.fill('#age', '18');
  await page.waitForFunction(() => /2038/.test(document.querySelector('.so')?.textContent ?? ''));
  await look('for-birthday', page);
  await page.check('#when-each-birthday');
  await page.fill('#until', '2060');
  await page.waitForFunction(() => /2060/.test(document.querySelector('.so')?.textContent ?? ''));
  await look('for-each-birthday', page);
  await helen.press('Next: who can open it');
  await page.waitForSelector('#key-words');
  await page.check('#key-words');
  await helen.press('Seal the letter');
  await page.waitForURL(/letters\/[a-z2-7]{26}$/, { timeout: 90_000 });
  await page.getByText(saying('Tessa will need the card')).waitFor();
  await look('letter-with-words', page);
  await helen.follow('Print the card');
  await page.getByRole('button', { name: called('Show the words') }).waitFor();
  await look('card-hidden', page);
  await helen.press('Show the words');
  await page.waitForSelector('.card .words li');
  await look('card', page);
  await helen.press('Make new words');
  await page.waitForSelector('dialog[open]');
  await look('card-new-asked', page);
  await helen.press('Keep the card');
}

/** From the first link to the account. Gives the six words. */
async function comeIn(house: House, helen: Window, look: Look): Promise<string[]> {
  const { page } = helen;
  await page.goto(await house.firstLink());
  await page.waitForSelector('#email');
  await look('begin', page);
  await page.fill('#email', 'helen@example.org');
  await helen.press('Send me the code');
  await page.waitForSelector('#code');
  await look('code', page);
  await page.fill('#code', '123');
  await helen.press('Go on');
  await page.waitForSelector(problem);
  await look('code-wrong', page);
  await page.fill('#code', await helen.code());
  await helen.press('Go on');
  await page.waitForSelector('#name');
  await look('name', page);
  await page.fill('#name', 'Helen Marlow');
  await page.check('#mine');
  await helen.press('Next: six words on paper');
  await page.waitForSelector('.words li');
  await look('six-words', page);
  const words = await page.$$eval('.words li', (items) => items.map((item) => item.textContent ?? ''));
  await helen.press('I have written them down');
  await page.waitForSelector('#first');
  await helen.press('Make my account');
  await page.waitForSelector(problem);
  await look('two-words-refused', page);
  await readBack(page, words);
  await helen.press('Make my account');
  await page.waitForSelector('#kit', { timeout: 60_000 });
  await look('account-ready', page);
  return words;
}

/** Two of the six words, as the page asks for them. */
async function readBack(page: Page, words: readonly string[]): Promise<void> {
  const places = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth'].map(saying);
  for (const field of ['first', 'second']) {
    const label = await page.locator(`label[for="${field}"]`).innerText();
    await page.fill(`#${field}`, words[places.findIndex((place) => label.search(place) >= 0)] ?? '');
  }
}

/** A letter to Daniel that goes the next morning. */
async function soon(helen: Window, title: string): Promise<void> {
  await helen.write(title, TEXT);
  await helen.page.locator('input[name=who]:not(#who-new)').first().check();
  await helen.page.check('#when-at-once');
  await helen.seal();
}

async function asPerson(house: House, daniel: Window, look: Look): Promise<void> {
  const { page } = daniel;
  await page.goto(`${house.origin}/outbox`);
  await look('outbox', page);
  const [knock] = await house.knocks();
  await page.goto(`${house.origin}/outbox`);
  await page
    .getByRole('link', { name: called('Something waits for you') })
    .first()
    .click();
  await page.waitForSelector('article');
  await look('outbox-knock', page);
  await page.goto(linkIn(knock ?? ''));
  await look('knock', page);
  await notNow(house, daniel, look);
  await page.goto(linkIn(knock ?? ''));
  await daniel.press('Tell me who wrote it');
  await page.waitForURL(/waiting$/);
  await look('waiting', page);
  await daniel.press('Open it');
  await page.waitForFunction(
    () => document.querySelector('#letter')?.textContent?.includes('Dear Dan') === true,
  );
  await look('reading', page);
  // Second of three: keep, answer, print.
  await page.locator('.hand ~ .acts button').nth(1).click();
  await page.fill('#answer-words', 'Dear Mum,\n\nI saw the van.');
  await page.setInputFiles('#answer-photos', {
    name: 'dot.png',
    mimeType: 'image/png',
    buffer: Buffer.from(DOT, 'base64'),
  });
  await page.waitForSelector('.answer-photos img');
  await look('answer-writing', page);
  await daniel.press('Seal it and send it');
  await page.getByText(saying('Your answer is sealed and kept.')).waitFor();
  await look('answer-sent', page);
  await daniel.press('Keep it yourself');
  await page.waitForSelector('#keep');
  await look('keeping', page);
  await page.goto(`${house.origin}/waiting`);
  await look('waiting-opened', page);
  await page.goto(`${house.origin}/refuse`);
  await look('refuse', page);
  await page.locator('input[value=author]').check();
  await daniel.press('I refuse it');
  await page.waitForURL(/refused/);
  await look('refused', page);
  await page.goto(`${house.origin}/waiting`);
  await look('waiting-refused', page);
}

/** Everything that a person can do instead of opening: another day, another way in, somebody beside them. */
async function notNow(house: House, daniel: Window, look: Look): Promise<void> {
  const { page } = daniel;
  await daniel.press('Keep it for later');
  await page.waitForURL(/later$/);
  await look('later', page);
  await page.check('#when-day');
  await page.fill('#day', '31');
  await page.selectOption('#month', '4');
  await page.fill('#year', '2041');
  await look('later-day', page);
  await daniel.press('Keep it for later');
  await page.waitForSelector(problem);
  await look('later-wrong-day', page);
  await daniel.press('Not today');
  await page.getByRole('heading', { level: 1, name: /^We are quiet until/ }).waitFor();
  await look('later-kept', page);
  await daniel.follow('See what waits');
  await look('waiting-later', page);
  await daniel.follow('Somebody will read it with me');
  await look('together', page);
  await daniel.follow('What is here about me');
  await look('here', page);
  await page.goto(`${house.origin}/quiet/x`);
  await look('quiet', page);
  await page.goto(`${house.origin}/come`);
  await look('come', page);
  await page.fill('#address', 'daniel@example.org');
  await page.fill('#digits', '1234');
  await daniel.press('Show me what waits');
  await page.waitForSelector(problem);
  await look('come-wrong', page);
}
