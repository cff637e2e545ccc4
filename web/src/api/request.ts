// The only fetch of the pages. Same origin, no cache, no redirect followed, the header that the house wants on each
// request of a script. It turns every failure into a Problem or Unreachable and knows no endpoint.

import { Problem, problemFrom, Unreachable } from './problem';

type Body = { json: unknown } | { bytes: Uint8Array; patience?: number } | undefined;

/** How long a request may take before the house counts as out of reach, in milliseconds. */
const PATIENCE = 60_000;

type Fetch = typeof globalThis.fetch;
let doFetch: Fetch = (input, init) => globalThis.fetch(input, init);

/** Tests put a house of their own here. */
export function withFetch(other: Fetch): void {
  doFetch = other;
}

let hear: (reached: boolean) => void = () => {};

/** A BCP 47 tag: what the house refuses is said in the language of the page. `null` leaves it to the browser. */
let wanted: () => string | null = () => null;

/** The pages say here in which language they speak. */
export function speakWith(language: () => string | null): void {
  wanted = language;
}

/** One listener hears after each request whether the house answered at all. */
export function hearReach(listener: (reached: boolean) => void): void {
  hear = listener;
}

async function ask(
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  body: Body,
  headers: Record<string, string> = {},
): Promise<Response> {
  try {
    const answer = await askOnce(method, path, body, headers);
    hear(true);
    return answer;
  } catch (error) {
    hear(!(error instanceof Unreachable));
    throw error;
  }
}

async function askOnce(
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  body: Body,
  headers: Record<string, string>,
): Promise<Response> {
  const sent: Record<string, string> = { 'Unsaid-Request': '1', ...headers };
  const language = wanted();
  if (language !== null) sent['Accept-Language'] = language;
  let content: BodyInit | null = null;
  if (body && 'json' in body) {
    sent['Content-Type'] = 'application/json';
    content = JSON.stringify(body.json);
  } else if (body) {
    sent['Content-Type'] = 'application/octet-stream';
    content = body.bytes as Uint8Array<ArrayBuffer>;
  }
  let answer: Response;
  try {
    answer = await doFetch(path, {
      method,
      headers: sent,
      body: content,
      credentials: 'same-origin',
      cache: 'no-store',
      redirect: 'error',
      signal: AbortSignal.timeout((body && 'bytes' in body && body.patience) || PATIENCE),
    });
  } catch {
    throw new Unreachable();
  }
  if (answer.ok) return answer;
  const type = answer.headers.get('Content-Type') ?? '';
  // A proxy in front of a house that is switched off answers 502 with a page of its own: that is not the house.
  if (!type.startsWith('application/problem+json')) {
    if (answer.status >= 500) throw new Unreachable();
    throw new Problem(answer.status, '', '', '');
  }
  let read: unknown;
  try {
    read = await answer.json();
  } catch {
    throw new Unreachable();
  }
  throw problemFrom(answer.status, read, answer.headers.get('Retry-After'));
}

async function whole<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch {
    // The connection ended within the body, or it is not what was promised.
    throw new Unreachable();
  }
}

export async function get<T>(path: string): Promise<T> {
  const answer = await ask('GET', path, undefined);
  return whole(answer.json() as Promise<T>);
}

export async function post<T>(path: string, json: unknown): Promise<T> {
  const answer = await ask('POST', path, { json });
  return whole(answer.json() as Promise<T>);
}

export async function put<T>(path: string, json: unknown): Promise<T> {
  const answer = await ask('PUT', path, { json });
  return whole(answer.json() as Promise<T>);
}

/** Bytes that go up in one piece; `patience` in milliseconds, for much on a slow line. */
export async function postBytes<T>(path: string, bytes: Uint8Array, patience: number): Promise<T> {
  const answer = await ask('POST', path, { bytes, patience });
  return whole(answer.json() as Promise<T>);
}

/** Bytes with their ETag, `null` where the house gives none. */
export async function getBytes(path: string): Promise<{ bytes: Uint8Array; etag: string | null }> {
  const answer = await ask('GET', path, undefined);
  const bytes = new Uint8Array(await whole(answer.arrayBuffer()));
  return { bytes, etag: answer.headers.get('ETag') };
}

export async function putBytes<T>(
  path: string,
  bytes: Uint8Array,
  headers?: Record<string, string>,
): Promise<T> {
  const answer = await ask('PUT', path, { bytes }, headers);
  return whole(answer.json() as Promise<T>);
}
