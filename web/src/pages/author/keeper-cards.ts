// The cards that her keepers open letters with together: made in the room with the keys, kept in the vault first and told to the house second, and
// proved with what the house gives back, so that no card is printed that opens nothing. It knows no page.

import * as api from '../../api';
import { newDraftId } from '../../draft';
import { standing } from './gone';
import { ask, KeysRefuse } from './keys';
import { session } from './session.svelte';
import { keeperSets, setNamed, type KeeperSet } from './vault';

/** A letter was to be sealed to cards that do not exist, or of which the house has not heard. */
export class CardsUnready extends Error {
  override readonly name = 'CardsUnready';
}

/** Fewer keepers than these can open nothing together. */
export const FEWEST = 2;

/** What can be chosen for so many keepers. */
export const neededOf = (keepers: number): number[] =>
  Array.from({ length: Math.max(0, keepers - 1) }, (_, at) => at + 2);

/** Who holds a card and is a keeper no more. */
export const leftOf = (set: KeeperSet, keepers: readonly api.Keeper[]): string[] => {
  const stand = new Set(standing(keepers).map(({ id }) => id));
  return set.heldBy.filter((id): id is string => id !== null && !stand.has(id));
};

/** Who stands and holds no card of this set. */
export const withoutCard = (set: KeeperSet, keepers: readonly api.Keeper[]): api.Keeper[] =>
  standing(keepers).filter(({ id }) => !set.heldBy.includes(id));

/** Whether its cards are with those who are her keepers now. */
export const fits = (set: KeeperSet, keepers: readonly api.Keeper[]): boolean =>
  leftOf(set, keepers).length === 0 && withoutCard(set, keepers).length === 0;

/** Which cards were never printed, by their place. */
export const unprinted = (set: KeeperSet): number[] =>
  set.cards.flatMap((_, at) => (set.printed.includes(at) ? [] : [at]));

/**
 * Makes cards for these keepers: a new set, or all cards anew of the one that there is, whose key stays, so that what was sealed to it opens with
 * the new ones. `alone`: all of them together also open a folder without the house. Gives its name.
 */
export async function makeCards(
  person: string | null,
  keepers: readonly api.Keeper[],
  needed: number,
  alone = false,
): Promise<string> {
  const there = keeperSets(session.records).find((set) => set.person === person);
  const of = keepers.length;
  const made = await ask('make-keeper-cards', { needed, of, identity: there?.identity ?? null });
  const id = there?.id ?? newDraftId();
  const heldBy = keepers.map((keeper) => keeper.id);
  const fields = {
    person,
    needed,
    of,
    alone: alone && needed === of,
    ...made,
    heldBy,
    made: session.today,
    known: false,
    printed: [],
  };
  await session.write(id, 'keeper-set', fields);
  await tellHouse(id);
  return id;
}

/** Whatever goes wrong in between: the house hears of no file whose cards the vault does not hold, and cards are shown once they were proved. */
export async function tellHouse(id: string): Promise<void> {
  const set = setNamed(session.records, id);
  if (!set || set.known) return;
  const { identity, cards, person, needed, of } = set;
  const { file } = await ask('lock-keeper-set', { identity, cards });
  await api.putKeeperSet(id, { person, needed, of, file });
  const kept = (await api.keeperSets()).find((one) => one.id === id);
  if (!kept) throw new KeysRefuse({ code: 'proof-failed', index: undefined });
  await ask('prove-keeper-set', { identity, cards, file: kept.file });
  await session.write(id, 'keeper-set', (records) =>
    setNamed(records, id)?.cards.join() === cards.join() ? { known: true } : null,
  );
}

/** These cards of a set are printed now. */
export async function printed(id: string, places: readonly number[]): Promise<void> {
  await api.keeperCardsPrinted(id);
  await session.write(id, 'keeper-set', (records) => {
    const set = setNamed(records, id);
    if (!set) return null;
    return { printed: [...new Set([...set.printed, ...places])].sort((one, other) => one - other) };
  });
}
