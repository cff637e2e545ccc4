// A letter of hers as a folder that opens without us: fetched, given its key, packed into one file. The house hears of it
// first, so that she is told by mail; the key is made in the room, and the folder never leaves this window by itself.

import * as api from '../../api';
import { exportBlob } from '../../export';
import { fetchOpenMe } from '../../export/page';
import { ask } from './keys';
import { readSealed, signature } from './sealing';
import { session } from './session.svelte';
import { sealedVersion } from './story';
import { cardOf } from './vault';

/** What an age file is longer than what it holds, at most, for pictures of our size. */
const OVERHEAD = 4_096;

export interface Taken {
  name: string;
  blob: Blob;
}

/** The version that counts; once the letter has left, the one that was sealed last. */
const versionOf = (letter: api.Letter) =>
  letter.versions.find((version) => version.counts === true) ?? sealedVersion(letter);

/**
 * `lock` are new words for a letter whose key would otherwise lie in the folder in clear. A letter that opens with a card
 * takes the card's words.
 */
export async function takeAway(
  letter: api.Letter,
  lock: string | null,
  told: (done: number) => void,
): Promise<Taken> {
  const version = versionOf(letter);
  if (!version) throw new Error('nothing is sealed');
  await api.exported(letter.id);
  told(0);
  const { number, sealedOn } = version;
  const read = await readSealed(letter, number);
  const authorWrap = await api.wrap(letter.id, number, 'author');
  const card = letter.kept === 'words' ? cardOf(session.records, letter.person) : null;
  const key = await ask('export-key', { authorWrap, words: card?.words ?? lock });
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
    sealedOn,
    exportedOn: session.today,
    openMe: await fetchOpenMe(),
    told,
  });
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
