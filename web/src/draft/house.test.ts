// The way of a draft to the house, with a house and a clock of the test's own: failing networks, two devices, a day offline.

import { describe, expect, test } from 'vitest';
import {
  AGAIN,
  CALM,
  Elsewhere,
  HouseRefuses,
  HouseSaver,
  NOTHING_THERE,
  sealable,
  unsealed,
  type DevicePort,
  type HouseNote,
  type HousePort,
  type HouseState,
} from './house';
import { emptyPlan, newDraft, type Draft } from './shelf';

class Clock {
  now = 0;
  #queue: { at: number; run: () => void; id: number }[] = [];
  #count = 0;
  readonly timers = {
    set: (run: () => void, after: number): unknown => {
      this.#count += 1;
      this.#queue.push({ at: this.now + after, run, id: this.#count });
      return this.#count;
    },
    clear: (id: unknown): void => {
      this.#queue = this.#queue.filter((one) => one.id !== id);
    },
  };

  async pass(by: number): Promise<void> {
    const end = this.now + by;
    for (let turns = 0; turns < 2_000; turns += 1) {
      await settled();
      const next = this.#queue.filter((one) => one.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.now = next.at;
      this.#queue = this.#queue.filter((one) => one !== next);
      next.run();
    }
    this.now = end;
    await settled();
  }
}

const settled = async (): Promise<void> => {
  for (let i = 0; i < 40; i += 1) await Promise.resolve();
};

/** One house that two devices share. 'Sealing' turns the bytes around, so that nothing in clear arrives. */
class FakeHouse {
  rows = new Map<string, { rev: number; sealed: Uint8Array }>();
  photos = new Map<string, Uint8Array>();
  refuses: HouseRefuses['why'] | null = null;
  /** Takes what it is given, and the answer is lost on the way. */
  mute = false;
  /** Answers questions and takes nothing. */
  full = false;
  open = true;
  puts = 0;

  port(): HousePort {
    const check = () => {
      if (this.refuses) throw new HouseRefuses(this.refuses);
    };
    const turned = async (bytes: Uint8Array) => bytes.map((byte) => byte ^ 0xff);
    return {
      put: async (id, rev, sealed) => {
        check();
        const there = this.rows.get(id)?.rev ?? 0;
        if (there !== rev) throw new Elsewhere();
        if (this.full) throw new HouseRefuses('full');
        this.puts += 1;
        this.rows.set(id, { rev: rev + 1, sealed });
        if (this.mute) throw new HouseRefuses('away');
        return rev + 1;
      },
      get: async (id) => {
        check();
        if (!this.open) throw new HouseRefuses('closed');
        return this.rows.get(id) ?? null;
      },
      putPhoto: async (_, photo, sealed) => {
        check();
        this.photos.set(photo, sealed);
      },
      getPhoto: async (_, photo) => {
        check();
        return this.photos.get(photo) ?? null;
      },
      seal: turned,
      open: turned,
    };
  }

  text(id: string): string {
    const { sealed } = this.rows.get(id)!;
    return unsealed(sealed.map((byte) => byte ^ 0xff)).words.text;
  }
}

class FakeDevice {
  notes = new Map<string, HouseNote>();
  others: Draft[] = [];
  photos = new Map<string, Uint8Array>();

  port(): DevicePort {
    return {
      note: async (id) => this.notes.get(id) ?? NOTHING_THERE,
      keepNote: async (id, note) => void this.notes.set(id, note),
      photo: async (id) => this.photos.get(id) ?? null,
      keepPhoto: async (id, bytes) => void this.photos.set(id, bytes),
      keepOther: async (draft) => void this.others.push(draft),
    };
  }
}

function device(house: FakeHouse, clock: Clock) {
  const own = new FakeDevice();
  const states: HouseState[] = [];
  const saver = new HouseSaver(house.port(), own.port(), (state) => states.push(state), clock.timers);
  return { own, states, saver };
}

const written = (draft: Draft, text: string): Draft => ({
  ...draft,
  rev: draft.rev + 1,
  words: { ...draft.words, text },
});

describe('a draft on its way to the house', () => {
  test('arrives a few seconds after the device has it, and never in clear', async () => {
    const [house, clock] = [new FakeHouse(), new Clock()];
    const { saver, states } = device(house, clock);
    const draft = written(newDraft('2026-11-21'), 'Dear Dan, canary.');
    saver.kept(draft);
    await clock.pass(CALM - 1);
    expect(house.puts).toBe(0);
    await clock.pass(1);
    expect(house.text(draft.id)).toBe('Dear Dan, canary.');
    expect(new TextDecoder('latin1').decode(house.rows.get(draft.id)!.sealed)).not.toContain('canary');
    expect(states.at(-1)).toEqual({ kind: 'there' });
  });

  test('much typing is one bringing, and the last words are those that are there', async () => {
    const [house, clock] = [new FakeHouse(), new Clock()];
    const { saver } = device(house, clock);
    let draft = newDraft('2026-11-21');
    for (let i = 0; i < 20; i += 1) {
      draft = written(draft, `Dear Dan, ${i}`);
      saver.kept(draft);
      await clock.pass(150);
    }
    await clock.pass(CALM);
    expect(house.puts).toBe(1);
    expect(house.text(draft.id)).toBe('Dear Dan, 19');
  });

  test('offline for a day and back: it says so, keeps trying, and then everything is there', async () => {
    const [house, clock] = [new FakeHouse(), new Clock()];
    const { saver, states } = device(house, clock);
    house.refuses = 'away';
    let draft = written(newDraft('2026-11-21'), 'one');
    saver.kept(draft);
    await clock.pass(CALM);
    expect(states.at(-1)).toEqual({ kind: 'not-there', why: 'away' });
    draft = written(draft, 'one and two');
    saver.kept(draft);
    await clock.pass(100 * AGAIN);
    expect(house.rows.size).toBe(0);
    house.refuses = null;
    await clock.pass(AGAIN);
    expect(house.text(draft.id)).toBe('one and two');
    expect(states.at(-1)).toEqual({ kind: 'there' });
  });

  test('two devices: what the other wrote becomes a draft of its own, and nobody is overwritten', async () => {
    const [house, clock] = [new FakeHouse(), new Clock()];
    const [phone, laptop] = [device(house, clock), device(house, clock)];
    const begun = written(newDraft('2026-11-21'), 'Dear Dan');
    phone.saver.kept(begun);
    await clock.pass(CALM);
    // The laptop has brought it here, and both write on.
    laptop.own.notes.set(begun.id, { rev: 1, of: begun.rev, photos: [] });
    const onPhone = written(begun, 'Dear Dan, from the phone');
    const onLaptop = written(begun, 'Dear Dan, from the laptop');
    phone.saver.kept(onPhone);
    await clock.pass(CALM);
    laptop.saver.kept(onLaptop);
    await clock.pass(CALM);
    expect(house.text(begun.id)).toBe('Dear Dan, from the laptop');
    expect(laptop.own.others.map((other) => other.words.text)).toEqual(['Dear Dan, from the phone']);
    expect(laptop.states.at(-1)).toMatchObject({ kind: 'both', other: laptop.own.others[0]!.id });
  });

  test('with the letters closed another one is not overwritten either: it waits until they are open', async () => {
    const [house, clock] = [new FakeHouse(), new Clock()];
    const { saver, own, states } = device(house, clock);
    const draft = written(newDraft('2026-11-21'), 'mine');
    const theirs = { ...draft, words: { ...draft.words, text: 'theirs' } };
    house.rows.set(draft.id, { rev: 7, sealed: sealable(theirs).map((byte) => byte ^ 0xff) });
    house.open = false;
    saver.kept(draft);
    await clock.pass(CALM + 10 * AGAIN);
    expect(house.text(draft.id)).toBe('theirs');
    expect(states.at(-1)).toEqual({ kind: 'not-there', why: 'closed' });
    house.open = true;
    await clock.pass(AGAIN);
    expect(house.text(draft.id)).toBe('mine');
    expect(own.others.map((other) => other.words.text)).toEqual(['theirs']);
  });

  test('words of her own whose answer was lost are not taken for those of another device', async () => {
    const [house, clock] = [new FakeHouse(), new Clock()];
    const { saver, own, states } = device(house, clock);
    let draft = written(newDraft('2026-11-21'), 'Dear');
    house.mute = true;
    for (const text of ['Dear Dan', 'Dear Dan, there', 'Dear Dan, there was']) {
      draft = written(draft, text);
      saver.kept(draft);
      await clock.pass(CALM + AGAIN);
    }
    house.mute = false;
    draft = written(draft, 'Dear Dan, there was no shift.');
    saver.kept(draft);
    await clock.pass(2 * AGAIN);
    expect(house.text(draft.id)).toBe('Dear Dan, there was no shift.');
    expect(own.others).toEqual([]);
    expect(states.some((state) => state.kind === 'both')).toBe(false);
    expect(states.at(-1)).toEqual({ kind: 'there' });
  });

  test('what another device wrote is kept here once, however often the house refuses afterwards', async () => {
    const [house, clock] = [new FakeHouse(), new Clock()];
    const { saver, own, states } = device(house, clock);
    const draft = written(newDraft('2026-11-21'), 'mine');
    const theirs = { ...draft, words: { ...draft.words, text: 'theirs' } };
    house.rows.set(draft.id, { rev: 7, sealed: sealable(theirs).map((byte) => byte ^ 0xff) });
    house.full = true;
    saver.kept(draft);
    await clock.pass(CALM + 20 * AGAIN);
    expect(states.at(-1)).toEqual({ kind: 'not-there', why: 'full' });
    expect(own.others).toHaveLength(1);
    expect(house.text(draft.id)).toBe('theirs');
    house.full = false;
    await clock.pass(AGAIN);
    expect(house.text(draft.id)).toBe('mine');
    expect(own.others).toHaveLength(1);
    expect(states.at(-1)).toEqual({ kind: 'both', other: own.others[0]!.id });
  });

  test('the photos of the other version come here too, before its words', async () => {
    const [house, clock] = [new FakeHouse(), new Clock()];
    const { saver, own } = device(house, clock);
    const photo = { name: '001', id: 'b'.repeat(26), type: 'image/jpeg' as const, size: 3 };
    const draft = written(newDraft('2026-11-21'), 'mine');
    const theirs = { ...draft, words: { ...draft.words, text: 'theirs', photos: [photo] } };
    house.photos.set(photo.id, new Uint8Array([254, 253, 252]));
    house.rows.set(draft.id, { rev: 7, sealed: sealable(theirs).map((byte) => byte ^ 0xff) });
    saver.kept(draft);
    await clock.pass(CALM);
    expect(own.others).toHaveLength(1);
    expect([...own.photos.get(photo.id)!]).toEqual([1, 2, 3]);
  });

  test('photos come along, each once', async () => {
    const [house, clock] = [new FakeHouse(), new Clock()];
    const { saver, own } = device(house, clock);
    const photo = { name: '001', id: 'a'.repeat(26), type: 'image/jpeg' as const, size: 3 };
    own.photos.set(photo.id, new Uint8Array([1, 2, 3]));
    let draft = written(newDraft('2026-11-21'), 'with a photo');
    draft = { ...draft, words: { ...draft.words, photos: [photo] } };
    saver.kept(draft);
    await clock.pass(CALM);
    expect([...house.photos.get(photo.id)!]).toEqual([254, 253, 252]);
    house.photos.clear();
    saver.kept(written(draft, 'more words'));
    await clock.pass(CALM);
    expect(house.photos.size).toBe(0);
  });

  test('what is not a draft of ours is not read as one', () => {
    const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
    const good = {
      format: 'unsaid-draft 1',
      id: 'x',
      begun: '',
      words: { title: '', text: '' },
      plan: emptyPlan(),
    };
    expect(unsealed(bytes(good)).id).toBe('x');
    for (const bad of [{ ...good, format: 'unsaid-draft 2' }, { ...good, words: null }, 3, 'text', null]) {
      expect(() => unsealed(bytes(bad))).toThrow();
    }
  });
});
