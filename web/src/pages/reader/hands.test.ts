// Whether it is the same hand as before: only from what can be compared, and from what the house says in the form that we know.

import { expect, test } from 'vitest';
import { handOf } from '../../seal/sshsig';
import { chosen, compared, readOthers, type Other } from './hands';

const hand = handOf(new Uint8Array(32).fill(1));
const stranger = handOf(new Uint8Array(32).fill(2));
const other = (day: string): Other => ({
  delivery: 'a'.repeat(26),
  letter: 'b'.repeat(26),
  version: 1,
  day,
});

test('all that were found are held beside it; what did not come is not spoken of', async () => {
  const hands = new Map([
    ['2027-04-14', hand],
    ['2029-04-14', null],
    ['2031-04-14', stranger],
  ]);
  const found = await compared(hand, [...hands.keys()].map(other), async ({ day }) => hands.get(day)!);
  expect(found).toEqual({ same: ['2027-04-14'], other: ['2031-04-14'] });
});

test('of many letters the first and the last ones are fetched', () => {
  const days = ['2027', '2028', '2029', '2030', '2031'].map((year) => `${year}-04-14`);
  expect(chosen(days.map(other)).map(({ day }) => day)).toEqual(['2027-04-14', '2030-04-14', '2031-04-14']);
  expect(chosen(days.slice(0, 3).map(other))).toHaveLength(3);
});

test.each([
  undefined,
  '',
  'x',
  '{}',
  '[null]',
  '[{"delivery":"../../x","letter":"b","version":1,"day":"d"}]',
])('%j names no letter', (text) => {
  expect(readOthers(text)).toEqual([]);
});

test('the form of the house is read', () => {
  expect(readOthers(JSON.stringify([other('2027-04-14')]))).toEqual([other('2027-04-14')]);
});
