// What a page is told when the house says no, or cannot be reached. Each refusal comes as two sentences, what
// happened and what to do, already in the reader's language; this file only reads them. It knows no page.

/** The house answered, and the answer is no. `title` says what happened, `detail` what to do. */
export class Problem extends Error {
  override readonly name = 'Problem';

  constructor(
    readonly status: number,
    readonly key: string,
    readonly title: string,
    readonly detail: string,
    /** Field name to one text of two sentences, for what was typed. */
    readonly fields: Readonly<Record<string, string>> = {},
    /** Seconds, when the house said how long to wait. */
    readonly retryAfter: number | null = null,
  ) {
    super(`${status} ${key}`);
  }
}

/** Nobody answered: no network, the house is off, or something between gave an answer that is not the house's. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';

  constructor() {
    super('the house cannot be reached');
  }
}

const text = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise);

/**
 * A problem document (RFC 9457 with `key` and `fields`) as a value. What is malformed becomes a problem with
 * empty sentences, which the page replaces by its own.
 */
export function problemFrom(status: number, body: unknown, retryAfter: string | null): Problem {
  const said = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const fields: Record<string, string> = {};
  if (typeof said['fields'] === 'object' && said['fields'] !== null) {
    for (const [name, value] of Object.entries(said['fields'])) {
      if (typeof value === 'string') fields[name] = value;
    }
  }
  const seconds = retryAfter === null ? NaN : Number.parseInt(retryAfter, 10);
  return new Problem(
    status,
    text(said['key'], ''),
    text(said['title'], ''),
    text(said['detail'], ''),
    fields,
    Number.isFinite(seconds) && seconds >= 0 ? seconds : null,
  );
}

/** True when `error` is the house's answer with this key. */
export function isProblem(error: unknown, key?: string): error is Problem {
  return error instanceof Problem && (key === undefined || error.key === key);
}
