// The author's pages without a browser: where an address leads, what a plan lacks, what is merged in the vault.

import { afterEach, describe, expect, test } from 'vitest';
import type { Letter } from '../../api';
import { emptyPlan, type DraftPlan } from '../../draft';
import { speak } from '../../words';
import { readTypedKit } from './keys/misread';
import { meantForAnother, personMends, recordOf, type PersonAnswers } from './person';
import {
  birthdayMends,
  dayMends,
  lastYear,
  momentOf,
  planMends,
  planOf,
  restOf,
  ruleOf,
  typedBirthday,
} from './plan';
import { placeOf, safeReturn } from './router';
import { againSaid, forFact, heading, keyFact, steps, whereFact } from './story';
import {
  birthdayOf,
  cardOf,
  changed,
  handOf,
  merge,
  mergeRecord,
  nameOf,
  parseVault,
  sealedDrafts,
  SELF,
  VaultUnknown,
  vaultText,
  withHand,
  type Records,
  type VaultRecord,
} from './vault';

const ID = 'abcdefghijklmnopqrstuvwx23';
const TODAY = '2026-11-21';
/** An account made for this test alone. */
const KIT = 'NGF8DQVPN87AX4ZP8YCRMH43UX3VLFWTAC67638PLEDXUFLA3SUQP0VRSS';
const LISBON = 'Europe/Lisbon';

describe('an address', () => {
  test.each([
    ['/write', 'write', ''],
    [`/write/${ID}`, 'write', ID],
    [`/write/${ID}/for`, 'for', ID],
    [`/write/${ID}/key/`, 'key', ID],
    ['/begin/aB-_9', 'begin', 'aB-_9'],
    [`/letters/${ID}`, 'letter', ID],
    ['/people/new', 'new-person', ''],
    [`/people/${ID}`, 'person', ID],
    [`/people/${ID}/card`, 'card', ID],
    ['/account/words', 'new-words', ''],
    ['/paper-kit', 'recover', ''],
    ['/how-a-letter-is-kept', 'help-kept', ''],
    ['/letters/short', 'not-found', ''],
    [`/letters/${ID}/else`, 'not-found', ''],
    ['/', 'not-found', ''],
  ])('%s', (path, page, id) => {
    expect(placeOf(path)).toEqual({ page, id });
  });

  test('to return to is one of ours, whatever stands in the link', () => {
    expect(safeReturn(`/write/${ID}/for`)).toBe(`/write/${ID}/for`);
    expect(safeReturn('/house')).toBe('/house');
    for (const wrong of [
      null,
      '',
      'https://x.example',
      '//x.example',
      '/\\x.example',
      '/sign-in',
      '/nowhere',
      '/house/hold',
    ]) {
      expect(safeReturn(wrong)).toBe('/letters');
    }
  });
});

describe('a plan', () => {
  const plan = (of: Partial<DraftPlan>): DraftPlan => ({ ...emptyPlan(), zone: LISBON, ...of });
  const on = (day: string, month: string, year: string) => plan({ when: 'on', day, month, year });
  const none: Records = new Map();
  const fields = (of: DraftPlan, records = none) => planMends(of, TODAY, records).map((mend) => mend.field);
  const born = (day: string, month: string, year = '') => ({ day, month, year, leap: 'feb28' as const });

  test('says which part of a day is wrong', () => {
    expect(dayMends(on('31', '4', '2037'), TODAY)).toEqual([
      { field: 'day', text: 'April has 30 days. Type a day from 1 to 30.' },
    ]);
    expect(dayMends(on('29', '2', '2027'), TODAY)[0]).toMatchObject({ field: 'day' });
    expect(dayMends(on('1', '13', '2037'), TODAY)[0]).toMatchObject({ field: 'month' });
    expect(dayMends(on('1', '1', '37'), TODAY)[0]).toMatchObject({ field: 'year' });
    expect(dayMends(on('20', '11', '2026'), TODAY)[0]).toMatchObject({ field: 'year' });
    expect(dayMends(on('one', '1', '2037'), TODAY)[0]).toMatchObject({ field: 'day' });
    expect(dayMends(on(' 29', '2', '2028 '), TODAY)).toEqual([]);
    expect(dayMends(on('21', '11', '2026'), TODAY)).toEqual([]);
  });

  test('wants somebody with an address, and a day', () => {
    expect(fields(plan({}))).toEqual(['who-new', 'when-at-once']);
    expect(fields(plan({ who: { kind: 'new', name: ' ', address: '' }, when: 'at-once' }))).toEqual([
      'name',
      'address',
    ]);
    // A letter that is never delivered needs a name and no address.
    expect(fields(plan({ who: { kind: 'new', name: 'Mother', address: '' }, when: 'never' }))).toEqual([]);
    expect(fields(plan({ who: { kind: 'person', id: ID }, when: 'at-once' }))).toEqual([]);
  });

  test('becomes the rule that the house stores', () => {
    expect(ruleOf(on('12', '3', '2037'), none)).toEqual({
      gate: 'none',
      moment: { kind: 'on', date: '2037-03-12', time: '09:00', zone: LISBON },
      reach: 'send',
      proof: 'none',
    });
    expect(momentOf(plan({ when: 'at-once' }), none)).toEqual({ kind: 'at-once' });
    expect(ruleOf(plan({ when: 'never' }), none)).toBeNull();
    expect([restOf(plan({})), restOf(plan({ rest: 'week' })), restOf(plan({ rest: 'none' }))]).toEqual([
      'morning',
      7,
      'none',
    ]);
  });

  test('goes by the birthday that is known, and asks for what is not', () => {
    const who = { kind: 'person', id: ID } as const;
    const known = (birthday: unknown): Records =>
      new Map([[ID, { id: ID, kind: 'person', rev: 1, gone: false, birthday }]]);
    const leap = known({ day: 29, month: 2, year: 2020, leap: 'mar1' });
    const eighteen = plan({ who, when: 'birthday', age: '18' });
    expect(momentOf(eighteen, leap)).toEqual({
      kind: 'birthday',
      age: 18,
      year: 2020,
      month: 2,
      day: 29,
      leap: 'mar1',
      time: '09:00',
      zone: LISBON,
    });
    expect(fields(eighteen, leap)).toEqual([]);
    // An age is reckoned from a year: without one it is asked for, and what is typed completes what is known.
    const yearless = known({ day: 3, month: 9, year: null, leap: 'feb28' });
    expect(fields(eighteen, yearless)).toEqual(['born-year']);
    expect(momentOf(plan({ ...eighteen, born: born('', '', '1989') }), yearless)).toMatchObject({
      year: 1989,
      month: 9,
    });
    expect(fields(plan({ who, when: 'birthday', age: 'x' }))).toEqual(['born-day', 'age']);
    expect(fields(plan({ who, when: 'birthday', age: '18', born: born('31', '4', '1989') }))).toEqual([
      'born-day',
    ]);
    expect(fields(plan({ who, when: 'birthday', age: '18', born: born('30', '4') }))).toEqual(['born-year']);
    expect(fields(plan({ who, when: 'birthday', age: '151', born: born('30', '4', '1989') }))).toEqual([
      'age',
    ]);
  });

  test('every birthday goes until her own hundredth, else theirs, unless she says another year', () => {
    const each = (of: Partial<DraftPlan>) =>
      plan({ who: { kind: 'person', id: ID }, when: 'each-birthday', ...of });
    const theirs: Records = new Map([
      [ID, { id: ID, kind: 'person', rev: 1, gone: false, birthday: { day: 3, month: 9, year: 1989 } }],
    ]);
    const hers = changed(theirs, SELF, 'self', { birthday: '1951-03-12' });
    expect(lastYear(each({}), hers)).toBe(2051);
    expect(lastYear(each({}), theirs)).toBe(2089);
    expect(lastYear(each({ until: ' 2040 ' }), hers)).toBe(2040);
    expect(lastYear(each({ born: born('3', '9') }), none)).toBeNull();
    expect(fields(each({ born: born('3', '9') }))).toEqual(['until']);
    expect(fields(each({ until: '2025' }), hers)).toEqual(['until']);
    expect(fields(each({ until: '2200' }), hers)).toEqual(['until']);
    expect(momentOf(each({}), hers)).toEqual({
      kind: 'each-birthday',
      until: 2051,
      month: 9,
      day: 3,
      leap: 'feb28',
      time: '09:00',
      zone: LISBON,
    });
  });

  test('comes back from a sealed letter as it was decided', () => {
    const moment = momentOf(
      plan({ who: { kind: 'person', id: ID }, when: 'birthday', age: '18', born: born('29', '2', '2020') }),
      none,
    )!;
    const rule = { gate: 'none', moment, reach: 'send', proof: 'none' } as const;
    const back = planOf({ person: ID, rule } as unknown as Letter);
    expect(momentOf(back, none)).toEqual(moment);
    // What becomes the next version of a letter has its person and its day already.
    expect(planMends({ ...emptyPlan(), amends: ID }, TODAY, none)).toEqual([]);
  });
});

describe('a birthday as typed', () => {
  const typed = (day: string, month: string, year = '') => ({ day, month, year, leap: 'mar1' as const });

  test('may lack its year, and may be 29 February', () => {
    expect(typedBirthday(typed('29', '2'))).toEqual({ day: 29, month: 2, year: null, leap: 'mar1' });
    expect(typedBirthday(typed('29', '2', '2019'))).toBeNull();
    expect(typedBirthday(typed('', ''))).toBeNull();
    expect(birthdayMends(typed('', ''), TODAY)).toEqual([]);
    expect(birthdayMends(typed('29', '2'), TODAY)).toEqual([]);
    expect(birthdayMends(typed('29', '2', '2019'), TODAY)[0]).toMatchObject({ field: 'born-day' });
    expect(birthdayMends(typed('1', '1', '1820'), TODAY)[0]).toMatchObject({ field: 'born-year' });
    expect(birthdayMends(typed('22', '11', '2026'), TODAY)[0]).toMatchObject({ field: 'born-year' });
    expect(birthdayMends(typed('1', '13'), TODAY)[0]).toMatchObject({ field: 'born-month' });
  });

  test('is kept with what she knows of a person, and an emptied field stays empty', () => {
    const answers: PersonAnswers = {
      name: ' Dan ',
      dear: 'My dear Dan',
      born: typed('3', '9'),
      zone: LISBON,
      language: 'en',
      note: '',
    };
    expect(personMends(answers, TODAY)).toEqual([]);
    expect(personMends({ ...answers, name: ' ' }, TODAY)[0]).toMatchObject({ field: 'name' });
    const records = changed(new Map(), ID, 'person', recordOf(answers));
    expect(birthdayOf(records, ID)).toEqual({ day: 3, month: 9, year: null, leap: 'mar1' });
    const emptied = changed(records, ID, 'person', recordOf({ ...answers, born: typed('', '') }));
    expect(birthdayOf(emptied, ID)).toBeNull();
    expect(nameOf(emptied, ID)).toBe('Dan');
  });

  test('that is corrected is asked about for letters that wait for another day, and for no others', () => {
    const letter = (id: string, moment: unknown, of: Partial<Letter> = {}) =>
      ({ id, person: ID, state: 'waiting', rule: { moment }, ...of }) as unknown as Letter;
    const each = { kind: 'each-birthday', until: 2060, day: 3, month: 9, leap: 'feb28' };
    const eighteen = { kind: 'birthday', age: 18, year: 2020, day: 3, month: 9, leap: 'feb28' };
    const all = [
      letter('each', each),
      letter('eighteen', eighteen),
      letter('left', each, { state: 'left' }),
      letter('another', each, { person: 'somebody' }),
      letter('day', { kind: 'on', date: '2037-03-12' }),
    ];
    const ids = (born: Parameters<typeof meantForAnother>[2]) =>
      meantForAnother(all, ID, born).map((one) => one.id);
    expect(ids({ day: 3, month: 9, year: 2020, leap: 'feb28' })).toEqual([]);
    expect(ids({ day: 4, month: 9, year: 2020, leap: 'feb28' })).toEqual(['each', 'eighteen']);
    expect(ids({ day: 3, month: 9, year: 2019, leap: 'feb28' })).toEqual(['eighteen']);
    // The choice for 29 February says nothing of another day, and an unknown year leaves an age as it is.
    expect(ids({ day: 3, month: 9, year: null, leap: 'mar1' })).toEqual([]);
  });
});

describe('a paper kit', () => {
  const kit = 'AGE-SECRET-KEY-PQ-1' + KIT;

  test('is read as it was printed, in groups and in small letters', () => {
    expect(readTypedKit(kit)).toEqual({ identity: kit });
    const groups = KIT.match(/.{1,4}/g)!
      .join(' ')
      .toLowerCase();
    expect(readTypedKit(groups)).toEqual({ identity: kit });
  });

  test('that was misread in one letter says in which group', () => {
    for (const place of [0, 13, 57]) {
      const other = KIT[place] === 'Q' ? 'P' : 'Q';
      const misread = KIT.slice(0, place) + other + KIT.slice(place + 1);
      expect(readTypedKit(misread)).toEqual({ group: Math.floor(place / 4) });
    }
    const twice = (KIT[3] === 'Q' ? 'P' : 'Q') + (KIT[0] === 'Z' ? 'Y' : 'Z');
    expect(() => readTypedKit(KIT.slice(0, 20) + twice + KIT.slice(22))).toThrow('kit-misread');
    expect(() => readTypedKit(KIT.slice(1))).toThrow('kit-missing');
  });
});

describe('the vault', () => {
  const record = (of: Partial<VaultRecord>): VaultRecord => ({
    id: ID,
    kind: 'person',
    rev: 1,
    gone: false,
    ...of,
  });

  test('reads what it wrote, with fields that it does not know', () => {
    const records = new Map([[ID, record({ name: 'Dan', later: { nested: true } })]]);
    expect(parseVault(vaultText(records))).toEqual(records);
    expect(nameOf(records, ID)).toBe('Dan');
  });

  test('of a newer form is told apart from a damaged one, and both are left alone', () => {
    const why = (text: string): unknown => {
      try {
        return parseVault(text);
      } catch (error) {
        return error instanceof VaultUnknown ? error.why : error;
      }
    };
    expect(why('{"format":"unsaid-vault 2","records":[]}')).toBe('newer');
    expect(why('{"format":"unsaid-vault 1","records":{}}')).toBe('damaged');
    expect(why('{"format":"unsaid-vault 1","records":[null]}')).toBe('damaged');
    expect(why('nothing')).toBe('damaged');
  });

  test('keeps kinds of records that it does not know', () => {
    const text =
      '{"format":"unsaid-vault 1","records":[{"id":"x","kind":"keeper","rev":3,"gone":false,"a":1}]}';
    expect(vaultText(merge(parseVault(text), new Map()))).toBe(text);
  });

  test('knows which draft became which letter', () => {
    let records = changed(new Map(), ID, 'letter', { title: 'The van', drafts: ['d1', 'd2'] });
    records = changed(records, ID.replace('a', 'b'), 'letter', { title: 'Sealed by an older page' });
    const letters = [{ id: ID }, { id: ID.replace('a', 'b') }];
    expect([...sealedDrafts(records, letters)]).toEqual(['d1', 'd2']);
    expect(sealedDrafts(records, []).size).toBe(0);
  });

  test('keeps one hand whole, and the same one, whoever merges and whatever else was changed', () => {
    const hand = (seed: string) => ({ seed, inbox: `inbox ${seed}`, inboxRecipient: `to ${seed}` });
    const self = (rev: number, of: Record<string, unknown> = {}): VaultRecord =>
      record({ id: SELF, kind: 'self', rev, ...of });
    const [a, b, bare] = [self(2, hand('a')), self(3, { ...hand('b'), birthday: '1951-03-12' }), self(9)];
    const all = [a, b, bare];
    for (const one of all) {
      for (const two of all) {
        for (const three of all) {
          const merged = mergeRecord(mergeRecord(one, two), three);
          expect(merged).toEqual(mergeRecord(one, mergeRecord(two, three)));
          expect(mergeRecord(one, two)).toEqual(mergeRecord(two, one));
          const hands = [one, two, three].map(handOf).filter((found) => found !== null);
          expect(handOf(merged)).toEqual(hands.sort((x, y) => (x.seed < y.seed ? -1 : 1))[0] ?? null);
        }
      }
    }
    // A later record without a hand does not take it away; one that is not whole counts for nothing.
    expect(handOf(mergeRecord(a, bare))).toEqual(hand('a'));
    expect(handOf(self(1, { seed: 'a' }))).toBeNull();
    expect(withHand(a, null)).toEqual(self(2));
  });

  test('knows a card by its words and its day', () => {
    const records = changed(new Map(), ID, 'person', { card: { words: 'a b', made: TODAY } });
    expect(cardOf(records, ID)).toEqual({ words: 'a b', made: TODAY, known: false });
    expect(cardOf(changed(records, ID, 'person', { card: 'x' }), ID)).toBeNull();
    expect(cardOf(records, null)).toBeNull();
  });

  test('refuses what is not a vault of ours', () => {
    for (const wrong of [
      '{}',
      '{"format":"unsaid-vault 2","records":[]}',
      '{"format":"unsaid-vault 1","records":[{"id":1}]}',
    ]) {
      expect(() => parseVault(wrong)).toThrow();
    }
  });

  test('a higher revision wins; of equal ones no field is lost, and both sides come to the same', () => {
    expect(mergeRecord(record({ rev: 2, name: 'new' }), record({ rev: 1, name: 'old' }))['name']).toBe('new');
    const [one, other] = [record({ name: 'Dan', note: 'mine' }), record({ name: 'Daniel', title: 'theirs' })];
    expect(mergeRecord(one, other)).toEqual(mergeRecord(other, one));
    expect(mergeRecord(one, other)).toMatchObject({ note: 'mine', title: 'theirs' });
  });

  test('two windows that add different people both keep theirs', () => {
    const base = new Map([[ID, record({})]]);
    const mine = changed(base, 'mine', 'person', { name: 'Ray' });
    const theirs = changed(base, 'theirs', 'person', { name: 'Tessa' });
    expect([...merge(mine, theirs).keys()].sort()).toEqual([ID, 'mine', 'theirs'].sort());
    expect(changed(mine, 'mine', 'person', { name: 'Raymond' }).get('mine')).toMatchObject({
      rev: 2,
      name: 'Raymond',
    });
  });
});

describe('where a letter is', () => {
  const letter = (of: Partial<Letter>): Letter => ({
    id: ID,
    person: ID,
    version: 1,
    versions: [{ number: 1, sealedOn: TODAY }],
    state: 'resting',
    sealedAt: '2026-11-21T10:00:00Z',
    restUntil: '2026-11-22T09:00:00Z',
    arrives: '2037-03-12T09:00:00Z',
    rule: {
      gate: 'none',
      moment: { kind: 'on', date: '2037-03-12', time: '09:00', zone: LISBON },
      reach: 'send',
      proof: 'none',
    },
    can: ['undo'],
    ...of,
  });

  test('is said with its real days', () => {
    expect(heading(letter({}), LISBON, TODAY)).toBe('Your letter is sealed, and rests until tomorrow.');
    expect(heading(letter({ restUntil: '2026-11-28T09:00:00Z' }), LISBON, TODAY)).toContain(
      'until 28 November',
    );
    expect(forFact(letter({}), 'Dan', LISBON).text).toBe(
      'Dan, on Thursday 12 March 2037, at nine in the morning',
    );
    expect(whereFact(letter({}), LISBON, TODAY).text).toBe(
      'Resting until tomorrow, 22 November, at nine in the morning',
    );
    expect(steps(letter({}), 'Dan', LISBON, TODAY).map((step) => step.state)).toEqual([
      'done',
      'now',
      'coming',
    ]);
    expect(steps(letter({}), 'Dan', LISBON, TODAY)[2]?.when).toBe(
      'Thursday 12 March 2037, at nine in the morning, Lisbon time',
    );
  });

  test('a birthday is said with its age, and every birthday with the last year and the days after the next', () => {
    const birthday = { day: 12, month: 3, leap: 'feb28', time: '09:00', zone: LISBON } as const;
    const ruled = (moment: object) => letter({ rule: { ...letter({}).rule!, moment: moment as never } });
    expect(forFact(ruled({ kind: 'birthday', age: 18, year: 2019, ...birthday }), 'Tessa', LISBON).text).toBe(
      'Tessa, on Thursday 12 March 2037, at nine in the morning, turning 18',
    );
    const each = ruled({ kind: 'each-birthday', until: 2060, ...birthday });
    expect(forFact(each, 'Tessa', LISBON).text).toBe(
      'Tessa, on Thursday 12 March 2037, at nine in the morning, and then on every birthday until 2060',
    );
    expect(againSaid({ ...each, occurrences: ['2037-03-12', '2038-03-12', '2039-03-12'] })).toBe(
      'It goes again on 12 March 2038 and 12 March 2039, and so on until 2060.',
    );
    expect(againSaid(each)).toBe('');
    expect(keyFact({ ...each, kept: 'words' })?.text).toBe('Eight words on a card');
  });

  test('is said in Spanish too', async () => {
    await speak('es');
    expect(forFact(letter({}), 'Dan', LISBON).text).toContain(
      'el jueves, 12 de marzo de 2037, a las nueve de la mañana',
    );
    expect(whereFact(letter({}), LISBON, TODAY).text).toContain('mañana, 22 de noviembre');
  });

  afterEach(() => speak('en'));

  test('names nobody while the names are closed, and no day that no longer holds', () => {
    expect(forFact(letter({}), '', LISBON)).toEqual({
      term: 'When',
      text: 'Thursday 12 March 2037, at nine in the morning',
    });
    expect(forFact(letter({ state: 'withdrawn' }), 'Dan', LISBON).text).toBe('Dan');
  });

  test('once it has left there is one state, with nothing about the one who reads', () => {
    const left = letter({ state: 'left', can: ['withdraw'] });
    expect(whereFact(left, LISBON, '2037-04-01').text).toBe('It has left our hands');
    expect(steps(left, 'Dan', LISBON, '2037-04-01').at(-1)).toMatchObject({
      state: 'done',
      title: 'It has left our hands',
    });
  });
});
