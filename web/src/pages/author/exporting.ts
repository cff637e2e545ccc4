// A letter of hers as a folder that opens without us: fetched, given its key, packed into one file. The house hears of it
// first, so that she is told by mail; the key is made in the room, and the folder never leaves this window by itself.

import * as api from '../../api';
import { exportBlob, type ExportKey } from '../../export';
import { fetchOpenMe } from '../../export/page';
import { CardsUnready } from './keeper-cards';
import { ask } from './keys';
import { readSealed, signature } from './sealing';
import { session } from './session.svelte';
import { sealedVersion } from './story';
import { cardOf, type KeeperSet } from './vault';

/** What an age file is longer than what it holds, at most, for pictures of our size. */
const OVERHEAD = 4_096;

/** What locks the folder of a letter that no card of one person opens. */
export type Lock =
  | { kind: 'words'; words: string }
  /** All cards of this set together, without any house. */
  | { kind: 'keepers'; set: KeeperSet }
  | { kind: 'clear' };

export interface Taken {
  name: string;
  blob: Blob;
}

/** The version that counts; once the letter has left, the one that was sealed last. */
const versionOf = (letter: api.Letter) =>
  letter.versions.find((version) => version.counts === true) ?? sealedVersion(letter);

/** A letter that opens with one person's card takes the words of that, whatever `lock` says. */
export async function takeAway(letter: api.Letter, lock: Lock, told: (done: number) => void): Promise<Taken> {
  const version = versionOf(letter);
  if (!version) throw new Error('nothing is sealed');
  await api.exported(letter.id);
  told(0);
  const { number, sealedOn } = version;
  const read = await readSealed(letter, number);
  const authorWrap = await api.wrap(letter.id, number, 'author');
  const card = letter.kept === 'words' ? cardOf(session.records, letter.person) : null;
  const key = await keyOf(authorWrap, card ? { kind: 'words', words: card.words } : lock);
  const sigAge = await signature(letter.id, number);
  const people = letter.person === null ? [] : await api.persons();
  const person = people.find((one) => one.id === letter.person);
  return exportBlob({
    letterId: letter.id,
    version: number,
    from: read.from,
    to: read.to,
    language: person?.language ?? session.account?.language ?? 'en',
    letterAge: await api.part(letter.id, number, 'letter.age'),
    sigAge,
    hand: sigAge === null ? null : session.hand,
    media: read.media.map((medium) => ({
      ...medium,
      sealedSize: medium.size + OVERHEAD,
      bytes: () => api.part(letter.id, number, `media/${medium.name}.age`),
    })),
    key,
    keepersElsewhere: letter.kept === 'keepers' && key.kind !== 'keepers',
    sealedOn,
    exportedOn: session.today,
    openMe: await fetchOpenMe(),
    told,
  });
}

async function keyOf(authorWrap: Uint8Array, lock: Lock): Promise<ExportKey> {
  if (lock.kind !== 'keepers')
    return ask('export-key', { authorWrap, words: lock.kind === 'words' ? lock.words : null });
  const { identity, recipient, cards, needed, of, alone, known } = lock.set;
  // Cards that are not all needed, or that she has not made for this, must open nothing without the house.
  if (!alone || !known || needed !== of) throw new CardsUnready();
  const { key, set } = await ask('export-keepers', { authorWrap, identity, recipient, cards });
  return { kind: 'keepers', file: key, set };
}

/** Gives a file to the browser to keep. */
export function keepFile({ name, blob }: Taken): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
