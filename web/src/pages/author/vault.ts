// The records that only the author may read: names of people, titles of letters. Two windows, or two devices, may both
// have written: they are merged record by record and nothing is dropped. It knows no key and makes no request.

export type RecordKind = 'person' | 'letter' | 'self';

export interface VaultRecord {
  id: string;
  kind: RecordKind;
  rev: number;
  gone: boolean;
  /** Fields that a newer page wrote are kept as they are. */
  [field: string]: unknown;
}

const FORMAT = 'unsaid-vault 1';

export type Records = ReadonlyMap<string, VaultRecord>;

/** Throws when the text is not a vault of a format that this page knows. */
export function parseVault(text: string): Records {
  const read = JSON.parse(text) as { format?: unknown; records?: unknown };
  if (read.format !== FORMAT || !Array.isArray(read.records)) throw new Error('not a vault of ours');
  const records = new Map<string, VaultRecord>();
  for (const one of read.records as Partial<VaultRecord>[]) {
    if (typeof one.id !== 'string' || typeof one.kind !== 'string' || typeof one.rev !== 'number') {
      throw new Error('not a record of ours');
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

/** The higher revision wins; of two equal ones both sides' fields stay, and where they differ the later by text. */
export function mergeRecord(one: VaultRecord, other: VaultRecord): VaultRecord {
  if (one.rev !== other.rev) return one.rev > other.rev ? one : other;
  const [earlier, later] = canonical(one) <= canonical(other) ? [one, other] : [other, one];
  return { ...earlier, ...later };
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

export const titleOf = (records: Records, letter: string): string => text(records.get(letter)?.['title']);

/** For whom a letter was meant, as it was named when it was sealed. */
export const toOf = (records: Records, letter: string): string => text(records.get(letter)?.['to']);
