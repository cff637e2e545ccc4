// The records that only the author may read: names of people, titles of letters, words of cards. Two windows, or two
// devices, may both have written: they are merged record by record and nothing is dropped. It knows no key and makes no
// request.

export type RecordKind = 'person' | 'letter' | 'self' | 'keeper-set';

export interface VaultRecord {
  id: string;
  /** Another page may have written kinds that this one does not know: they are kept. */
  kind: RecordKind | (string & {});
  rev: number;
  gone: boolean;
  /** Fields that a newer page wrote are kept as they are. */
  [field: string]: unknown;
}

const FORMAT = 'unsaid-vault 1';

/** The record about the author herself. */
export const SELF = 'self';

/** What the hand that signs is made of: these come together, from one record, or not at all. */
export const HAND = ['seed', 'inbox', 'inboxRecipient'] as const;

export type Records = ReadonlyMap<string, VaultRecord>;

/** The vault does not say what this page can read. Nothing may be written over it. */
export class VaultUnknown extends Error {
  override readonly name = 'VaultUnknown';

  /** `newer`: a later version of this program wrote it; else it is damaged. */
  constructor(readonly why: 'newer' | 'damaged') {
    super(why);
  }
}

/** Throws VaultUnknown when the text is not a vault of a format that this page knows. */
export function parseVault(text: string): Records {
  let read: { format?: unknown; records?: unknown };
  try {
    read = JSON.parse(text) as typeof read;
  } catch {
    throw new VaultUnknown('damaged');
  }
  if (read?.format !== FORMAT) {
    const ours = typeof read?.format === 'string' && /^unsaid-vault \d+$/.test(read.format);
    throw new VaultUnknown(ours ? 'newer' : 'damaged');
  }
  if (!Array.isArray(read.records)) throw new VaultUnknown('damaged');
  const records = new Map<string, VaultRecord>();
  for (const one of read.records as Partial<VaultRecord>[]) {
    if (typeof one?.id !== 'string' || typeof one.kind !== 'string' || typeof one.rev !== 'number') {
      throw new VaultUnknown('damaged');
    }
    const record = { ...one, gone: one.gone === true } as VaultRecord;
    const there = records.get(record.id);
    records.set(record.id, there ? mergeRecord(there, record) : record);
  }
  return records;
}

export function vaultText(records: Records): string {
  const sorted = [...records.values()].sort((one, other) => (one.id < other.id ? -1 : 1));
  return JSON.stringify({ format: FORMAT, records: sorted });
}

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  );

/**
 * The higher revision wins; of two equal ones both sides' fields stay, and where they differ the later by text. The hand
 * is never mixed and never lost: of two, always the one that is smaller as text, whatever the revisions say.
 */
export function mergeRecord(one: VaultRecord, other: VaultRecord): VaultRecord {
  return withHand(mergeFields(one, other), chosenHand(handOf(one), handOf(other)));
}

function mergeFields(one: VaultRecord, other: VaultRecord): VaultRecord {
  if (one.rev !== other.rev) return one.rev > other.rev ? one : other;
  const [earlier, later] = canonical(one) <= canonical(other) ? [one, other] : [other, one];
  return { ...earlier, ...later };
}

/** The secrets by which a hand writes and is written back to. */
export type Hand = Readonly<Record<(typeof HAND)[number], string>>;

/** `null` unless all of it is there. */
export function handOf(record: VaultRecord | undefined): Hand | null {
  if (!record || !HAND.every((field) => typeof record[field] === 'string')) return null;
  return Object.fromEntries(HAND.map((field) => [field, record[field]])) as unknown as Hand;
}

/** Two devices may have made one each; both must come to keep the same. */
export function chosenHand(one: Hand | null, other: Hand | null): Hand | null {
  if (one === null || other === null) return one ?? other;
  return canonical(one) <= canonical(other) ? one : other;
}

/** The record with this hand, or with none. */
export function withHand(record: VaultRecord, hand: Hand | null): VaultRecord {
  const rest = Object.fromEntries(
    Object.entries(record).filter(([field]) => !(HAND as readonly string[]).includes(field)),
  ) as VaultRecord;
  return hand === null ? rest : { ...rest, ...hand };
}

export function merge(mine: Records, theirs: Records): Records {
  const merged = new Map(mine);
  for (const [id, record] of theirs) {
    const there = merged.get(id);
    merged.set(id, there ? mergeRecord(there, record) : record);
  }
  return merged;
}

/** `records` with one of them changed: its revision grows, its other fields stay. */
export function changed(
  records: Records,
  id: string,
  kind: RecordKind,
  fields: Record<string, unknown>,
): Records {
  const there = records.get(id);
  const next = { ...there, ...fields, id, kind, rev: (there?.rev ?? 0) + 1, gone: false } as VaultRecord;
  return new Map(records).set(id, next);
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The name that she gave a person, `''` when there is none. */
export const nameOf = (records: Records, person: string | null): string =>
  person === null ? '' : text(records.get(person)?.['name']);

/** How she addresses them: 'My dear Dan'. */
export const addressOf = (records: Records, person: string): string => text(records.get(person)?.['address']);

/** What she keeps about them for herself. */
export const noteOf = (records: Records, person: string): string => text(records.get(person)?.['note']);

export const titleOf = (records: Records, letter: string): string => text(records.get(letter)?.['title']);

/** For whom a letter was meant, as it was named when it was sealed. */
export const toOf = (records: Records, letter: string): string => text(records.get(letter)?.['to']);

/** The drafts that became a letter: the first, and one for each change of it. */
export function draftsOf(records: Records, letter: string): string[] {
  const kept = records.get(letter)?.['drafts'];
  return Array.isArray(kept) ? kept.filter((draft) => typeof draft === 'string') : [];
}

/** The drafts that became one of these letters. */
export const sealedDrafts = (records: Records, letters: readonly { id: string }[]): Set<string> =>
  new Set(letters.flatMap(({ id }) => draftsOf(records, id)));

/** A birthday as she knows it. */
export interface Birthday {
  day: number;
  month: number;
  /** `null` when she does not know it. */
  year: number | null;
  /** For 29 February: the day in the other years. */
  leap: 'feb28' | 'mar1';
}

export function birthdayOf(records: Records, person: string | null): Birthday | null {
  const kept = person === null ? undefined : records.get(person)?.['birthday'];
  if (typeof kept !== 'object' || kept === null) return null;
  const { day, month, year, leap } = kept as Record<string, unknown>;
  if (!whole(day) || !whole(month)) return null;
  return { day, month, year: whole(year) ? year : null, leap: leap === 'mar1' ? 'mar1' : 'feb28' };
}

const whole = (value: unknown): value is number => Number.isInteger(value);

/** Her own birthday, `YYYY-MM-DD`, `''` when she has not said it. */
export const ownBirthday = (records: Records): string => text(records.get(SELF)?.['birthday']);

/** The card of a person: eight words, and the day on which they were made. */
export interface Card {
  words: string;
  made: string;
  /** The house has heard of it. */
  known?: boolean;
}

function cardIn(kept: unknown): Card | null {
  if (typeof kept !== 'object' || kept === null) return null;
  const { words, made, known } = kept as Record<string, unknown>;
  if (typeof words !== 'string' || typeof made !== 'string') return null;
  return { words, made, known: known === true };
}

export const cardOf = (records: Records, person: string | null): Card | null =>
  person === null ? null : cardIn(records.get(person)?.['card']);

/** The eight words of her stop paper: a card of its own kind, kept so that it can be printed again. */
export const stopOf = (records: Records): Card | null => cardIn(records.get(SELF)?.['stop']);

/** The card that was about to take the place of one that somebody has seen. */
export const nextCardOf = (records: Records, person: string): Card | null =>
  cardIn(records.get(person)?.['nextCard']);

/** The cards of her keepers that belong together, with everything that it takes to print them again or to make them anew. */
export interface KeeperSet {
  id: string;
  /** For whom alone it is; `null`: for all. */
  person: string | null;
  needed: number;
  of: number;
  /** All of them together also open the folder of a letter, without the house and before its time: she has chosen it when she made them. */
  alone: boolean;
  /** The key of the set: it stays when the cards are made anew. */
  identity: string;
  recipient: string;
  /** The words of each card. */
  cards: readonly string[];
  /** Who has each card. */
  heldBy: readonly (string | null)[];
  /** The day on which these cards were made. */
  made: string;
  /** The house has the file that these cards open, and it was proved. */
  known: boolean;
  /** Which of these cards were printed, by their place. */
  printed: readonly number[];
}

const texts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string');

function setIn(record: VaultRecord): KeeperSet | null {
  const { id, kind, gone, person, needed, of, alone, identity, recipient, cards, heldBy, made, known } =
    record;
  const { printed } = record;
  if (kind !== 'keeper-set' || gone || !whole(needed) || !whole(of) || !texts(cards)) return null;
  if (typeof identity !== 'string' || typeof recipient !== 'string' || typeof made !== 'string') return null;
  const holders = Array.isArray(heldBy) ? (heldBy as unknown[]) : [];
  return {
    id,
    person: typeof person === 'string' ? person : null,
    needed,
    of,
    alone: alone === true && needed === of,
    identity,
    recipient,
    cards,
    heldBy: cards.map((_, at) => (typeof holders[at] === 'string' ? holders[at] : null)),
    made,
    known: known === true,
    printed: Array.isArray(printed) ? printed.filter(whole) : [],
  };
}

/** Her sets: the one for all first. Two devices may each have made one: the one that is smaller as text counts on both. */
export function keeperSets(records: Records): KeeperSet[] {
  const sets = [...records.values()].flatMap((record) => setIn(record) ?? []);
  return sets.sort((one, other) =>
    `${one.person ?? ''} ${one.id}` < `${other.person ?? ''} ${other.id}` ? -1 : 1,
  );
}

export const setNamed = (records: Records, id: string): KeeperSet | null =>
  keeperSets(records).find((set) => set.id === id) ?? null;

/** What a letter to this person is sealed to: cards of their own where there are some, else those for all. */
export const setFor = (records: Records, person: string | null): KeeperSet | null =>
  keeperSets(records).find((set) => set.person !== null && set.person === person) ??
  keeperSets(records).find((set) => set.person === null) ??
  null;

/** To which set a letter was sealed, as it was noted then. */
export const setOfLetter = (records: Records, letter: string): KeeperSet | null => {
  const id = records.get(letter)?.['keeperSet'];
  return typeof id === 'string' ? setNamed(records, id) : null;
};
