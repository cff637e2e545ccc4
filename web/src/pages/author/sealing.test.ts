// Sealing when things go wrong between two presses: an answer that was lost, another window, another device, a card that was
// made anew. Nothing that she has not just decided is sealed, nothing is sealed twice, and no draft goes that was not sealed.

import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type * as Api from '../../api';
import { newDraft, Shelf, type Draft } from '../../draft';
import { sealable } from '../../draft/house';
import { toText } from '../../seal/body';
import { say } from '../../words';
import { DraftChanged } from './content';
import { askedOf, shownOf } from './proof';
import type { LetterToSeal } from './keys/kinds';
import type { VaultRecord } from './vault';

const TODAY = '2026-11-21';
const MARA = 'm'.repeat(26);
const DAN = 'd'.repeat(26);

/** What the house has, as far as these stories need it. */
const house = vi.hoisted(() => ({
  letters: new Map<string, Api.Letter>(),
  /** What was sealed, as the room reads it again. */
  written: new Map<string, LetterToSeal>(),
  reserved: 0,
  /** Says 'sealed', and the answer is lost. */
  mute: false,
  drafts: [] as Api.KeptDraft[],
  draft: new Uint8Array() as Uint8Array,
  /** So often the check finds other bytes than were sealed. */
  damaged: 0,
  cards: [] as string[],
}));

/** The vault at the house, with a revision; this device holds what it has read last. */
const vault = vi.hoisted(() => ({
  records: new Map<string, Record<string, unknown>>(),
  here: new Map<string, Record<string, unknown>>(),
}));

vi.mock('../../api', async (original) => {
  const api = await original<typeof Api>();
  return {
    ...api,
    reserve: async () => {
      house.reserved += 1;
      const id = String.fromCharCode(96 + house.reserved).repeat(26);
      house.letters.set(id, letterOf(id, 'reserved', null));
      return { id, version: 1 };
    },
    reserveVersion: async (id: string) => ({ version: (house.letters.get(id)?.versions.length ?? 0) + 1 }),
    letter: async (id: string) => house.letters.get(id)!,
    upload: async () => {},
    putWrap: async () => {},
    wrap: async () => new Uint8Array(),
    part: async (id: string, version: number) => new TextEncoder().encode(`${id} ${version}`),
    seal: async (id: string, version: number, { person, rule, kept }: Api.Sealing) => {
      const before = house.letters.get(id)!;
      const versions = [...before.versions, { number: version, sealedOn: TODAY }];
      const asked = rule && { ...rule, proof: shownOf(rule.proof) };
      house.letters.set(id, { ...before, state: 'resting', person, rule: asked, kept, versions });
      if (house.mute) throw new api.Unreachable();
      return { letter: house.letters.get(id)! };
    },
    keptDrafts: async () => house.drafts,
    keptDraft: async () => ({ bytes: house.draft, rev: house.drafts[0]!.rev }),
    discardKept: async () => {},
    putCard: async (_: string, token: string) => void house.cards.push(token),
  };
});

vi.mock('./keys', async () => {
  class KeysRefuse extends Error {
    constructor(readonly code: string) {
      super(code);
    }
  }
  let cards = 0;
  const answers: Record<string, (ask: never) => unknown> = {
    seal: (letter: LetterToSeal) => {
      house.written.set(`${letter.letterId} ${letter.version}`, letter);
      return { parts: [{ name: 'letter.age', size: 1 }], wraps: [], manifestHash: 'h' };
    },
    prove: () => {
      if (house.damaged === 0) return null;
      house.damaged -= 1;
      throw new KeysRefuse('proof-failed');
    },
    read: ({ letterAge }: { letterAge: Uint8Array }) => {
      const { pictures, ...letter } = house.written.get(new TextDecoder().decode(letterAge))!;
      return { ...letter, pictures: pictures ?? [], media: [] };
    },
    'open-draft': ({ file }: { file: Uint8Array }) => ({ bytes: file }),
    'make-card': () => ({ words: `words of card ${(cards += 1)}` }),
    'card-token': ({ words }: { words: string }) => ({ token: words }),
  };
  return { KeysRefuse, ask: async (name: string, ask: unknown) => answers[name]!(ask as never) };
});

vi.mock('./session.svelte', () => ({
  session: {
    account: { name: 'Helen', recipient: 'age1pq1' },
    house: { hostRecipient: 'age1pq1', today: '2026-11-21' },
    signedIn: true,
    open: true,
    today: '2026-11-21',
    get records() {
      return vault.here;
    },
    needHand: async () => {},
    write: async (id: string, kind: string, fields: unknown) => {
      vault.here = new Map(vault.records);
      const there = vault.here.get(id) ?? { rev: 0 };
      const said = typeof fields === 'function' ? fields(vault.here) : fields;
      if (said === null) return;
      vault.here.set(id, { ...there, ...said, id, kind, gone: false, rev: Number(there['rev']) + 1 });
      vault.records = new Map(vault.here);
    },
  },
}));

function letterOf(id: string, state: Api.LetterState, person: string | null): Api.Letter {
  return {
    id,
    person,
    version: 1,
    versions: [],
    state,
    sealedAt: null,
    restUntil: null,
    arrives: null,
    rule: null,
    can: [],
  };
}

const { shelf } = await import('./shelf');
const { sealDraft, saidOf } = await import('./sealing');
const { keepPhoto } = await import('./write/photos');

const ready = (text: string): Draft => {
  const draft = newDraft(TODAY);
  const plan = { ...draft.plan, who: { kind: 'person' as const, id: MARA }, when: 'at-once' as const };
  return { ...draft, words: { title: '', text }, plan };
};

const sealing = (draft: Draft, key: 'house' | 'words' = 'house', proof: Api.Proof = 'none') =>
  sealDraft({ draft, to: 'Mara', key, proof, amended: null, tell: () => {}, kept: () => {} });

/** The letters that will go. */
const going = () => [...house.letters.values()].filter(({ state }) => state === 'resting');

const person = (id: string, fields: Record<string, unknown> = {}): VaultRecord => ({
  id,
  kind: 'person',
  rev: 1,
  gone: false,
  ...fields,
});

beforeEach(async () => {
  house.letters.clear();
  house.written.clear();
  Object.assign(house, { reserved: 0, mute: false, drafts: [], damaged: 0, cards: [] });
  vault.records = new Map([MARA, DAN].map((id) => [id, person(id)]));
  vault.here = new Map(vault.records);
  await new Shelf().clear();
});

afterEach(() => vi.restoreAllMocks());

/** Sealed, and the answer lost: she reads that it is not sealed. */
async function sealedUnheard(
  draft: Draft,
  key: 'house' | 'words' = 'house',
  proof: Api.Proof = 'none',
): Promise<Draft> {
  const kept = await shelf.keep(draft);
  house.mute = true;
  await expect(sealing(kept, key, proof)).rejects.toThrow('cannot be reached');
  house.mute = false;
  return (await shelf.read(kept.id))!;
}

describe('an answer that was lost', () => {
  test('is no second letter when she presses again', async () => {
    const draft = await sealedUnheard(ready('Dear Mara'));
    await sealing(draft);
    expect(going()).toHaveLength(1);
    expect(await shelf.read(draft.id)).toBeNull();
  });

  test.each([
    [
      'somebody else',
      (draft: Draft) => ({ plan: { ...draft.plan, who: { kind: 'person' as const, id: DAN } } }),
    ],
    [
      'another day',
      (draft: Draft) => ({
        plan: {
          ...draft.plan,
          when: 'on' as const,
          day: '4',
          month: '5',
          year: '2031',
          zone: 'Europe/Lisbon',
        },
      }),
    ],
    ['other words', () => ({ words: { title: '', text: 'Dear Mara, forgive me' } })],
  ])(
    'and %s since: she is told that a letter is sealed, and nothing else is sealed before she knows',
    async (_, change) => {
      const draft = await sealedUnheard(ready('Dear Mara'));
      const changed = await shelf.keep({ ...draft, ...change(draft) });
      const { letter } = await sealing(changed);
      expect(going().map(({ id, person }) => [id, person])).toEqual([[letter.id, MARA]]);
      expect(saidOf(letter.id)).not.toBe('');
      // Her draft is still there, and sealing it once more makes the letter that she wants.
      const again = (await shelf.read(draft.id))!;
      expect(again.words.text).toBe(changed.words.text);
      const { letter: second } = await sealing(again);
      expect(second.id).not.toBe(letter.id);
    },
  );

  test('another photo in the place of one is another letter', async () => {
    const photo = (byte: number) => keepPhoto('001', 'image/jpeg', new Uint8Array([0xff, 0xd8, byte]));
    const doc = [{ kind: 'photo' as const, name: '001', alt: '', width: 1, height: 1 }];
    const text = toText(doc, { photo: say('author.write.photo-said') });
    const words = async (byte: number) => ({ title: '', text, doc, photos: [await photo(byte)] });
    const draft = await sealedUnheard({ ...ready(''), words: await words(1) });
    const changed = await shelf.keep({ ...draft, words: await words(2) });
    await sealing(changed);
    expect(await shelf.read(draft.id)).not.toBeNull();
  });
});

describe('what is sealed is what she has before her', () => {
  test('not what another window has replaced', async () => {
    const shown = await shelf.keep(ready('Dear Mara'));
    await new Shelf().keep({ ...shown, words: { title: '', text: 'Dear Mara, forgive me' } });
    await expect(sealing(shown)).rejects.toThrow(DraftChanged);
    expect(going()).toEqual([]);
    expect(house.written.size).toBe(0);
  });

  test('not what another window has sealed or thrown away', async () => {
    const shown = await shelf.keep(ready('Dear Mara'));
    await new Shelf().remove(shown.id, shown.rev);
    await expect(sealing(shown)).rejects.toThrow(DraftChanged);
    expect(going()).toEqual([]);
  });

  test('not what another device has written on in', async () => {
    const shown = await shelf.keep(ready('Dear Mara'));
    await shelf.keepNote(shown.id, { rev: 3, of: shown.rev, photos: [] });
    house.drafts = [{ id: shown.id, rev: 4, savedOn: '', size: 1, discarded: false }];
    house.draft = sealable({ ...shown, words: { title: '', text: 'Dear Mara, forgive me' } });
    await expect(sealing(shown)).rejects.toThrow(DraftChanged);
    expect(going()).toEqual([]);
    // It is here now, to be read and then sealed.
    const newer = (await shelf.read(shown.id))!;
    expect(newer.words.text).toBe('Dear Mara, forgive me');
    await sealing(newer);
    expect(house.written.get(`${going()[0]!.id} 1`)?.text).toBe('Dear Mara, forgive me');
  });

  test('not what another device has sealed or thrown away, before she knows of it', async () => {
    const shown = await shelf.keep(ready('Dear Mara'));
    await shelf.keepNote(shown.id, { rev: 3, of: shown.rev, photos: [] });
    house.drafts = [{ id: shown.id, rev: 4, savedOn: '', size: 1, discarded: true }];
    await expect(sealing(shown)).rejects.toThrow(DraftChanged);
    expect(going()).toEqual([]);
    // She has been told, and wants it all the same.
    await sealing(shown);
    expect(going()).toHaveLength(1);
  });

  test('bytes that come back otherwise are sealed anew in the same press', async () => {
    const draft = await shelf.keep(ready('Dear Mara'));
    house.damaged = 1;
    const { letter } = await sealing(draft);
    expect(going().map(({ id }) => id)).toEqual([letter.id]);
    expect(await shelf.read(draft.id)).toBeNull();
  });
});

describe('what is asked before it opens', () => {
  const asked = (answer: string): Api.Proof => ({ kind: 'question', question: 'Which animal?', answer });
  const born = (year: number | null): Api.Proof => ({ kind: 'birthday', year, month: 9, day: 3 });

  test('is sealed with the letter, and its answer lies in the vault alone', async () => {
    const { letter } = await sealing(await shelf.keep(ready('Dear Mara')), 'house', asked('the cat'));
    expect(letter.rule?.proof).toEqual({ kind: 'question', question: 'Which animal?' });
    expect(askedOf(vault.records as never, letter.id)).toEqual(asked('the cat'));
  });

  test('is nothing where words on a card open it', async () => {
    const { letter } = await sealing(await shelf.keep(ready('Dear Mara')), 'words', asked('the cat'));
    expect(letter.rule?.proof).toBe('none');
    expect(askedOf(vault.records as never, letter.id)).toBe('none');
  });

  test.each([
    ['another answer', asked('the cat'), asked('the dog')],
    ['nothing any more', asked('the cat'), 'none' as const],
    ['a birthday', 'none' as const, born(1989)],
    ['another year of birth', born(1989), born(1990)],
  ])('and is %s after an answer of the house was lost: she is told first', async (_, before, since) => {
    const draft = await sealedUnheard(ready('Dear Mara'), 'house', before);
    const { letter } = await sealing(draft, 'house', since);
    expect(going()).toHaveLength(1);
    expect(saidOf(letter.id)).not.toBe('');
    expect(askedOf(vault.records as never, letter.id)).toEqual(before);
  });

  test('and is the same: it is no second letter', async () => {
    const draft = await sealedUnheard(ready('Dear Mara'), 'house', asked('the cat'));
    const { letter } = await sealing(draft, 'house', asked('the cat'));
    expect(going()).toHaveLength(1);
    expect(saidOf(letter.id)).toBe('');
    expect(await shelf.read(draft.id)).toBeNull();
  });
});

describe('a card', () => {
  test('that another device made anew locks this letter too', async () => {
    vault.here.set(MARA, person(MARA, { card: { words: 'old words', made: TODAY, known: true } }));
    const anew = { words: 'new words', made: TODAY, known: true };
    vault.records = new Map(vault.records).set(MARA, person(MARA, { rev: 2, card: anew }));
    await sealing(await shelf.keep(ready('Dear Mara')), 'words');
    const [letter] = going();
    expect(house.written.get(`${letter!.id} 1`)?.words).toBe('new words');
  });

  test('that another device has just made is not written over', async () => {
    const there = { words: 'words of the other device', made: TODAY, known: true };
    vault.records = new Map(vault.records).set(MARA, person(MARA, { rev: 2, card: there }));
    await sealing(await shelf.keep(ready('Dear Mara')), 'words');
    expect(vault.records.get(MARA)?.['card']).toMatchObject({ words: there.words });
    const [letter] = going();
    expect(house.written.get(`${letter!.id} 1`)?.words).toBe(there.words);
    expect(house.cards.filter((token) => token !== there.words)).toEqual([]);
  });
});
