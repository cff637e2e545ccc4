// Whole lives through the town's clock, as those see them who are asked: keepers with a telephone in a supermarket, without an account and without scripts. She has died and two of three say so; she was only
// in hospital; his address has died, and his aunt and a friend know the new one.
// One thing because each life is told from its first press to its last mail.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { until } from './house';
import { Keeping } from './keeping';
import { look, picture } from './looked';

let life: Keeping;

beforeEach(async () => {
  life = await Keeping.begin();
});

afterEach(() => life.end());

test('she has died: two of three say so, she is asked again and again, and then it goes', async () => {
  const { house, page } = life;
  await life.plan('both');
  const joan = await life.keeper('Joan Pryce', 'joan@example.org');
  await life.keeper('Amir Haddad', 'amir@example.org');
  await life.keeper('Beatrice Okafor', 'beatrice@example.org');
  await life.forHerEnd('Dan');

  await page.goto(joan);
  await life.press('Look who it is');
  expect(await life.heading()).toBe('Helen Marlow trusts you.');
  await life.press('You may ask me');
  expect(await life.main()).toContain('Helen Marlow is told.');
  await until('message to her', async () =>
    (await life.to('helen@example.org', 'has said yes')) > 0 ? true : undefined,
  );

  // Sixty days and one, and five weeks of questions.
  await house.live(98);
  const asked = await house.newest('joan@example.org', 'keeper');
  const said = await life.says(asked, 'Helen Marlow has died');
  expect(said).toContain('None of the others has said anything yet.');
  expect(await house.knocks()).toEqual([]);
  const amir = await life.says(await house.newest('amir@example.org', 'keeper'), 'Helen Marlow has died');
  expect(amir).toContain('That Helen Marlow has died was said by others, too: one.');
  await until('message to her', async () =>
    (await life.to('helen@example.org', 'has told us that you have died')) > 1 ? true : undefined,
  );
  const day = /Nothing can leave before \w+day (\d+ \w+ \d{4})/.exec(amir)?.[1] ?? '';
  await house.liveUntil(`${new Date(`${day} UTC`).toISOString()}`);
  expect(await house.knocks()).toEqual([]);
  await house.live(3);
  expect((await house.knocks()).length).toBe(1);
  // Too late for another word, and said so.
  await page.goto(asked);
  await life.press('Look who it is');
  expect(await life.heading()).toBe('The letters are on their way.');
});

test('she was only in hospital: one keeper says that she is well, she presses, and nothing ever leaves', async () => {
  const { house, page } = life;
  await life.plan('both');
  await life.keeper('Joan Pryce', 'joan@example.org');
  await life.keeper('Amir Haddad', 'amir@example.org');
  await life.forHerEnd('Dan');
  await house.live(98);
  await life.says(await house.newest('joan@example.org', 'keeper'), 'Helen Marlow has died');
  const amir = await life.says(await house.newest('amir@example.org', 'keeper'), 'Helen Marlow is well');
  expect(amir).toMatch(/Nothing goes on because of that before \w+day \d+ \w+ \d{4}/);
  // Sixty days later she is still away, and both believe the worst.
  await house.live(61);
  const link = await house.newest('amir@example.org', 'keeper');
  await life.says(link, 'Helen Marlow has died');
  await house.live(12);
  const told = await life.sheIsWell();
  await picture('keeper-well', page);
  expect(told).toContain('No letter had left.');
  expect(told).toContain('They hear from us today that you are well');
  await until('message to them', async () =>
    (await life.to('joan@example.org', 'They have been heard from')) > 0 ? true : undefined,
  );
  // What was said counts no longer.
  await page.goto(link);
  await life.press('Look who it is');
  expect(await life.heading()).toBe('Helen Marlow trusts you.');
  expect(await life.main()).not.toContain('You have said');
  await house.live(58);
  expect(await house.knocks()).toEqual([]);
});

test('his address has died, and two who know him give the new one', async () => {
  const { helen, house, page } = life;
  await life.plan('keepers-only');
  const joan = await life.keeper('Joan Pryce', 'joan@example.org');
  const amir = await life.keeper('Amir Haddad', 'amir@example.org');
  await life.forHerEnd('Dan');
  await life.mayBeTold('Dan', 'Dan Marlow');
  await picture('told-to-keepers', helen.page);
  // No address is left, as after many years: nothing can be brought.
  const persons = (await helen.asks<Record<string, unknown>>('GET', '/api/persons')).body['persons'] as {
    id: string;
    addresses: { id: string }[];
  }[];
  const [dan] = persons;
  const dead = `/api/persons/${dan?.id}/addresses/${dan?.addresses[0]?.id}/remove`;
  expect((await helen.asks('POST', dead, {})).status).toBe(200);

  await life.says(joan, 'Helen Marlow has died', false);
  await house.live(1);
  await life.says(amir, 'Helen Marlow has died');
  await house.live(38);
  expect(await house.knocks()).toEqual([]);
  const gives = async (link: string, address: string) => {
    await page.goto(link);
    await life.press('Look who it is');
    expect(await life.heading()).toBe('The letters are on their way.');
    expect(await life.main()).toContain('We cannot reach Dan Marlow.');
    await picture('keeper-lost', page);
    await page.getByLabel('Where does Dan Marlow read mail now?').fill(address);
    await life.press('Give this address');
    expect(await life.heading()).toBe('Is this the address of Dan Marlow?');
    expect(await life.main()).toContain(address);
    await picture('keeper-sure-lost', page);
    await life.press('Yes, it is right');
    return life.main();
  };
  await until('question for an address', async () =>
    (await life.to('joan@example.org', 'no address that we have works')) > 0 ? true : undefined,
  );
  expect(await gives(await house.newest('joan@example.org', 'keeper'), 'dan@new.example')).toContain(
    'It counts when others give the same.',
  );
  expect(await house.knocks()).toEqual([]);
  expect(await gives(await house.newest('amir@example.org', 'keeper'), 'dan@new.example')).toContain(
    'What was written to Dan Marlow goes there now.',
  );
  await house.live(1);
  const knocks = await house.knocks();
  expect(knocks.length).toBe(1);
  expect(knocks[0]).toContain('dan@new.example');
});

/** A keeper says where Dan reads mail now, while they are asked how she is; gives what they are shown. */
async function movedTo(link: string, address: string): Promise<string> {
  const { page } = life;
  await page.goto(link);
  await life.press('Look who it is');
  expect(await life.heading()).toBe('Have you heard from Helen Marlow?');
  await page.locator('summary', { hasText: 'has written has a new address' }).click();
  await picture('keeper-moved', page);
  await page.getByLabel('Where does Dan Marlow read mail now?').fill(address);
  await life.press('Give this address');
  expect(await life.heading()).toBe('Is this the address of Dan Marlow?');
  await life.press('Yes, it is right');
  return life.main();
}

test('he has moved, and two who are asked how she is know where to: she takes one address and leaves another', async () => {
  const { helen, house, words } = life;
  await life.plan('both');
  await life.keeper('Joan Pryce', 'joan@example.org');
  await life.keeper('Amir Haddad', 'amir@example.org');
  await life.forHerEnd('Dan');
  await life.mayBeTold('Dan', 'Dan Marlow');
  await house.live(98);
  const joan = await house.newest('joan@example.org', 'keeper');
  expect(await movedTo(joan, 'dan@new.example')).toContain('is told, and decides whether it counts');
  const amir = await house.newest('amir@example.org', 'keeper');
  expect(await movedTo(amir, 'eve@evil.example')).toContain('is told, and decides whether it counts');
  await until('message to her', async () =>
    (await life.to('helen@example.org', 'where a person to whom you have written reads mail now')) > 1
      ? true
      : undefined,
  );
  await helen.signIn('helen@example.org', words);
  await helen.follow('People');
  await helen.page.locator('main').getByRole('link', { name: 'Dan' }).first().click();
  await helen.page.getByText('Joan Pryce says that Dan reads mail at dan@new.example now.').waitFor();
  await helen.page.getByText('Amir Haddad says that Dan reads mail at eve@evil.example now.').waitFor();
  await look('person-offers', helen.page);
  await helen.page.getByRole('button', { name: 'Take this address' }).first().click();
  await helen.page.getByText('dan@new.example is tried first from now on.').waitFor();
  await helen.press('Leave it');
  await helen.page.getByText('The address does not count.').waitFor();
  expect(await helen.page.locator('.address').allInnerTexts()).toEqual([
    'dan@new.example',
    'dan@example.org',
  ]);
  expect(await helen.told()).not.toContain('eve@evil.example');
});

test('he has moved, and she answers nobody any more: what both have given is where it goes, and his old address is told', async () => {
  const { house } = life;
  await life.plan('both');
  await life.keeper('Joan Pryce', 'joan@example.org');
  await life.keeper('Amir Haddad', 'amir@example.org');
  await life.forHerEnd('Dan');
  await life.mayBeTold('Dan', 'Dan Marlow');
  await house.live(98);
  for (const keeper of ['joan@example.org', 'amir@example.org']) {
    const link = await house.newest(keeper, 'keeper');
    await movedTo(link, 'dan@new.example');
    await life.says(link, 'Helen Marlow has died');
  }
  await house.live(38);
  const knocks = await house.knocks();
  expect(knocks.length).toBe(1);
  expect(knocks[0]).toContain('dan@new.example');
  expect(await life.to('dan@example.org', 'goes to another address')).toBe(1);
});
