// What she has decided about a letter, as the house wants to hear it; and what is still missing, in words. It reads the
// fields as they were typed and knows no page.

import type { Letter, Moment, Proof, Rest, Rule } from '../../api';
import { emptyPlan, type DraftPlan } from '../../draft';
import type { Mend } from '../../ui/Problems.svelte';
import { dayExists, daysIn, monthName, say } from '../../words';
import { birthdayOf, ownBirthday, type Birthday, type Records } from './vault';

const whole = (typed: string): number => (/^\s*\d{1,4}\s*$/.test(typed) ? Number(typed) : NaN);
const two = (number: number): string => String(number).padStart(2, '0');

/** The oldest that a rule may mean, in years. */
const OLDEST = 150;

/** A day in three fields, as typed. */
export interface TypedDay {
  day: string;
  month: string;
  year: string;
}

/** What is wrong with a day as typed, for three fields whose ids begin with `prefix`. */
function partMends(typed: TypedDay, prefix: string): Mend[] {
  const [day, month, year] = [whole(typed.day), whole(typed.month), whole(typed.year)];
  if (!(month >= 1 && month <= 12)) return [{ field: `${prefix}month`, text: say('author.for.month-wrong') }];
  if (!(year >= 1000)) return [{ field: `${prefix}year`, text: say('author.for.year-wrong') }];
  const days = daysIn(year, month);
  if (!(day >= 1 && day <= days)) {
    const params = { month: monthName(month), days };
    const february = month === 2 ? 'author.for.day-wrong-february' : 'author.for.day-wrong';
    return [{ field: `${prefix}day`, text: say(february, { ...params, year }) }];
  }
  return [];
}

/** What is wrong with the day as typed, for the three fields; empty when it is a day from `today` on. */
export function dayMends(plan: TypedDay, today: string): Mend[] {
  const list = partMends(plan, '');
  if (list.length === 0 && dayOf(plan)! < today) return [{ field: 'year', text: say('author.for.day-past') }];
  return list;
}

/** `YYYY-MM-DD`, or `null` while what was typed is no day. */
export function dayOf(typed: TypedDay): string | null {
  const [day, month, year] = [whole(typed.day), whole(typed.month), whole(typed.year)];
  const civil = `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`;
  return dayExists(civil) ? civil : null;
}

/** A birthday as typed, whose year may be left empty. */
export type TypedBirthday = DraftPlan['born'];

/** `null` while nothing, or no birthday, was typed. */
export function typedBirthday(typed: TypedBirthday): Birthday | null {
  const { leap } = typed;
  const known = typed.year.trim() !== '';
  // 2000 had every day that there is.
  if (dayOf(known ? typed : { ...typed, year: '2000' }) === null) return null;
  return { day: whole(typed.day), month: whole(typed.month), year: known ? whole(typed.year) : null, leap };
}

export const emptyBirthday = (typed: TypedBirthday): boolean =>
  [typed.day, typed.month, typed.year].every((part) => part.trim() === '');

/** What is wrong with a birthday as typed; nothing when all is empty. */
export function birthdayMends(typed: TypedBirthday, today: string, needsYear = false): Mend[] {
  if (emptyBirthday(typed) && !needsYear) return [];
  const known = needsYear || typed.year.trim() !== '';
  const list = partMends(known ? typed : { ...typed, year: '2000' }, 'born-');
  if (list.length > 0 || !known) return list;
  if (dayOf(typed)! > today) return [{ field: 'born-year', text: say('author.born.future') }];
  if (whole(typed.year) < Number(today.slice(0, 4)) - OLDEST) {
    return [{ field: 'born-year', text: say('author.born.long-ago') }];
  }
  return [];
}

export const isLeapDay = (day: string | number, month: string | number): boolean =>
  Number(day) === 29 && Number(month) === 2;

/** The birthday that a plan goes by: what the vault knows of the person, completed by what was typed. */
export function bornOf(plan: DraftPlan, records: Records): Birthday | null {
  const known = plan.who?.kind === 'person' ? birthdayOf(records, plan.who.id) : null;
  if (known === null) return typedBirthday(plan.born);
  const year = whole(plan.born.year);
  return known.year === null && year >= 1000 ? { ...known, year } : known;
}

/**
 * The last year of 'every birthday', where she has not said another: that of her own hundredth birthday if she gave it,
 * else of theirs.
 */
export function lastYear(plan: DraftPlan, records: Records): number | null {
  if (plan.until.trim() !== '') return whole(plan.until) >= 1000 ? whole(plan.until) : null;
  const own = Number(ownBirthday(records).slice(0, 4));
  if (own >= 1000) return own + 100;
  const born = bornOf(plan, records);
  return born?.year ? born.year + 100 : null;
}

/** The moment for the house; `null` for 'never' and while it is not complete. */
export function momentOf(plan: DraftPlan, records: Records): Moment | null {
  if (plan.when === 'at-once' || plan.when === 'gone' || plan.when === 'word') return { kind: 'at-once' };
  const { time, zone } = plan;
  if (plan.when === 'on') {
    const date = dayOf(plan);
    return date === null ? null : { kind: 'on', date, time, zone };
  }
  const born = bornOf(plan, records);
  if (born === null) return null;
  const { day, month, leap, year } = born;
  if (plan.when === 'birthday') {
    const age = whole(plan.age);
    if (year === null || !(age >= 1 && age <= OLDEST)) return null;
    return { kind: 'birthday', age, year, month, day, leap, time, zone };
  }
  if (plan.when === 'each-birthday') {
    const until = lastYear(plan, records);
    return until === null ? null : { kind: 'each-birthday', until, month, day, leap, time, zone };
  }
  return null;
}

export const restOf = (plan: DraftPlan): Rest => (plan.rest === 'week' ? 7 : plan.rest);

/** `proof`: what is asked before it opens. */
export function ruleOf(plan: DraftPlan, records: Records, proof: Proof = 'none'): Rule | null {
  const moment = momentOf(plan, records);
  if (moment === null) return null;
  const gate = gateOf(plan);
  const rule: Rule = { gate, moment, reach: reachOf(plan), proof };
  return gate === 'word' ? { ...rule, event: eventOf(plan) } : rule;
}

/** What must have happened, as the house keeps it. */
export const eventOf = (plan: DraftPlan): string => plan.event.trim().split(/\s+/u).join(' ');

/** Whether it waits for the word of her keepers, or for her end: alone, or before its day. */
export const gateOf = (plan: DraftPlan): Rule['gate'] =>
  plan.when === 'word' ? 'word' : plan.when === 'gone' || (plan.onlyGone && dated(plan)) ? 'gone' : 'none';

const dated = (plan: DraftPlan): boolean =>
  plan.when === 'on' || plan.when === 'birthday' || plan.when === 'each-birthday';

/** Whoever may never come is not promised a letter for each year: such a letter is always sent. */
export const mayWait = (plan: DraftPlan): boolean =>
  plan.when !== null && plan.when !== 'never' && plan.when !== 'each-birthday' && plan.when !== 'word';

export const reachOf = (plan: DraftPlan): Rule['reach'] => (mayWait(plan) ? plan.reach : 'send');

/** What is missing before the key is asked about. */
export function planMends(plan: DraftPlan, today: string, records: Records): Mend[] {
  // A new version keeps the person and the day of its letter: there is nothing to decide.
  if (plan.amends !== null) return [];
  const list: Mend[] = [];
  if (plan.who === null) list.push({ field: 'who-new', text: say('author.for.who-missing') });
  else if (plan.who.kind === 'new') {
    if (plan.who.name.trim() === '') list.push({ field: 'name', text: say('author.for.name-missing') });
    const sent = plan.when !== 'never' && plan.when !== 'word' && reachOf(plan) === 'send';
    if (plan.who.address.trim() === '' && sent) {
      list.push({ field: 'address', text: say('author.for.address-missing') });
    }
  }
  if (plan.when === null) list.push({ field: 'when-at-once', text: say('author.for.when-missing') });
  if (plan.when === 'word' && eventOf(plan) === '') {
    list.push({ field: 'event', text: say('author.for.event-missing') });
  }
  if (plan.when === 'on') list.push(...dayMends(plan, today));
  if (plan.when === 'birthday' || plan.when === 'each-birthday') {
    list.push(...bornMends(plan, today, records));
  }
  return list;
}

/** What is missing for a day that is reckoned from a birthday. */
function bornMends(plan: DraftPlan, today: string, records: Records): Mend[] {
  const byAge = plan.when === 'birthday';
  const known = plan.who?.kind === 'person' ? birthdayOf(records, plan.who.id) : null;
  const list: Mend[] = [];
  if (known === null) {
    list.push(
      ...(emptyBirthday(plan.born)
        ? [{ field: 'born-day', text: say('author.born.missing') }]
        : birthdayMends(plan.born, today, byAge)),
    );
  } else if (byAge && known.year === null && !(whole(plan.born.year) >= 1000)) {
    list.push({ field: 'born-year', text: say('author.born.year-missing') });
  }
  if (byAge) {
    const age = whole(plan.age);
    if (!(age >= 1 && age <= OLDEST)) list.push({ field: 'age', text: say('author.for.age-wrong') });
  } else {
    const until = lastYear(plan, records);
    const year = Number(today.slice(0, 4));
    if (until === null) list.push({ field: 'until', text: say('author.for.until-wrong') });
    else if (until < year || until > year + OLDEST) {
      list.push({ field: 'until', text: say('author.for.until-far') });
    }
  }
  return list;
}

/** What was decided about a letter that is written on again: the person and the day, as far as the house still knows. */
export function planOf(letter: Letter): DraftPlan {
  const plan = emptyPlan();
  if (letter.person !== null) plan.who = { kind: 'person', id: letter.person };
  const moment = letter.rule?.moment;
  if (moment === undefined) return plan;
  const gone = letter.rule?.gate === 'gone';
  const word = letter.rule?.gate === 'word';
  plan.when = word ? 'word' : gone && moment.kind === 'at-once' ? 'gone' : moment.kind;
  plan.event = letter.rule?.event ?? '';
  plan.reach = letter.rule?.reach ?? 'send';
  if (moment.kind === 'at-once') return plan;
  plan.onlyGone = gone;
  plan.time = moment.time;
  plan.zone = moment.zone;
  if (moment.kind === 'on') {
    const [year = '', month = '', day = ''] = moment.date.split('-');
    const plain = (part: string) => part.replace(/^0+/, '');
    plan.year = plain(year);
    plan.month = plain(month);
    plan.day = plain(day);
    return plan;
  }
  const year = moment.kind === 'birthday' ? String(moment.year) : '';
  plan.born = { day: String(moment.day), month: String(moment.month), year, leap: moment.leap };
  if (moment.kind === 'birthday') plan.age = String(moment.age);
  else plan.until = String(moment.until);
  return plan;
}
