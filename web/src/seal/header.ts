// The head of an age file (C2SP age, "age-encryption.org/v1"): its stanzas and its authentication code.
// It only reads what stands there; it holds no key and opens nothing.

import { fromBase64NoPad, latin1, type Bytes } from './bytes';
import { SealError } from './errors';

/** One way into the file: a type, its arguments and the wrapped file key. */
export interface Stanza {
  readonly type: string;
  readonly args: readonly string[];
  readonly body: Bytes;
}

/** What stands before the payload. */
export interface Header {
  readonly stanzas: readonly Stanza[];
  /** The bytes that the authentication code covers. */
  readonly covered: Uint8Array;
  readonly mac: Bytes;
  /** Where the payload begins. */
  readonly size: number;
}

/** No header of ours comes near it; a hostile one must not cost memory. */
const MAX_HEADER_BYTES = 64 * 1024;

/** Reads the header of an age file, strictly. */
export function parseHeader(file: Uint8Array): Header {
  const text = latin1(file.subarray(0, MAX_HEADER_BYTES));
  let at = 0;
  const line = (): string => {
    const end = text.indexOf('\n', at);
    if (end < 0) throw damaged();
    const found = text.slice(at, end);
    at = end + 1;
    return found;
  };

  if (line() !== 'age-encryption.org/v1') throw damaged();
  const stanzas: Stanza[] = [];
  for (;;) {
    const start = at;
    const first = line();
    if (first.startsWith('--- ')) {
      const mac = fromBase64NoPad(first.slice(4));
      if (mac?.length !== 32 || stanzas.length === 0) throw damaged();
      return { stanzas, covered: file.subarray(0, start + 3), mac, size: at };
    }
    if (!/^->( [\x21-\x7e]+)+$/.test(first)) throw damaged();
    const [type, ...args] = first.slice(3).split(' ');
    let body = '';
    for (;;) {
      const part = line();
      if (part.length > 64) throw damaged();
      body += part;
      if (part.length < 64) break;
    }
    const bytes = fromBase64NoPad(body);
    if (type === undefined || bytes === undefined) throw damaged();
    stanzas.push({ type, args, body: bytes });
  }
}

function damaged(): SealError {
  return new SealError('damaged', 'not the header of an age file');
}
