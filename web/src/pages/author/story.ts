// Where a letter is, said in words: its state, its day, what happens next. From the first knock on there is one state and
// nothing finer. It knows what the house tells the author and no page.

import type { Letter } from '../../api';
import type { Fact } from '../../ui/Facts.svelte';
import type { Step } from '../../ui/Line.svelte';
import {
  civil,
  count,
  fullDay,
  fullMoment,
  isTomorrow,
  nearDay,
  nearMoment,
  plainDay,
  say,
  shortDay,
  together,
  zoneName,
} from '../../words';

/** The zone in which this letter's own day is said: its rule's, else hers. */
function zoneOf(letter: Letter, hers: string): string {
  const moment = letter.rule?.moment;
  return moment && moment.kind !== 'at-once' ? moment.zone : hers;
}

interface Moment {
  day: string;
  time: string;
}

/** The moment at which it leaves, as she meant it where that holds. */
export function leaves(letter: Letter, hers: string): Moment | null {
  if (!letter.arrives) return null;
  return civil(letter.arrives, zoneOf(letter, hers));
}

export const restsUntil = (letter: Letter, hers: string): Moment | null =>
  letter.restUntil ? civil(letter.restUntil, hers) : null;

/** It goes once she is gone, and not before. */
export const waitsForEnd = (letter: Letter): boolean => letter.rule?.gate === 'gone';

/** It goes once her keepers have said that something has happened. */
export const waitsForWord = (letter: Letter): boolean => letter.rule?.gate === 'word';

/** Less than an hour between sealing and the end of the rest is no rest: she chose none. */
function hasRest(letter: Letter): boolean {
  if (!letter.restUntil || !letter.sealedAt) return false;
  return Date.parse(letter.restUntil) - Date.parse(letter.sealedAt) >= 3_600_000;
}

/** The version that was sealed last: one that is only reserved has nothing to read. */
export function sealedVersion(letter: Letter): { number: number; sealedOn: string } | null {
  return letter.versions.reduce<Letter['versions'][number] | null>(
    (last, one) => (last === null || one.number > last.number ? one : last),
    null,
  );
}

export const sealedOn = (letter: Letter): string | null => sealedVersion(letter)?.sealedOn ?? null;

/** The heading of the letter's own page. */
export function heading(letter: Letter, hers: string, today: string): string {
  const rest = restsUntil(letter, hers);
  switch (letter.state) {
    case 'resting':
      if (!rest) return say('author.letter.sealed');
      if (rest.day === today) return say('author.letter.rests-today');
      return isTomorrow(rest.day, today)
        ? say('author.letter.rests-tomorrow')
        : say('author.letter.rests-until', { day: shortDay(rest.day) });
    case 'waiting':
      if (waitsForWord(letter)) return say('author.word.waits');
      return say(waitsForEnd(letter) ? 'author.letter.waits-gone' : 'author.letter.waits');
    case 'askable':
      return say('author.letter.askable');
    case 'left':
      return say('author.letter.left');
    case 'unsent':
      return say('author.letter.unsent');
    case 'withdrawn':
      return say('author.letter.withdrawn');
    case 'held':
      return say('author.letter.held');
    case 'reserved':
      return say('author.letter.reserved');
  }
}

/** Why this house holds it: before a letter has left its author is told all of it. */
export function heldSaid(letter: Letter): string {
  switch (letter.held) {
    case 'by-host':
      return say('author.letter.held-by-host');
    case 'unforeseen':
      return say('author.letter.held-unforeseen');
    case 'not-understood':
      return say('author.letter.held-not-understood');
    default:
      return say('author.letter.held-damaged');
  }
}

/** Where it is, in one line with its sign. */
export function whereFact(letter: Letter, hers: string, today: string): Fact {
  const term = say('author.fact.where');
  const rest = restsUntil(letter, hers);
  const sealed = sealedOn(letter);
  switch (letter.state) {
    case 'resting':
      return {
        term,
        status: 'wait',
        text: rest
          ? say('author.fact.resting', { until: nearMoment(rest.day, rest.time, today) })
          : say('author.fact.resting-bare'),
      };
    case 'waiting':
      return {
        term,
        status: 'good',
        text: sealed ? say('author.fact.kept', { day: plainDay(sealed) }) : say('author.fact.kept-bare'),
      };
    case 'askable':
      return { term, status: 'good', text: say('author.fact.askable') };
    case 'left':
      return { term, status: 'good', text: say('author.fact.left') };
    case 'unsent':
      return { term, status: 'away', text: say('author.fact.unsent') };
    case 'withdrawn':
      return { term, status: 'away', text: say('author.fact.withdrawn') };
    case 'held':
      return { term, status: 'wait', text: say('author.fact.held') };
    case 'reserved':
      return { term, status: 'open', text: say('author.fact.reserved') };
  }
}

/** For whom and when, in one line; while the names are closed, `name` is `''` and only the day is said. */
export function forFact(letter: Letter, name: string, hers: string): Fact {
  const moment = leaves(letter, hers);
  if (waitsForEnd(letter) && ['resting', 'waiting', 'held'].includes(letter.state))
    return forGone(moment, name);
  const goes =
    letter.rule !== null && ['resting', 'waiting', 'askable', 'left', 'held'].includes(letter.state);
  if (!goes || !moment) {
    const never = letter.state === 'unsent';
    if (name === '')
      return { term: say('author.fact.when'), text: say(never ? 'author.fact.never' : 'author.fact.no-day') };
    return { term: say('author.fact.for'), text: never ? say('author.fact.for-never', { name }) : name };
  }
  const said = fullMoment(moment.day, moment.time);
  if (letter.rule?.reach === 'claim') {
    const params = { name, moment: said };
    if (name === '')
      return { term: say('author.fact.when'), text: capital(say('author.fact.asked', params)) };
    return { term: say('author.fact.for'), text: say('author.fact.for-asked', params) };
  }
  const rule = letter.rule?.moment;
  if (rule?.kind === 'each-birthday') {
    const params = { name, moment: said, year: rule.until };
    if (name === '') return { term: say('author.fact.when'), text: capital(say('author.fact.each', params)) };
    return { term: say('author.fact.for'), text: say('author.fact.for-each', params) };
  }
  if (name === '') return { term: say('author.fact.when'), text: capital(said) };
  if (rule?.kind === 'birthday') {
    const params = { name, moment: said, age: count(rule.age) };
    return { term: say('author.fact.for'), text: say('author.fact.for-age', params) };
  }
  return { term: say('author.fact.for'), text: say('author.fact.for-day', { name, moment: said }) };
}

/** The same for a letter that waits for her end: `moment` is the day before which it does not go then either. */
function forGone(moment: Moment | null, name: string): Fact {
  const said = moment ? fullMoment(moment.day, moment.time) : '';
  if (name === '') {
    const text = moment ? say('author.fact.when-gone-day', { moment: said }) : say('author.fact.when-gone');
    return { term: say('author.fact.when'), text };
  }
  const text = moment
    ? say('author.fact.for-gone-day', { name, moment: said })
    : say('author.fact.for-gone', { name });
  return { term: say('author.fact.for'), text };
}

/** Who holds the key, in one line; nothing where the house does not say it. */
export function keyFact(letter: Letter): Fact | null {
  if (letter.rule === null || !letter.kept) return null;
  return { term: say('author.fact.key'), text: say(`author.fact.key-${letter.kept}`) };
}

/** The days after the next one on which it goes again, as a sentence; `''` where it goes once. */
export function againSaid(letter: Letter): string {
  const rule = letter.rule?.moment;
  const [, ...later] = letter.occurrences ?? [];
  if (rule?.kind !== 'each-birthday' || later.length === 0) return '';
  return say('author.letter.again', { days: together(later.map(plainDay)), year: rule.until });
}

/** How it comes to them. */
function arrivalSays(letter: Letter) {
  const words = letter.kept === 'words';
  if (letter.rule?.reach === 'claim') return words ? 'author.step.asked-words' : 'author.step.asked-says';
  return words ? 'author.step.leaves-words' : 'author.step.leaves-says';
}

/** What has happened and what will, with the real days. `ahead`: the day before which a letter that waits for her end would not leave, if she fell silent today. */
export function steps(
  letter: Letter,
  name: string,
  hers: string,
  today: string,
  ahead: string | null = null,
): Step[] {
  const who = name === '' ? say('author.so.somebody') : name;
  const list: Step[] = [];
  const sealed = sealedOn(letter);
  if (sealed) {
    list.push({
      when: capital(nearDay(sealed, today)),
      title: say('author.step.sealed'),
      says: say(letter.rule === null ? 'author.step.sealed-me' : 'author.step.sealed-says'),
      state: 'done',
    });
  }
  if (letter.rule === null) return list;
  const rest = restsUntil(letter, hers);
  if (rest && hasRest(letter)) {
    const resting = letter.state === 'resting';
    list.push({
      when: capital(nearMoment(rest.day, rest.time, today)),
      title: say(resting ? 'author.step.rests' : 'author.step.rested'),
      says: say(resting ? 'author.step.rests-says' : 'author.step.rested-says'),
      state: resting ? 'now' : 'done',
    });
  }
  const moment = leaves(letter, hers);
  if (waitsForWord(letter) && letter.state !== 'left') {
    list.push({
      when: say('author.word.step-when'),
      title: say('author.word.step', { event: letter.rule.event ?? '' }),
      says: say('author.word.step-says'),
      state: letter.state === 'waiting' ? 'now' : 'coming',
    });
    return list;
  }
  if (waitsForEnd(letter) && letter.state !== 'left' && letter.state !== 'askable') {
    list.push({
      when:
        ahead === null
          ? say('author.step.gone-bare')
          : say('author.step.gone-when', { day: capital(fullDay(ahead)) }),
      title: say('author.step.gone'),
      says: say('author.step.gone-says'),
      state: letter.state === 'waiting' ? 'now' : 'coming',
    });
    const later = letter.rule?.moment.kind !== 'at-once' && moment;
    list.push({
      when: later
        ? capital(say('author.fact.when-gone-day', { moment: fullMoment(later.day, later.time) }))
        : say('author.fact.when-gone'),
      title: capital(
        say(letter.rule.reach === 'claim' ? 'author.step.asked' : 'author.step.leaves', { name: who }),
      ),
      says: say(arrivalSays(letter), { name: who }),
      state: 'coming',
    });
    return list;
  }
  if (moment) {
    const gone = letter.state === 'left' || letter.state === 'askable';
    const asked = letter.rule.reach === 'claim';
    const zone = zoneName(zoneOf(letter, hers));
    list.push({
      when: say('author.step.when', { moment: capital(nearMoment(moment.day, moment.time, today)), zone }),
      title: asked
        ? capital(say(gone ? 'author.step.askable' : 'author.step.asked', { name: who }))
        : gone
          ? say('author.step.left')
          : capital(say('author.step.leaves', { name: who })),
      says: gone && !asked ? say('author.step.left-says') : say(arrivalSays(letter), { name: who }),
      state: gone ? 'done' : letter.state === 'waiting' ? 'now' : 'coming',
    });
  }
  return list;
}

/** With a capital, as a sentence begins. */
export const capital = (text: string): string => text.charAt(0).toLocaleUpperCase() + text.slice(1);
