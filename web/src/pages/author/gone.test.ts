// What is said of the days to come, and of each letter: would it arrive, and if not, what is missing.

import { describe, expect, test } from 'vitest';
import type { DaysAhead, Letter, Life } from '../../api';
import { besides, firstPlan, ledeOf, lineOf, quorumSaid } from './gone';
import { wouldFact } from './readiness';

const plan = firstPlan(3);
const ahead: DaysAhead = {
  steps: [
    { day: '2027-01-21', what: 'question', nth: 1 },
    { day: '2027-01-28', what: 'reminder', nth: 1 },
    { day: '2027-02-04', what: 'reminder', nth: 2 },
    { day: '2027-02-25', what: 'keepers', nth: 1 },
    { day: '2027-02-25', what: 'warning', nth: 1 },
    { day: '2027-03-27', what: 'hold-off', nth: 1 },
    { day: '2027-03-28', what: 'released', nth: 1 },
  ],
  spoken: false,
  leaves: '2027-03-28',
  soonest: '2027-01-26',
  unanswered: null,
};
const life = {
  plan,
  stage: 'present',
  ahead,
  letters: [{ id: 'a', leaves: '2027-03-28' }],
} as unknown as Life;
const letter = { id: 'a', person: 'p', state: 'waiting', rule: { gate: 'gone' } } as unknown as Letter;
const person = (good: boolean) => ({
  id: 'p',
  zone: null,
  language: null,
  addresses: [{ id: 'x', address: 'leo@example.org', good }],
});
const would = (of: Partial<Letter>, alive: Life | null, good = true) =>
  wouldFact({ ...letter, ...of }, { name: 'Leo', life: alive, people: [person(good)] });

describe('the days to come', () => {
  const known = {
    plan,
    keepers: 3,
    names: ['Joan', 'Amir', 'Bea'],
    email: 'h@example.org',
    today: '2026-11-21',
  };

  test('stand in a line that ends with the letters', () => {
    const line = lineOf(ahead, known);
    expect(line.map((step) => step.title)).toEqual([
      'You are here',
      'We ask how you are',
      'We ask again, two times',
      'We ask Joan, Amir and Bea',
      'We write to you once more',
      'The letters leave',
    ]);
    expect(line.at(-1)?.when).toBe('Sunday 28 March 2027');
    expect(line[2]?.when).toBe('28 January and 4 February 2027');
  });

  test('a sooner day, and that nothing comes of silence, are said beside them', () => {
    expect(ledeOf(ahead)).toBe('author.gone.lede-asked');
    expect(besides(ahead, known)).toEqual([
      expect.stringContaining('Tuesday 26 January 2027'),
      expect.stringContaining('nothing ever leaves'),
    ]);
    expect(besides(ahead, { ...known, keepers: 0 })).toEqual([]);
  });

  test('how many must agree is never more than there are', () => {
    const of = (keepers: number, quorum = 2) => quorumSaid({ plan: { ...plan, quorum }, keepers });
    expect(of(1)).toBe('Your keeper must say that you have died.');
    expect(of(2)).toBe('Both must say that you have died.');
    expect(of(3)).toBe('Two of the three must say that you have died.');
    expect(of(3, 5)).toBe('All three must say that you have died.');
  });
});

describe('would it arrive', () => {
  test('yes, on its day', () => {
    expect(would({}, life)).toMatchObject({
      status: 'good',
      text: expect.stringContaining('Sunday 28 March 2027'),
    });
  });

  test('no, and what is missing', () => {
    const says = (fact: ReturnType<typeof would>, text: string) =>
      expect(fact).toMatchObject({ status: 'problem', text: expect.stringContaining(text) });
    says(would({}, life, false), 'no address that works');
    says(would({ state: 'held' }, life), 'the house holds it');
    says(would({}, null), 'nobody asks how you are');
    says(would({}, { ...life, stage: 'ended' }), 'nobody asks how you are');
    says(would({}, { ...life, letters: [{ id: 'a', leaves: null }] }), 'nobody could say so');
  });

  test('stopped is neither', () => {
    expect(would({}, { ...life, stage: 'stopped' })).toMatchObject({ status: 'wait' });
  });
});
