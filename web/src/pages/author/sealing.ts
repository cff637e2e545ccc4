// From a draft to a sealed letter: reserve, seal in the room with the keys, bring it to the house, fetch it all again,
// prove it, and only then let the house say 'sealed'. Each step can fail and be taken up again: what was sealed in this
// window is not sealed twice, an upload goes on where it stopped, and the draft stays on the device until the end.

import * as api from '../../api';
import type { Draft } from '../../draft';
import { figures, plainDay, say } from '../../words';
import { cardFor } from './cards';
import { contentOf, DraftChanged, sameContent } from './content';
import { CardsUnready } from './keeper-cards';
import { ask, KeysRefuse } from './keys';
import type { LetterToSeal, ReadLetter, Sealed } from './keys/kinds';
import { restOf, ruleOf } from './plan';
import { askedOf, shownOf } from './proof';
import { session } from './session.svelte';
import { discard, put, take } from './shelf';
import { sealedVersion } from './story';
import { cardOf, draftsOf, setFor, type KeeperSet } from './vault';
import { bringNewer } from './write/bring';

export type Progress =
  | { step: 'sealing' }
  /** Counted in parts of a hundred, so that a phone on a slow line shows that it moves. */
  | { step: 'uploading'; percent: number }
  | { step: 'checking'; percent: number }
  /** What came back was not what was sealed: it is locked and brought once more. */
  | { step: 'again' }
  | { step: 'finishing' };

interface Attempt {
  /** What was sealed: another text, name or rule makes another attempt. */
  of: string;
  written: LetterToSeal;
  sealed: Sealed;
}

/** How often a letter is sealed anew because the house gave back something else. */
const BEGINNINGS = 2;

/** The one answer that a letter which has left gives to a change, by letter, until it has been shown. */
const answers = new Map<string, string>();

/** What the house said when this letter was sealed, once; `''` when it said nothing. */
export function saidOf(letter: string): string {
  const said = answers.get(letter) ?? '';
  answers.delete(letter);
  return said;
}

/** What this window has sealed and not yet brought to its end, by draft. */
const attempts = new Map<string, Attempt>();

type Place = { letter: string; version: number };

/** The words of a letter of hers, opened with the account's key. */
export async function readSealed(letter: api.Letter, number?: number): Promise<ReadLetter> {
  const version = number ?? sealedVersion(letter)?.number;
  if (version === undefined) throw new Error('nothing is sealed');
  const authorWrap = await api.wrap(letter.id, version, 'author');
  const letterAge = await api.part(letter.id, version, 'letter.age');
  const sigAge = await signature(letter.id, version);
  return ask('read', { authorWrap, letterAge, sigAge, expected: { letterId: letter.id, version } });
}

/** A letter of the first format has none. */
export async function signature(letter: string, number: number): Promise<Uint8Array | null> {
  try {
    return await api.part(letter, number, 'sig.age');
  } catch (error) {
    if (api.isProblem(error) && error.status === 404) return null;
    throw error;
  }
}

/** Pictures that lie beside a letter, opened. */
export type Beside = ReadonlyMap<string, { type: string; bytes: Uint8Array }>;

export async function readBeside(letter: api.Letter, read: ReadLetter, number?: number): Promise<Beside> {
  const version = number ?? sealedVersion(letter)?.number;
  const beside = new Map<string, { type: string; bytes: Uint8Array }>();
  if (version === undefined || read.media.length === 0) return beside;
  const authorWrap = await api.wrap(letter.id, version, 'author');
  for (const medium of read.media) {
    const part = await api.part(letter.id, version, `media/${medium.name}.age`);
    const { bytes } = await ask('read-part', { authorWrap, part, medium });
    beside.set(medium.name, { type: medium.type, bytes });
  }
  return beside;
}

/** What she has decided about a letter beside its words. */
interface Decided {
  person: string | null;
  rule: api.Rule | null;
  /** `null`: hers alone. */
  kept: api.Kept | null;
}

const inOneOrder = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  );

/** Whether a letter goes to the one, on the day and by the key that she has before her now. */
const asDecided = (letter: api.Letter, { person, rule, kept }: Decided): boolean =>
  letter.person === person &&
  inOneOrder(letter.rule) === inOneOrder(rule && { ...rule, proof: shownOf(rule.proof) }) &&
  (rule === null ||
    ((letter.kept ?? 'house') === kept &&
      // The house gives no answer back: whether it is the same one, only her vault can tell.
      inOneOrder(askedOf(session.records, letter.id) ?? 'none') === inOneOrder(rule.proof)));

/**
 * Where this draft is to be sealed: the place that was reserved, a new version of a letter that was undone, or a new
 * letter. If an earlier attempt has been sealed and its answer was lost, that letter: never a second one. `before`: that
 * letter is not what she has decided since, and she has to know of it before anything else is sealed.
 */
async function placeFor(
  draft: Draft,
  decided: Decided,
): Promise<{ place: Place } | { sealed: api.Letter } | { before: api.Letter }> {
  const anew = async () => {
    const reserved = await api.reserve();
    return { place: { letter: reserved.id, version: reserved.version } };
  };
  const { sealing: before, amends } = draft.plan;
  if (amends !== null && before?.letter !== amends) {
    const { version } = await api.reserveVersion(amends);
    return { place: { letter: amends, version } };
  }
  if (!before) return anew();
  let letter: api.Letter;
  try {
    letter = await api.letter(before.letter);
  } catch (error) {
    if (api.isProblem(error) && error.status === 404) return anew();
    throw error;
  }
  const isSealed = letter.versions.some((version) => version.number === before.version);
  if (letter.state === 'reserved' || (amends !== null && letter.state !== 'withdrawn')) {
    if (!isSealed) return { place: before };
    if (amends !== null && (await isThis(draft, letter, before.version))) return { sealed: letter };
    const { version } = await api.reserveVersion(before.letter);
    return { place: { letter: before.letter, version } };
  }
  if (!isSealed || letter.state === 'withdrawn') return anew();
  const isDone = asDecided(letter, decided) && (await isThis(draft, letter, before.version));
  return isDone ? { sealed: letter } : { before: letter };
}

const isThis = async (draft: Draft, letter: api.Letter, version: number): Promise<boolean> =>
  sameContent(draft, await readSealed(letter, version));

export interface Asked {
  draft: Draft;
  /** The person's name as she says it. */
  to: string;
  /** Kept by this house, by words that only two know, by her keepers together, or by the author alone. */
  key: 'house' | 'words' | 'keepers' | 'me';
  /** What is asked before it opens, where this house keeps the key. */
  proof: api.Proof;
  /** The letter whose next version this is. */
  amended: api.Letter | null;
  tell: (progress: Progress) => void;
  /** The draft as it stands now: it learns where its letter is reserved. */
  kept: (draft: Draft) => void;
}

/**
 * Seals, proves and keeps. Returns the letter as the house knows it. Throws; calling it again goes on. DraftChanged: what
 * stands before her is not what was written last, and nothing was sealed.
 */
export async function sealDraft(asked: Asked): Promise<api.SealAnswer> {
  let draft = asked.draft;
  const kept = (now: Draft) => {
    draft = now;
    asked.kept(now);
  };
  await stillThis(draft);
  for (let beginning = 1; ; beginning += 1) {
    try {
      return await sealOnce({ ...asked, draft, kept });
    } catch (error) {
      // The stored bytes are not those that were sealed: nothing is said to be sealed, and other bytes take their place.
      const damaged = error instanceof KeysRefuse && DAMAGED.has(error.code);
      if (damaged) attempts.delete(draft.id);
      if ((!damaged && !(error instanceof CardChanged)) || beginning === BEGINNINGS) throw error;
      asked.tell({ step: 'again' });
    }
  }
}

/** Another device has made the card anew while this letter was being sealed: it would open to words that nobody has. */
class CardChanged extends Error {
  override readonly name = 'CardChanged';
}

/** Drafts of which she was told that another device has sealed them, or thrown them away. */
const told = new Set<string>();

/** Throws DraftChanged when another window, or another device, has written on, sealed it or thrown it away. */
async function stillThis(draft: Draft): Promise<void> {
  const now = await take(draft.id);
  const same =
    now?.rev === draft.rev && inOneOrder([now.words, now.plan]) === inOneOrder([draft.words, draft.plan]);
  const how = same ? await bringNewer(draft) : 'none';
  if (how === 'gone' && !told.has(draft.id)) {
    told.add(draft.id);
    throw new DraftChanged('gone');
  }
  if (!same || (how !== 'gone' && how !== 'none')) throw new DraftChanged();
}

const DAMAGED: ReadonlySet<string> = new Set([
  'proof-failed',
  'damaged',
  'wrong-key',
  'wrong-letter',
  'not-a-wrap',
]);

async function sealOnce({
  draft: begun,
  to,
  key,
  proof,
  amended,
  tell,
  kept,
}: Asked): Promise<api.SealAnswer> {
  const { account, house } = session;
  if (!account || !house) throw new api.Unreachable();
  let draft = begun;
  const delivered = key !== 'me';
  // Words on a card need no other answer.
  const asks = key === 'house' ? proof : 'none';
  const rule = delivered && !amended ? ruleOf(draft.plan, session.records, asks) : null;
  if (delivered && !amended && rule === null) throw new Error('a letter without a day');
  const planned = draft.plan.who?.kind === 'person' ? draft.plan.who.id : null;
  const person = amended ? amended.person : planned;
  if (delivered && person === null) throw new Error('a letter to nobody');

  tell({ step: 'sealing' });
  // Nothing is signed by a hand, or locked with words, that a lost page could take with it.
  await session.needHand();
  // Also where the house keeps the key: whoever comes looking needs something that leads to it.
  const asked = rule?.reach === 'claim';
  const card = (key === 'words' || asked) && person !== null ? await cardFor(person) : null;
  const words = key === 'words' ? card : null;
  const set = key === 'keepers' ? setFor(session.records, person) : null;
  // Cards that the house has no file for would open nothing.
  if (key === 'keepers' && !set?.known) throw new CardsUnready();
  const keptBy = key === 'me' ? null : key;
  const found = await placeFor(draft, { person: delivered ? person : null, rule, kept: keptBy });
  if ('sealed' in found) return finish(draft, { letter: found.sealed });
  if ('before' in found) {
    // From here on she knows of it: sealed once more, this draft is a letter of its own.
    kept(await put({ ...draft, plan: { ...draft.plan, sealing: null } }));
    const said = say('author.key.sealed-before');
    answers.set(found.before.id, said);
    return { letter: found.before, said };
  }
  const { place } = found;
  const known = draft.plan.sealing;
  if (known?.letter !== place.letter || known.version !== place.version) {
    draft = await put({ ...draft, plan: { ...draft.plan, sealing: place } });
    kept(draft);
  }

  const { written, sealed } = await attemptFor(draft, place, { to, key, words, set });
  const total = sealed.parts.reduce((sum, part) => sum + part.size, 0);
  const percent = (bytes: number) => Math.floor((bytes / total) * 100);
  let done = 0;
  for (const part of sealed.parts) {
    await api.upload(place.letter, place.version, part, (arrived) =>
      tell({ step: 'uploading', percent: percent(done + arrived) }),
    );
    done += part.size;
  }
  for (const { kind, bytes } of sealed.wraps) {
    if (kind !== 'keepers') await api.putWrap(place.letter, place.version, kind, bytes);
    else if (set) await api.putKeepersWrap(place.letter, place.version, set.id, bytes);
  }

  const parts = [];
  done = 0;
  for (const { name, size } of sealed.parts) {
    tell({ step: 'checking', percent: percent(done) });
    parts.push({ name, bytes: await api.part(place.letter, place.version, name) });
    done += size;
  }
  const authorWrap = await api.wrap(place.letter, place.version, 'author');
  await ask('prove', { written, manifestHash: sealed.manifestHash, parts, authorWrap });

  // The title goes into the vault first: a letter whose name was lost would be worse than a name without a letter.
  await session.write(place.letter, 'letter', (records) => ({
    title: titleFor(draft, to),
    to,
    drafts: [...new Set([...draftsOf(records, place.letter), draft.id])],
    ...(amended ? {} : { proof: asks }),
    keeperSet: set?.id ?? null,
  }));
  // That writing has met whatever another device wrote meanwhile.
  if (words !== null && cardOf(session.records, person)?.words !== words) throw new CardChanged();

  tell({ step: 'finishing' });
  const answer = await api.seal(place.letter, place.version, {
    person: amended ? null : person,
    to: null,
    manifestHash: sealed.manifestHash,
    rule,
    rest: amended || delivered ? restOf(draft.plan) : 'none',
    kept: keptBy ?? 'house',
    ...(amended ? { amend: true } : {}),
  });
  if (answer.said !== undefined) answers.set(place.letter, answer.said);
  return finish(draft, answer);
}

/** What is sealed for this draft in this place: what this window has sealed already, as long as nothing has changed. */
async function attemptFor(
  draft: Draft,
  place: Place,
  { to, key, words, set }: { to: string; key: Asked['key']; words: string | null; set: KeeperSet | null },
): Promise<Attempt> {
  const { account, house } = session;
  if (!account || !house) throw new api.Unreachable();
  const of = JSON.stringify([
    place,
    draft.id,
    draft.rev,
    draft.words,
    to,
    account.name,
    account.recipient,
    house.hostRecipient,
    key,
    words,
    set?.recipient ?? null,
  ]);
  const before = attempts.get(draft.id);
  if (before?.of === of) return before;
  const written: LetterToSeal = {
    letterId: place.letter,
    version: place.version,
    from: account.name,
    to,
    // The day by the house's clock, at noon: an hour would say more about her than the letter does.
    date: new Date(`${house.today}T12:00:00Z`),
    ...(await contentOf(draft)),
    kept: key === 'me' ? 'author' : key,
    words,
    set: set && { identity: set.identity, recipient: set.recipient },
    authorRecipient: account.recipient,
    hostRecipient: key === 'me' ? null : house.hostRecipient,
  };
  const attempt = { of, written, sealed: await ask('seal', written) };
  attempts.set(draft.id, attempt);
  return attempt;
}

/** The house has said 'sealed': only now does the draft leave this device. */
async function finish(draft: Draft, answer: api.SealAnswer): Promise<api.SealAnswer> {
  attempts.delete(draft.id);
  try {
    await discard(draft);
  } catch {
    // Another window has written on in it: that draft stays, as a draft of its own.
    return answer;
  }
  // The house's copy can be brought back for thirty days; that it lies there a while longer harms nobody.
  await api.discardKept(draft.id).catch(() => {});
  return answer;
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
  switch (progress.step) {
    case 'uploading':
      return say('author.key.uploading', { percent: progress.percent });
    case 'checking':
      return say('author.key.checking-percent', { percent: progress.percent });
    default:
      return say(`author.key.${progress.step}`);
  }
}

/** '84 words', in figures: it changes while she types. */
export function wordsSaid(of: string | number): string {
  const words = typeof of === 'number' ? of : of.trim() === '' ? 0 : of.trim().split(/\s+/u).length;
  return words === 1 ? say('author.write.word') : say('author.write.words', { number: figures(words) });
}
