// Whether a letter would arrive if its author died today, and if not, what is missing: one fact, in words. It knows nothing of what the person did,
// and no page.

import type { Letter, Life, Person } from '../../api';
import type { Fact } from '../../ui/Facts.svelte';
import { count, fullDay, say } from '../../words';
import type { KeeperSet } from './vault';

interface Known {
  /** Whom it is for, as she calls them. */
  name: string;
  /** `null` where nobody asks whether she is alive. */
  life: Life | null;
  /** Empty while the letters are closed: then nothing is said of addresses. */
  people: readonly Person[];
  /** The keepers' cards that it was sealed to; `null` while the letters are closed. */
  cards?: KeeperSet | null;
}

/** Waits to be delivered, and there is no address left that works. */
export function lacksAddress(letter: Letter, people: readonly Person[]): boolean {
  // What waits until it is asked for needs none: nothing is ever sent.
  if (letter.rule?.reach === 'claim') return false;
  const person = people.find((one) => one.id === letter.person);
  return person !== undefined && !person.addresses.some((address) => address.good);
}

/** Of a letter that has not left: would it arrive? */
export function wouldFact(letter: Letter, { name, life, people, cards = null }: Known): Fact {
  const term = say('author.fact.would');
  const no = (text: string): Fact => ({ term, status: 'problem', text });
  if (letter.rule?.gate === 'word') {
    if (letter.state === 'held') return no(say('author.gone.would-held'));
    return { term, status: 'wait', text: say('author.word.would', { event: letter.rule.event ?? '' }) };
  }
  if (lacksAddress(letter, people)) return no(say('author.fact.would-not', { name }));
  if (letter.kept === 'keepers' && cards && cards.printed.length < cards.needed)
    return no(say('author.keeper-cards.would-not', { number: count(cards.needed) }));
  if (letter.state === 'held') return no(say('author.gone.would-held'));
  if (letter.rule?.gate !== 'gone' && letter.rule?.reach === 'claim')
    return { term, status: 'good', text: say('author.fact.would-asked') };
  if (letter.rule?.gate !== 'gone') return { term, status: 'good', text: say('author.fact.would-yes') };
  if (life === null || life.stage === 'ended') return no(say('author.gone.would-unarmed', { name }));
  if (life.stage === 'released')
    return { term, status: 'wait', text: say('author.gone.would-now', { name }) };
  const leaves = life.letters.find((one) => one.id === letter.id)?.leaves ?? null;
  if (leaves === null) return no(say('author.gone.would-never', { name }));
  if (life.ahead.spoken)
    return { term, status: 'wait', text: say('author.gone.would-spoken', { name, day: fullDay(leaves) }) };
  const day = { name, day: fullDay(leaves) };
  if (life.stage === 'stopped') return { term, status: 'wait', text: say('author.gone.would-stopped', day) };
  return { term, status: 'good', text: say('author.gone.would', day) };
}
