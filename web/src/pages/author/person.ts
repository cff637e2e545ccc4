// What she knows about somebody, as typed into the fields of a person, and as the vault and the house keep it. The names
// and the note stay in the vault; zone and language are the house's, which writes the mails. It knows no page.

import type { Letter, LeapDay, Proof } from '../../api';
import type { Mend } from '../../ui/Problems.svelte';
import { say } from '../../words';
import { birthdayMends, typedBirthday, type TypedBirthday } from './plan';
import { addressOf, birthdayOf, nameOf, noteOf, type Birthday, type Records } from './vault';

/** The longest note, in characters. */
export const LONGEST_NOTE = 4_000;

export interface PersonAnswers {
  name: string;
  /** How she addresses them: 'My dear Dan'. */
  dear: string;
  born: TypedBirthday;
  zone: string;
  language: string;
  note: string;
}

export const typedOf = (born: Birthday | null): TypedBirthday =>
  born === null
    ? { day: '', month: '', year: '', leap: 'feb28' }
    : {
        day: String(born.day),
        month: String(born.month),
        year: born.year === null ? '' : String(born.year),
        leap: born.leap,
      };

/** The fields as they begin. */
export const answersOf = (
  records: Records,
  id: string,
  house: { zone: string; language: string },
): PersonAnswers => ({
  name: nameOf(records, id),
  dear: addressOf(records, id),
  born: typedOf(birthdayOf(records, id)),
  note: noteOf(records, id),
  ...house,
});

export function personMends(answers: PersonAnswers, today: string): Mend[] {
  const list: Mend[] = [];
  if (answers.name.trim() === '') list.push({ field: 'name', text: say('author.for.name-missing') });
  list.push(...birthdayMends(answers.born, today));
  return list;
}

/** The fields for the vault. An empty one is kept as empty: that it was taken away must win over what it was. */
export const recordOf = (answers: PersonAnswers): Record<string, unknown> => ({
  name: answers.name.trim(),
  address: answers.dear.trim(),
  birthday: typedBirthday(answers.born),
  note: answers.note.trim(),
});

/** The birthday that a letter's rule goes by. A rule for every birthday knows no year. */
export function birthdayInRule(
  letter: Letter,
): { day: number; month: number; leap: LeapDay; year: number | null } | null {
  const moment = letter.rule?.moment;
  if (moment?.kind !== 'birthday' && moment?.kind !== 'each-birthday') return null;
  const { day, month, leap } = moment;
  return { day, month, leap, year: moment.kind === 'birthday' ? moment.year : null };
}

/**
 * The letters that ask for another birthday than this one before they open, also those that have left: nobody could open
 * them with a day that is not theirs. `asked`: what the vault says was asked; where it
 * does not know, a letter asks for the birthday that stood there `before`.
 */
export function askForAnother(
  letters: readonly Letter[],
  person: string,
  born: Birthday,
  { asked, before }: { asked: (letter: string) => Proof | null; before: Birthday | null },
): Letter[] {
  return letters.filter((letter) => {
    const shown = letter.rule?.proof ?? 'none';
    if (letter.person !== person || shown === 'none' || shown.kind !== 'birthday') return false;
    if (!['resting', 'waiting', 'held', 'askable', 'left'].includes(letter.state)) return false;
    const kept = asked(letter.id);
    const old = kept !== null && kept !== 'none' && kept.kind === 'birthday' ? kept : before;
    if (old === null) return false;
    const year = shown.year && old.year !== null && born.year !== null && old.year !== born.year;
    return old.day !== born.day || old.month !== born.month || year;
  });
}

/** The letters that wait for another birthday than this one. What has left is not among them: nothing can change it. */
export function meantForAnother(letters: readonly Letter[], person: string, born: Birthday): Letter[] {
  return letters.filter((letter) => {
    const rule = birthdayInRule(letter);
    if (letter.person !== person || rule === null || !['resting', 'waiting'].includes(letter.state))
      return false;
    const other = rule.day !== born.day || rule.month !== born.month || leapDiffers(rule, born);
    // Where the year is not known any more, a letter for an age keeps the year that it has.
    return other || (rule.year !== null && born.year !== null && rule.year !== born.year);
  });
}

const leapDiffers = (rule: { day: number; month: number; leap: LeapDay }, born: Birthday): boolean =>
  rule.day === 29 && rule.month === 2 && rule.leap !== born.leap;
