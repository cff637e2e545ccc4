// What is asked before a letter opens: when it is suggested, what is missing, what the house is told, and what comes back of
// it. An address that has stood for more than a year by the time the letter goes is taken for somebody else's until proved.

import { describe, expect, test } from 'vitest';
import type { Letter, Person, ProofShown, When } from '../../api';
import { emptyPlan, type DraftPlan } from '../../draft';
import { askForAnother } from './person';
import {
  addressGiven,
  answerSaid,
  askedOf,
  asksSaid,
  chosenIn,
  dueOf,
  proofFor,
  proofMends,
  shownOf,
  standing,
  suggestionFor,
} from './proof';
import { changed, type Records } from './vault';

const ID = 'abcdefghijklmnopqrstuvwx23';
const LETTER = 'l'.repeat(26);
const TODAY = '2026-11-21';
const none: Records = new Map();
const dan = (birthday: unknown): Records => changed(none, ID, 'person', { name: 'Dan', birthday });
const born = { day: 3, month: 9, year: 1989, leap: 'feb28' };

const plan = (of: Partial<DraftPlan> = {}): DraftPlan => ({
  ...emptyPlan(),
  who: { kind: 'person', id: ID },
  when: 'on',
  ...of,
});
const question = (text: string, answer: string): DraftPlan =>
  plan({ proof: { kind: 'question', question: text, answer } });
const fields = (...of: Parameters<typeof proofMends>) => proofMends(...of).map(({ field }) => field);

describe('what is suggested', () => {
  test.each([
    ['2027-11-21', TODAY, true, 'none', 'recent'],
    ['2027-11-22', TODAY, true, 'birthday', 'late'],
    ['2027-11-22', TODAY, false, 'question', 'late'],
    // The address is old already: it does not matter how soon the letter goes.
    ['2026-11-22', '2023-02-01', true, 'birthday', 'late'],
    ['2026-11-22', null, false, 'question', 'age-unknown'],
    ['2029-02-28', '2028-02-29', true, 'none', 'recent'],
    ['2029-03-01', '2028-02-29', true, 'birthday', 'late'],
  ] as const)('for %s, the address given on %s, birthday known: %s', (due, given, known, kind, why) => {
    expect(suggestionFor(due, given, known)).toEqual({ kind, why });
  });

  test('goes by the newest address that works, and by the last day on which it goes', () => {
    const address = (given: string | null, good = true) => ({ id: '', address: '', good, given });
    const person = (...addresses: Person['addresses']) => ({ addresses }) as unknown as Person;
    expect(addressGiven(person(address('2024-01-01'), address('2025-06-01'), address(null)))).toBe(
      '2025-06-01',
    );
    expect(addressGiven(person(address('2024-01-01'), address('2026-01-01', false)))).toBe('2024-01-01');
    expect(addressGiven(person(address(null)))).toBeNull();
    expect(addressGiven(person())).toBeNull();
    expect(addressGiven(null)).toBeNull();
    const arrival = { arrives: '2037-03-12T23:30:00Z', arrivesZone: 'Asia/Tokyo' } as When;
    expect(dueOf(arrival)).toBe('2037-03-13');
    expect(dueOf({ ...arrival, days: ['2027-09-03', '2028-09-03', '2060-09-03'] })).toBe('2060-09-03');
  });

  test('stands until she chooses, and her choice stands whatever is suggested', () => {
    const late = { kind: 'question', why: 'late' } as const;
    expect(standing(plan(), late)).toBe('question');
    expect(standing(plan({ proof: { kind: 'none', question: '', answer: '' } }), late)).toBe('none');
    expect(standing(question('Which?', 'cat'), { kind: 'none', why: 'recent' })).toBe('question');
  });
});

describe('what is missing', () => {
  test('of a question, by field; an answer needs a letter or a figure', () => {
    expect(fields('question', question(' ', ''), TODAY, none)).toEqual(['question', 'answer']);
    expect(fields('question', question('Which?', ' ?! '), TODAY, none)).toEqual(['answer']);
    expect(fields('question', question('Which?', '猫'), TODAY, none)).toEqual([]);
    expect(fields('question', question('Which?', '7'), TODAY, none)).toEqual([]);
    expect(fields('none', question('', ''), TODAY, none)).toEqual([]);
  });

  test('of a birthday, unless the vault knows it', () => {
    expect(fields('birthday', plan(), TODAY, none)).toEqual(['born-day']);
    expect(fields('birthday', plan(), TODAY, dan(born))).toEqual([]);
    const typed = plan({ born: { day: '31', month: '4', year: '', leap: 'feb28' } });
    expect(fields('birthday', typed, TODAY, none)).toEqual(['born-day']);
  });
});

describe('what the house is told', () => {
  test('is a question on one line, with its answer', () => {
    expect(proofFor('question', question(' Which animal\nslept there? ', ' The  cat '), none)).toEqual({
      kind: 'question',
      question: 'Which animal slept there?',
      answer: 'The cat',
    });
    expect(proofFor('question', question('Which?', '…'), none)).toBeNull();
    expect(proofFor('none', question('Which?', 'cat'), none)).toBe('none');
  });

  test('is the birthday that is known, with its year where it is', () => {
    expect(proofFor('birthday', plan(), dan(born))).toEqual({
      kind: 'birthday',
      year: 1989,
      month: 9,
      day: 3,
    });
    expect(proofFor('birthday', plan(), dan({ ...born, year: null }))).toMatchObject({ year: null });
    expect(proofFor('birthday', plan(), none)).toBeNull();
    const typed = plan({ born: { day: '3', month: '9', year: '', leap: 'feb28' } });
    expect(proofFor('birthday', typed, none)).toMatchObject({ year: null, month: 9, day: 3 });
  });
});

describe('what comes back', () => {
  const asked = { kind: 'question', question: 'Which?', answer: 'the cat' } as const;
  const letter = (proof: ProofShown, of: Partial<Letter> = {}) =>
    ({ id: LETTER, person: ID, state: 'waiting', rule: { proof }, ...of }) as unknown as Letter;

  test('holds no answer, and the vault completes it', () => {
    expect(shownOf(asked)).toEqual({ kind: 'question', question: 'Which?' });
    expect(shownOf({ kind: 'birthday', year: null, month: 9, day: 3 })).toEqual({
      kind: 'birthday',
      year: false,
    });
    const records = changed(none, LETTER, 'letter', { proof: asked });
    expect(askedOf(records, LETTER)).toEqual(asked);
    expect(chosenIn(letter(shownOf(asked)), records)).toEqual(asked);
    expect(chosenIn(letter(shownOf(asked)), none)).toEqual({ ...asked, answer: '' });
    // What is suggested for its new day counts, where nothing was asked.
    expect(chosenIn(letter('none'), none).kind).toBeNull();
    expect(answerSaid(askedOf(records, LETTER))).toBe('the cat');
    expect(answerSaid(null)).toBe('');
  });

  test.each([null, 1, 'other', {}, { kind: 'question', question: 1 }, { kind: 'birthday', day: '3' }])(
    'of a newer page, or damaged, is not guessed: %j',
    (proof) => {
      expect(askedOf(changed(none, LETTER, 'letter', { proof }), LETTER)).toBeNull();
    },
  );

  test('is said in a sentence', () => {
    expect(asksSaid('none')).toContain('Whoever reads the mailbox can open it.');
    expect(asksSaid(shownOf(asked))).toContain('‘Which?’');
    expect(asksSaid({ kind: 'birthday', year: true })).toContain('year');
    expect(asksSaid({ kind: 'birthday', year: false })).not.toContain('year');
  });

  test('of a birthday that was corrected: the letters that ask for another one, and no others', () => {
    const birthday = (year: number | null, of: Partial<Letter> = {}) => ({
      letter: letter({ kind: 'birthday', year: year !== null }, of),
      proof: { kind: 'birthday', year, month: 9, day: 3 } as const,
    });
    const ids = (
      { letter: one, proof }: ReturnType<typeof birthday>,
      now: { day: number; month: number; year: number | null },
      known = true,
    ) =>
      askForAnother(
        [one],
        ID,
        { ...now, leap: 'feb28' },
        {
          asked: () => (known ? proof : null),
          before: { day: 3, month: 9, year: 1989, leap: 'feb28' },
        },
      ).length;
    expect(ids(birthday(1989), { day: 3, month: 9, year: 1989 })).toBe(0);
    expect(ids(birthday(1989), { day: 4, month: 9, year: 1989 })).toBe(1);
    expect(ids(birthday(1989), { day: 3, month: 9, year: 1990 })).toBe(1);
    // A year that is not known any more, or is known now, changes nothing that is asked.
    expect(ids(birthday(1989), { day: 3, month: 9, year: null })).toBe(0);
    expect(ids(birthday(null), { day: 3, month: 9, year: 1990 })).toBe(0);
    // Where the vault does not know what was asked, it was the birthday that stood there before.
    expect(ids(birthday(1989), { day: 4, month: 9, year: 1989 }, false)).toBe(1);
    expect(ids(birthday(1989), { day: 3, month: 9, year: 1989 }, false)).toBe(0);
    expect(ids(birthday(1989, { state: 'left' }), { day: 4, month: 9, year: 1989 })).toBe(1);
    expect(ids(birthday(1989, { state: 'withdrawn' }), { day: 4, month: 9, year: 1989 })).toBe(0);
    expect(ids(birthday(1989, { person: 'somebody' }), { day: 4, month: 9, year: 1989 })).toBe(0);
  });
});
