// The canonical list of a version's parts, and its hash. It says what was sealed; the ways of opening
// (wraps) may change later and stand outside of it.

import { sha256Hex, utf8 } from './bytes';
import { SealError } from './errors';

/** One file of a sealed version, as stored. */
export interface ManifestPart {
  readonly name: string;
  /** Bytes of the age file. */
  readonly size: number;
  /** SHA-256 of the age file, 64 lower-case hexadecimal digits. */
  readonly sha256: string;
}

/** One line `<name> <size> <sha256>` and a line feed for each part, sorted by name as bytes. */
export function manifestText(parts: readonly ManifestPart[]): string {
  const sorted = [...parts].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  sorted.forEach((part, i) => {
    const wrong =
      !/^[a-z0-9][a-z0-9._/-]{0,99}$/.test(part.name) ||
      !Number.isSafeInteger(part.size) ||
      part.size < 0 ||
      !/^[0-9a-f]{64}$/.test(part.sha256) ||
      part.name === sorted[i - 1]?.name;
    if (wrong) throw new SealError('bad-input', 'not a list of parts');
  });
  if (sorted.length === 0) throw new SealError('bad-input', 'a version has at least one part');
  return sorted.map((part) => `${part.name} ${part.size} ${part.sha256}\n`).join('');
}

/** SHA-256 of the manifest's text, in lower-case hexadecimal. */
export function manifestHash(parts: readonly ManifestPart[]): string {
  return sha256Hex(utf8(manifestText(parts)));
}
