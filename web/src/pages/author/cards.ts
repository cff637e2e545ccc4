// The words that only two people know: made in the room with the keys, kept in the vault first and told to the house
// second, so that no step in which the network goes can leave a letter that opens to words which nobody has.

import * as api from '../../api';
import { ask } from './keys';
import { session } from './session.svelte';
import { cardOf, nextCardOf } from './vault';

/** The words of a person's card. Where there is none, one is made; the house hears what stands for the words. */
export async function cardFor(person: string): Promise<string> {
  const there = cardOf(session.records, person);
  if (there?.known) return there.words;
  const made = there ?? { words: (await ask('make-card', {})).words, made: session.today };
  // Another device may have made one since this one looked: there is one card, and it is that one.
  await session.write(person, 'person', (records) => (cardOf(records, person) ? null : { card: made }));
  const card = cardOf(session.records, person) ?? made;
  if (card.known) return card.words;
  const { token } = await ask('card-token', { words: card.words });
  await api.putCard(person, token);
  await session.write(person, 'person', (records) =>
    cardOf(records, person)?.words === card.words ? { card: { ...card, known: true } } : null,
  );
  return card.words;
}

/**
 * New words in the place of those that somebody has seen, for everything of this person that nobody has opened. The new
 * ones lie in the vault before the house hears of them: whatever happens in between, this can be done again.
 */
export async function newCard(person: string): Promise<void> {
  const house = session.house;
  if (!house) throw new api.Unreachable();
  let next = nextCardOf(session.records, person);
  if (!next) {
    next = { words: (await ask('make-card', {})).words, made: session.today };
    const begun = next;
    await session.write(person, 'person', (records) =>
      nextCardOf(records, person) ? null : { nextCard: begun },
    );
    next = nextCardOf(session.records, person) ?? begun;
  }
  const { words, made } = next;
  const wraps: api.CardWrap[] = [];
  for (const letter of await api.letters()) {
    // While new words rest that the house is to keep, the ones before them still open with the card.
    if (letter.person !== person || (letter.kept !== 'words' && !letter.amending)) continue;
    // Which version a letter opens in is told to nobody once it has left: each of them gets the new words.
    for (const { number } of letter.versions) {
      const authorWrap = await api.wrap(letter.id, number, 'author');
      const { wrap } = await ask('wrap-again', {
        letterId: letter.id,
        version: number,
        authorWrap,
        words,
        hostRecipient: house.hostRecipient,
      });
      wraps.push({ letter: letter.id, version: number, wrap });
    }
  }
  const { token } = await ask('card-token', { words });
  await api.replaceCard(person, token, wraps);
  await session.write(person, 'person', { card: { words, made, known: true }, nextCard: null });
}
