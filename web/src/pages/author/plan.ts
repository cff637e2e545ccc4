// What she has decided about a letter, as the house wants to hear it; and what is still missing, in words. It reads the
// fields as they were typed and knows no page.

import type { Letter, Moment, Rest, Rule } from '../../api';
import { emptyPlan, type DraftPlan } from '../../draft';
import type { Mend } from '../../ui/Problems.svelte';
import { dayExists, daysIn, monthName, say } from '../../words';

const whole = (typed: string): number => (/^\s*\d{1,4}\s*$/.test(typed) ? Number(typed) : NaN);

/** What is wrong with the day as typed, for the three fields; empty when it is a day from `today` on. */
export function dayMends(plan: DraftPlan, today: string): Mend[] {
  const [day, month, year] = [whole(plan.day), whole(plan.month), whole(plan.year)];
  if (!(month >= 1 && month <= 12)) return [{ field: 'month', text: say('author.for.month-wrong') }];
  if (!(year >= 1000)) return [{ field: 'year', text: say('author.for.year-wrong') }];
  const days = daysIn(year, month);
  if (!(day >= 1 && day <= days)) {
    const params = { month: monthName(month), days };
    const february = month === 2 ? 'author.for.day-wrong-february' : 'author.for.day-wrong';
    return [{ field: 'day', text: say(february, { ...params, year }) }];
  }
  if (dayOf(plan)! < today) return [{ field: 'year', text: say('author.for.day-past') }];
  return [];
}

/** `YYYY-MM-DD`, or `null` while what was typed is no day. */
export function dayOf(plan: DraftPlan): string | null {
  const [day, month, year] = [whole(plan.day), whole(plan.month), whole(plan.year)];
  const two = (number: number) => String(number).padStart(2, '0');
  const civil = `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`;
  return dayExists(civil) ? civil : null;
}

/** The moment for the house; `null` for 'never' and while it is not complete. */
export function momentOf(plan: DraftPlan): Moment | null {
  if (plan.when === 'at-once') return { kind: 'at-once' };
  const date = plan.when === 'on' ? dayOf(plan) : null;
  return date === null ? null : { kind: 'on', date, time: plan.time, zone: plan.zone };
}

export const restOf = (plan: DraftPlan): Rest => (plan.rest === 'week' ? 7 : plan.rest);

export function ruleOf(plan: DraftPlan): Rule | null {
  const moment = momentOf(plan);
  return moment === null ? null : { gate: 'none', moment, reach: 'send', proof: 'none' };
}

/** What is missing before the key is asked about. */
export function planMends(plan: DraftPlan, today: string): Mend[] {
  const list: Mend[] = [];
  if (plan.who === null) list.push({ field: 'who-new', text: say('author.for.who-missing') });
  else if (plan.who.kind === 'new') {
    if (plan.who.name.trim() === '') list.push({ field: 'name', text: say('author.for.name-missing') });
    if (plan.who.address.trim() === '' && plan.when !== 'never') {
      list.push({ field: 'address', text: say('author.for.address-missing') });
    }
  }
  if (plan.when === null) list.push({ field: 'when-at-once', text: say('author.for.when-missing') });
  if (plan.when === 'on') list.push(...dayMends(plan, today));
  return list;
}

/** What was decided about a letter that is written on again: the person and the day, as far as the house still knows. */
export function planOf(letter: Letter): DraftPlan {
  const plan = emptyPlan();
  if (letter.person !== null) plan.who = { kind: 'person', id: letter.person };
  const moment = letter.rule?.moment;
  if (moment?.kind === 'at-once') plan.when = 'at-once';
  if (moment?.kind === 'on') {
    const [year = '', month = '', day = ''] = moment.date.split('-');
    const plain = (part: string) => part.replace(/^0+/, '');
    plan.when = 'on';
    plan.year = plain(year);
    plan.month = plain(month);
    plan.day = plain(day);
    plan.time = moment.time;
    plan.zone = moment.zone;
  }
  return plan;
}
