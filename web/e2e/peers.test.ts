// What has gone wrong in other houses of this kind, lived through in the browser: the power off for longer than all questions together, and somebody who comes back after the release, in an hour in which the power fails.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { Keeping } from './keeping';
import { picture } from './looked';

let life: Keeping;

beforeEach(async () => {
  life = await Keeping.begin();
});

afterEach(() => life.end());

test('the power is off for longer than all questions together: that is no silence of hers', async () => {
  const { house } = life;
  await life.plan('check-ins');
  await life.forHerEnd('Dan');
  await house.live(40);
  // Nearly a year, in which the house is on for a day now and then.
  for (let month = 0; month < 9; month += 1) {
    await house.off(39);
    await house.live(1);
  }
  await house.live(5);
  expect(await house.knocks()).toEqual([]);
  expect(await life.to('helen@example.org', 'Are you well?')).toBe(0);
  await house.live(10);
  expect(await life.to('helen@example.org', 'Are you well?')).toBe(1);
  expect(await life.sheIsWell()).toContain('Everything begins anew from today.');
  await house.live(50);
  expect(await house.knocks()).toEqual([]);
  expect(await life.to('helen@example.org', 'We have not heard from you')).toBe(0);
});

test('she comes back when her letters have left, and the power fails: what has left is said, and nothing goes twice', async () => {
  const { helen, house, page, words } = life;
  await life.plan('keepers-only');
  const joan = await life.keeper('Joan Pryce', 'joan@example.org');
  const amir = await life.keeper('Amir Haddad', 'amir@example.org');
  await life.forHerEnd('Dan');
  await house.live(40);
  // Nobody has asked the first: she has heard of it, and comes with her paper. After that the other is asked.
  await life.says(joan, 'Helen Marlow has died', false);
  await life.says(amir, 'Helen Marlow has died');
  await house.live(35);
  expect(await house.knocks()).toHaveLength(1);
  await house.kill();
  await house.start();
  await house.live(5);
  expect(await house.knocks()).toHaveLength(1);
  expect(await life.sheIsWell()).toContain('had left before you pressed');
  await picture('peers-left', page);
  await helen.unlock(words);
  await helen.follow('When I am gone');
  await helen.page.getByText('What has left because we believed').first().waitFor();
  await house.live(30);
  // One reminder of the knock is due by then; it is the same letter, and no other.
  expect((await house.knocks()).every((knock) => knock.includes('dan@example.org'))).toBe(true);
});
