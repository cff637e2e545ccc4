// The author's pages without a browser: where an address leads, what a plan lacks, what is merged in the vault.

import { describe, expect, test } from 'vitest';
import type { Letter } from '../../api';
import { emptyPlan, type DraftPlan } from '../../draft';
import { dayMends, momentOf, planMends, restOf, ruleOf } from './plan';
import { placeOf, safeReturn } from './router';
import { forFact, heading, steps, whereFact } from './story';
import { changed, merge, mergeRecord, nameOf, parseVault, vaultText, type VaultRecord } from './vault';

const ID = 'abcdefghijklmnopqrstuvwx23';
const TODAY = '2026-11-21';
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
    ['/how-a-letter-is-kept', 'help-kept', ''],
    ['/letters/short', 'not-found', ''],
    [`/letters/${ID}/else`, 'not-found', ''],
    ['/', 'not-found', ''],
  ])('%s', (path, page, id) => {
    expect(placeOf(path)).toEqual({ page, id });
  });

  test('to return to is one of ours, whatever stands in the link', () => {
    expect(safeReturn(`/write/${ID}/for`)).toBe(`/write/${ID}/for`);
    for (const wrong of [
      null,
      '',
      'https://x.example',
      '//x.example',
      '/\\x.example',
      '/sign-in',
      '/nowhere',
    ]) {
      expect(safeReturn(wrong)).toBe('/letters');
    }
  });
});

describe('a plan', () => {
  const plan = (of: Partial<DraftPlan>): DraftPlan => ({ ...emptyPlan(), zone: LISBON, ...of });
  const on = (day: string, month: string, year: string) => plan({ when: 'on', day, month, year });
  const fields = (of: DraftPlan) => planMends(of, TODAY).map((mend) => mend.field);

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
    expect(ruleOf(on('12', '3', '2037'))).toEqual({
      gate: 'none',
      moment: { kind: 'on', date: '2037-03-12', time: '09:00', zone: LISBON },
      reach: 'send',
      proof: 'none',
    });
    expect(momentOf(plan({ when: 'at-once' }))).toEqual({ kind: 'at-once' });
    expect(ruleOf(plan({ when: 'never' }))).toBeNull();
    expect([restOf(plan({})), restOf(plan({ rest: 'week' })), restOf(plan({ rest: 'none' }))]).toEqual([
      'morning',
      7,
      'none',
    ]);
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
