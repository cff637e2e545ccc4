// Sending an answer: sealed once, sent under one id until the house has it. However often it is tried, it arrives once; what is changed
// in between is another answer. It knows no page, keeps nothing beyond the page, and says why it did not work.

import { isProblem, Unreachable } from '../../api/problem';
import { postBytes } from '../../api/request';
import type { Reply } from '../../seal/reply';
import type { SealedAnswer } from './answer-room';

/** Milliseconds: eight megabytes on the line of a village. */
const PATIENCE = 10 * 60_000;
/** How often an id of another answer is drawn anew, which does not happen. */
const DRAWS = 3;

/** What is written: all of an answer but its name and its day. */
export type Written = Omit<Reply, 'id' | 'day'>;

export interface Ports {
  /** Seals in a room of its own. */
  readonly seal: (reply: Reply) => Promise<SealedAnswer>;
  readonly chance: (bytes: number) => Uint8Array;
  /** `YYYY-MM-DD` where no place can be told from it: by Greenwich. */
  readonly day: () => string;
}

export type Step = 'sealing' | 'sending';

export class NotSealed extends Error {
  override readonly name = 'NotSealed';

  constructor(readonly code: Extract<SealedAnswer, { kind: 'refused' }>['code']) {
    super(code);
  }
}

/** 128 random bits as 26 letters of base32 (RFC 4648), as all ids are. */
export function newId(chance: (bytes: number) => Uint8Array): string {
  const letters = 'abcdefghijklmnopqrstuvwxyz234567';
  let bits = 0n;
  for (const byte of chance(16)) bits = (bits << 8n) | BigInt(byte);
  // 26 letters hold 130 bits: the last two are empty.
  bits <<= 2n;
  let id = '';
  for (let at = 0; at < 26; at += 1) {
    id = letters[Number(bits & 31n)]! + id;
    bits >>= 5n;
  }
  return id;
}

/** Whether two answers are the same to the byte. */
const same = (one: Written, other: Written): boolean =>
  one.text === other.text &&
  one.photos.length === other.photos.length &&
  one.photos.every(
    ({ bytes, alt }, at) => other.photos[at]!.bytes === bytes && other.photos[at]!.alt === alt,
  );

export class Sender {
  #attempt: { of: Written; id: string; bytes: Uint8Array } | null = null;
  #going: Promise<void> | null = null;

  constructor(
    private readonly url: string,
    private readonly ports: Ports,
  ) {}

  /** Resolves once the house has it, durably. Pressed twice, it is one sending. Throws NotSealed, a Problem or Unreachable. */
  send(written: Written, tell: (step: Step) => void): Promise<void> {
    this.#going ??= this.#send(written, tell).finally(() => {
      this.#going = null;
    });
    return this.#going;
  }

  async #send(written: Written, tell: (step: Step) => void): Promise<void> {
    for (let draw = 1; ; draw += 1) {
      if (!this.#attempt || !same(this.#attempt.of, written)) {
        tell('sealing');
        const { seal, chance, day } = this.ports;
        const id = newId(chance);
        const sealed = await seal({ ...written, id, day: day() });
        if (sealed.kind === 'refused') throw new NotSealed(sealed.code);
        this.#attempt = { of: written, id, bytes: sealed.bytes };
      }
      tell('sending');
      const { id, bytes } = this.#attempt;
      try {
        await postBytes(`${this.url}?id=${id}`, bytes, PATIENCE);
        this.#attempt = null;
        return;
      } catch (error) {
        // The name is taken by other bytes.
        if (!isProblem(error, 'changed-meanwhile') || draw === DRAWS) throw error;
        this.#attempt = null;
      }
    }
  }
}

export { isProblem, Unreachable };
