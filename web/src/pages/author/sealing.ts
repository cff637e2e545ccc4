// From a draft to a sealed letter: reserve, seal in the room with the keys, bring it to the house, fetch it all again,
// prove it, and only then let the house say 'sealed'. Each step can fail and be taken up again: what was sealed in this
// window is not sealed twice, an upload goes on where it stopped, and the draft stays on the device until the end.

import * as api from '../../api';
import type { Draft } from '../../draft';
import type { Letter, SealedLetter } from '../../seal';
import { normaliseText } from '../../seal/letter';
import { figures, plainDay, say } from '../../words';
import { ask } from './keys';
import { restOf, ruleOf } from './plan';
import { session } from './session.svelte';
import { discard, put } from './shelf';
import { sealedVersion } from './story';

export type Progress =
  | { step: 'sealing' }
  /** Counted in parts of a hundred, so that a phone on a slow line shows that it moves. */
  | { step: 'uploading'; percent: number }
  | { step: 'checking' }
  | { step: 'finishing' };

interface Written {
  letterId: string;
  version: number;
  from: string;
  to: string;
  date: Date;
  text: string;
}

interface Attempt {
  /** What was sealed: another text, name or rule makes another attempt. */
  of: string;
  written: Written;
  sealed: SealedLetter;
}

/** What this window has sealed and not yet brought to its end, by draft. */
const attempts = new Map<string, Attempt>();

type Place = { letter: string; version: number };

/** The words of a letter of hers, opened with the account's key. */
export async function readSealed(letter: api.Letter, number?: number): Promise<Letter> {
  const version = number ?? sealedVersion(letter)?.number;
  if (version === undefined) throw new Error('nothing is sealed');
  const authorWrap = await api.wrap(letter.id, version, 'author');
  const letterAge = await api.part(letter.id, version, 'letter.age');
  return ask('read', { authorWrap, letterAge, expected: { letterId: letter.id, version } });
}

/**
 * Where this draft is to be sealed: the place that was reserved, a new version of a letter that was undone, or a new
 * letter. If an earlier attempt has been sealed and its answer was lost, that letter: never a second one.
 */
async function placeFor(draft: Draft): Promise<{ place: Place } | { sealed: api.Letter }> {
  const anew = async () => {
    const reserved = await api.reserve();
    return { place: { letter: reserved.id, version: reserved.version } };
  };
  const before = draft.plan.sealing;
  if (!before) return anew();
  let letter: api.Letter;
  try {
    letter = await api.letter(before.letter);
  } catch (error) {
    if (api.isProblem(error) && error.status === 404) return anew();
    throw error;
  }
  const isSealed = letter.versions.some((version) => version.number === before.version);
  if (letter.state === 'reserved') {
    if (!isSealed) return { place: before };
    const { version } = await api.reserveVersion(before.letter);
    return { place: { letter: before.letter, version } };
  }
  // Only these very words are this draft: anything else that lies there is another letter, and this one is not.
  if (!isSealed || letter.state === 'withdrawn') return anew();
  const there = await readSealed(letter, before.version);
  return there.text === normaliseText(draft.words.text) ? { sealed: letter } : anew();
}

export interface Asked {
  draft: Draft;
  /** The person's name as she says it. */
  to: string;
  /** Kept by this house, or by the author alone. */
  key: 'house' | 'me';
  tell: (progress: Progress) => void;
  /** The draft as it stands now: it learns where its letter is reserved. */
  kept: (draft: Draft) => void;
}

/** Seals, proves and keeps. Returns the letter as the house knows it. Throws; calling it again goes on. */
export async function sealDraft({ draft: begun, to, key, tell, kept }: Asked): Promise<api.Letter> {
  const { account, house } = session;
  if (!account || !house) throw new api.Unreachable();
  let draft = begun;
  const delivered = key === 'house';
  const rule = delivered ? ruleOf(draft.plan) : null;
  if (delivered && rule === null) throw new Error('a letter without a day');
  const person = draft.plan.who?.kind === 'person' ? draft.plan.who.id : null;
  if (delivered && person === null) throw new Error('a letter to nobody');

  tell({ step: 'sealing' });
  const found = await placeFor(draft);
  if ('sealed' in found) return finish(draft, found.sealed);
  const { place } = found;
  const known = draft.plan.sealing;
  if (known?.letter !== place.letter || known.version !== place.version) {
    draft = await put({ ...draft, plan: { ...draft.plan, sealing: place } });
    kept(draft);
  }

  const of = JSON.stringify([
    place,
    draft.words.text,
    to,
    account.name,
    account.recipient,
    house.hostRecipient,
    key,
  ]);
  let attempt = attempts.get(draft.id);
  if (attempt?.of !== of) {
    const written: Written = {
      letterId: place.letter,
      version: place.version,
      from: account.name,
      to,
      // The day by the house's clock, at noon: an hour would say more about her than the letter does.
      date: new Date(`${house.today}T12:00:00Z`),
      text: draft.words.text,
    };
    const sealed = await ask('seal', {
      ...written,
      authorRecipient: account.recipient,
      hostRecipient: delivered ? house.hostRecipient : null,
    });
    attempt = { of, written, sealed };
    attempts.set(draft.id, attempt);
  }
  const { written, sealed } = attempt;

  const total = sealed.parts.reduce((sum, part) => sum + part.size, 0);
  let done = 0;
  for (const part of sealed.parts) {
    await api.upload(place.letter, place.version, part, (arrived) =>
      tell({ step: 'uploading', percent: Math.floor(((done + arrived) / total) * 100) }),
    );
    done += part.size;
  }
  for (const wrap of sealed.wraps) await api.putWrap(place.letter, place.version, wrap.kind, wrap.bytes);

  tell({ step: 'checking' });
  const parts = [];
  for (const { name } of sealed.parts) {
    parts.push({ name, bytes: await api.part(place.letter, place.version, name) });
  }
  const authorWrap = await api.wrap(place.letter, place.version, 'author');
  await ask('prove', { written, manifestHash: sealed.manifestHash, parts, authorWrap });

  // The title goes into the vault first: a letter whose name was lost would be worse than a name without a letter.
  await session.write(place.letter, 'letter', { title: titleFor(draft, to), to });

  tell({ step: 'finishing' });
  const letter = await api.seal(place.letter, place.version, {
    person,
    to: null,
    manifestHash: sealed.manifestHash,
    rule,
    rest: delivered ? restOf(draft.plan) : 'none',
  });
  return finish(draft, letter);
}

/** The house has said 'sealed': only now does the draft leave this device. */
async function finish(draft: Draft, letter: api.Letter): Promise<api.Letter> {
  attempts.delete(draft.id);
  try {
    await discard(draft);
  } catch {
    // Another window has written on in it: that draft stays, as a draft of its own.
  }
  return letter;
}

/** What she calls it, or for whom it is. */
export function titleFor(draft: Draft, to: string): string {
  const title = draft.words.title.trim();
  return title === '' ? say('author.letter.title-for', { name: to }) : title;
}

/** What a draft is called in a list: its title, its first line, or its day. */
export function draftName(draft: Draft): string {
  const title = draft.words.title.trim();
  if (title !== '') return title;
  const line = draft.words.text.trim().split('\n')[0]?.trim() ?? '';
  if (line === '') return say('author.letters.draft-empty', { day: plainDay(draft.begun) });
  return line.length > 60 ? `${line.slice(0, 59).trimEnd()}…` : line;
}

export function progressSaid(progress: Progress): string {
  if (progress.step !== 'uploading') return say(`author.key.${progress.step}`);
  return say('author.key.uploading', { percent: progress.percent });
}

/** '84 words', in figures: it changes while she types. */
export function wordsSaid(text: string): string {
  const words = text.trim() === '' ? 0 : text.trim().split(/\s+/u).length;
  return words === 1 ? say('author.write.word') : say('author.write.words', { number: figures(words) });
}
