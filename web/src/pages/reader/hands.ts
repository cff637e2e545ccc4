// The same hand as before? Holds this letter's hand beside those of other letters of the same author that stand open to this person.
// It fetches them again and forgets them: this page remembers nobody. What it cannot compare it does not speak of.

import { getBytes, post } from '../../api/request';
import { openLetter, type Hand } from '../../seal/read';
import { newElement as made } from '../element';
import type { Standing } from './main';
import { locale } from './say';
import { say } from './say-more';

/** As the house names them in `data-others`, the oldest first. */
export interface Other {
  readonly delivery: string;
  readonly letter: string;
  readonly version: number;
  /** Civil day on which it was sealed. */
  readonly day: string;
}

/** So many are looked at: an old telephone fetches each of them whole. */
const MOST = 3;

/** The first that this person has, and the last ones: a hand that was changed was changed between two of them. */
export const chosen = (others: readonly Other[]): Other[] =>
  others.length <= MOST ? [...others] : [others[0]!, ...others.slice(1 - MOST)];

/** What `data-others` says; nothing when it says anything else. */
export function readOthers(text: string | undefined): Other[] {
  let read: unknown;
  try {
    read = JSON.parse(text ?? '[]');
  } catch {
    return [];
  }
  if (!Array.isArray(read)) return [];
  return (read as Partial<Other>[]).filter(
    (one): one is Other =>
      /^[a-z2-7]{26}$/.test(one?.delivery ?? '') &&
      /^[a-z2-7]{26}$/.test(one.letter ?? '') &&
      Number.isInteger(one.version) &&
      /^\d{4}-\d{2}-\d{2}$/.test(one.day ?? ''),
  );
}

/** The hand of another letter; null when it has none that holds, or does not come. */
async function handOf({ delivery, letter, version }: Other): Promise<Hand | null> {
  const path = `/waiting/${delivery}`;
  try {
    const { key } = await post<{ key: string }>(`${path}/key`, {});
    const letterAge = (await getBytes(`${path}/parts/letter.age`)).bytes;
    const sigAge = (await getBytes(`${path}/parts/sig.age`)).bytes;
    const { signature } = openLetter(key, { letterAge, sigAge }, { letterId: letter, version });
    return signature.state === 'signed' ? signature.hand : null;
  } catch {
    return null;
  }
}

const dayOf = (day: string): string =>
  new Intl.DateTimeFormat(locale(), { dateStyle: 'long', timeZone: 'UTC' }).format(
    new Date(`${day}T12:00:00Z`),
  );

/** The days of those that were, and that were not, written by this hand. */
export async function compared(
  hand: Hand,
  others: readonly Other[],
  find: (other: Other) => Promise<Hand | null>,
): Promise<{ same: string[]; other: string[] }> {
  const found = { same: [] as string[], other: [] as string[] };
  for (const one of chosen(others)) {
    const theirs = await find(one);
    if (theirs) found[theirs.line === hand.line ? 'same' : 'other'].push(one.day);
  }
  return found;
}

export async function compareHands({ article, letter, signature, hand: box }: Standing): Promise<void> {
  if (signature.state !== 'signed') return;
  const found = await compared(signature.hand, readOthers(article.dataset['others']), handOf);
  const days = (list: readonly string[]) =>
    new Intl.ListFormat(locale(), { type: 'conjunction' }).format([...new Set(list)].map(dayOf));
  if (found.same.length > 0) {
    const said = box.querySelector('p:last-of-type');
    const key = new Set(found.same).size === 1 ? 'same-one' : 'same-some';
    const line = say(`person.hand.${key}`, { days: days(found.same) });
    // 'Before' is all of those that were looked at; where one is by another hand, only these days are said.
    if (found.other.length === 0) said?.prepend(made('strong', '', say('person.hand.same')), line, ' ');
    else said?.append(' ', line);
    box.dataset['hands'] = 'same';
  }
  if (found.other.length === 0) return;
  box.dataset['hands'] = 'other';
  const notice = made('div', 'notice notice--wait');
  notice.setAttribute('role', 'status');
  notice.append(
    made('h2', '', say('person.hand.other', { days: days(found.other) })),
    made('p', '', say('person.hand.other-says', { name: letter.from })),
  );
  box.after(notice);
}
