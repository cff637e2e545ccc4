// What she asks for 'when I am gone', said in plain words: the days to come, who is asked, what would be surer. It knows what the
// house tells her and no page.

import type { Channel, DayAhead, DaysAhead, Keeper, Life, LifePlan } from '../../api';
import type { Step } from '../../ui/Line.svelte';
import { count, counted, fullDay, nearDay, plainDay, say, shortDay, together } from '../../words';
import { capital } from './story';

/** What she is offered first. */
export const firstPlan = (keepers: number): LifePlan => ({
  policy: keepers > 0 ? 'both' : 'check-ins',
  everyDays: 60,
  pauseDays: 7,
  quorum: 2,
  warningDays: 10,
  fallbackDays: 180,
});

/** What can be chosen, in days. */
export const EVERY = [30, 60, 90, 180, 366] as const;
export const PAUSES = [7, 14, 30] as const;
export const WARNINGS = [10, 20, 30, 60] as const;
export const FALLBACKS = [180, 366, 732, 1830] as const;

/** A rhythm in words: 'every sixty days'. */
export function daysSaid(days: number): string {
  const years = days / 366;
  if (Number.isInteger(years)) return counted('author.gone.years', years, { number: count(years) });
  return counted('author.gone.days', days, { number: count(days) });
}

/** Keepers who stand: invited or enrolled. */
export const standing = (keepers: readonly Keeper[]): Keeper[] =>
  keepers.filter((keeper) => keeper.standing === 'invited' || keeper.standing === 'enrolled');

/** Several days in one line; the year stands where it is another than before. */
function several(days: readonly string[]): string {
  const years = new Set(days.map((day) => day.slice(0, 4)));
  if (years.size > 1) return together(days.map(plainDay));
  return together([...days.slice(0, -1).map(shortDay), ...days.slice(-1).map(plainDay)]);
}

export interface Known {
  plan: LifePlan;
  /** How many stand. */
  keepers: number;
  /** Their names; empty while the letters are closed. */
  names: readonly string[];
  /** Where the question goes. */
  email: string;
  today: string;
}

const theyAre = ({ names, keepers }: Known): string =>
  names.length > 0 ? together(names) : counted('author.gone.keepers', keepers, { number: count(keepers) });

/** How many of how many must agree. */
export function quorumSaid({ plan, keepers }: Pick<Known, 'plan' | 'keepers'>): string {
  const needed = Math.min(plan.quorum, keepers);
  if (keepers === 1) return say('author.gone.quorum-one');
  if (needed === keepers && keepers === 2) return say('author.gone.quorum-both');
  if (needed === keepers) return say('author.gone.quorum-all', { number: count(keepers) });
  return say('author.gone.quorum', { needed: capital(count(needed)), number: count(keepers) });
}

/** The days to come, as a line. */
export function lineOf(ahead: DaysAhead, known: Known): Step[] {
  const on = (what: DayAhead['what']) =>
    ahead.steps.filter((step) => step.what === what).map((step) => step.day);
  const list: Step[] = [
    {
      when: capital(nearDay(known.today, known.today)),
      title: say(ahead.spoken ? 'author.gone.step-spoken' : 'author.gone.step-here'),
      says: ahead.spoken ? quorumSaid(known) : say('author.gone.step-here-says'),
      state: 'done',
    },
  ];
  const coming = (days: readonly string[], title: string, says: string): void => {
    const when = days.length === 1 ? fullDay(days[0]!) : several(days);
    if (days.length > 0) list.push({ when: capital(when), title, says, state: 'coming' });
  };
  const reminders = on('reminder');
  const warnings = on('warning');
  coming(on('goes-on'), say('author.gone.step-goes-on'), say('author.gone.step-goes-on-says'));
  coming(
    on('question'),
    say('author.gone.step-asked'),
    say('author.gone.step-asked-says', { email: known.email }),
  );
  coming(
    reminders,
    counted('author.gone.step-again', reminders.length, { number: count(reminders.length) }),
    say('author.gone.step-again-says'),
  );
  coming(
    on('keepers'),
    say('author.gone.step-keepers', { names: theyAre(known) }),
    `${quorumSaid(known)} ${say('author.gone.step-keepers-says')}`,
  );
  coming(
    warnings,
    counted('author.gone.step-warned', warnings.length, { number: count(warnings.length) }),
    say(
      known.keepers > 0 && known.plan.policy !== 'check-ins'
        ? 'author.gone.step-warned-says'
        : 'author.gone.step-warned-alone',
    ),
  );
  coming(on('released'), say('author.gone.step-leave'), say('author.gone.step-leave-says'));
  return list;
}

/** Keepers could speak before they are asked: then the day would be an earlier one. */
const isSooner = ({ soonest, leaves }: DaysAhead): boolean => soonest !== null && soonest !== leaves;

/** The first sentence of the page. */
export const ledeOf = (ahead: DaysAhead) =>
  ahead.spoken ? 'author.gone.lede-spoken' : isSooner(ahead) ? 'author.gone.lede-asked' : 'author.gone.lede';

/** The same while she chooses. */
export const soOf = (ahead: DaysAhead) =>
  ahead.spoken ? 'author.gone.so-spoken' : isSooner(ahead) ? 'author.gone.so-asked' : 'author.gone.so';

/** What is said besides the days: how soon at the very soonest, and what if nobody answers. */
export function besides(ahead: DaysAhead, known: Known): string[] {
  const list: string[] = [];
  const listens = known.keepers > 0 && known.plan.policy !== 'check-ins';
  if (listens && isSooner(ahead) && ahead.soonest !== null)
    list.push(say('author.gone.soonest', { day: fullDay(ahead.soonest) }));
  if (listens && ahead.unanswered === null) list.push(say('author.gone.unanswered-never'));
  else if (listens && ahead.unanswered !== null && ahead.unanswered !== ahead.leaves)
    list.push(say('author.gone.unanswered', { day: fullDay(ahead.unanswered) }));
  return list;
}

/** Not a browser: what comes to one counts for nothing alone. */
export const isMailbox = (channel: Channel): boolean => channel.browser === null;

/** What a channel is called; `here` is the mark of this browser, where notices come to it. */
export function placeOf(channel: Channel, here: string | null): string {
  if (isMailbox(channel)) return channel.address;
  return say(channel.browser === here ? 'author.gone.browser-this' : 'author.gone.browser-other');
}

/** What would make it surer: wanted, and not demanded. */
export function surer(life: Life, keepers: readonly Keeper[], channels: readonly Channel[]): string[] {
  const stand = standing(keepers);
  const list: string[] = [];
  if (life.plan.policy === 'check-ins') {
    if (stand.length > 0) list.push(say('author.gone.surer-not-asked'));
    else list.push(say('author.gone.surer-keepers'));
  } else if (stand.length === 0) list.push(say('author.gone.surer-none'));
  else if (stand.length === 1) list.push(say('author.gone.surer-one'));
  const listens = life.plan.policy !== 'check-ins';
  const paper = stand.filter((keeper) => keeper.address === null).map((keeper) => keeper.name);
  if (listens && paper.length > 0)
    list.push(counted('author.gone.surer-paper', paper.length, { names: together(paper) }));
  if (life.plan.policy !== 'keepers-only' && !channels.some(isMailbox))
    list.push(say('author.gone.surer-one-way'));
  if (life.outOfReach) list.push(say('author.gone.surer-reach'));
  if (life.unlockWanted) list.push(say('author.gone.surer-unlock'));
  return list;
}

/** Where she stands, when that is more than waiting for the next question; `null` else. */
export function stageSaid(life: Life): { title: string; says: string } | null {
  const { stage, ahead } = life;
  const day = ahead.leaves === null ? '' : fullDay(ahead.leaves);
  switch (stage) {
    case 'asked':
    case 'reminded':
      return { title: say('author.gone.at-asked'), says: say('author.gone.at-asked-says') };
    case 'silent':
      return { title: say('author.gone.at-silent'), says: say('author.gone.at-silent-says') };
    case 'grace':
    case 'gone':
      return { title: say('author.gone.at-grace'), says: say('author.gone.at-grace-says', { day }) };
    case 'released':
      return { title: say('author.gone.at-released'), says: say('author.gone.at-released-says') };
    case 'stopped':
      return { title: say('author.gone.at-stopped'), says: say('author.gone.at-stopped-says') };
    default:
      return null;
  }
}
