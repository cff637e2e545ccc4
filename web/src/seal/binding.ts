// The line that ties a wrap to one letter, one version and one way of opening. The host compares it
// before it gives anything out; without it, a stolen wrap could be peeled under another account.

import { SealError } from './errors';

/** The ways of opening under a host layer. An author's wrap has no host layer and no line. */
export const KINDS = ['host', 'words', 'keepers', 'unlock'] as const;
export type Kind = (typeof KINDS)[number];

/** What a wrap is for. For `unlock` the id is the account's and the version counts its passphrases. */
export interface Binding {
  readonly id: string;
  readonly version: number;
  readonly kind: Kind;
}

/** Versions fit 32 bits. */
export const MAX_VERSION = 4_294_967_295;

/** 128 random bits in lower-case base32 without padding (RFC 4648). Throws on anything else. */
export function checkId(id: string): void {
  if (!/^[a-z2-7]{26}$/.test(id)) throw new SealError('bad-input', 'an id is 26 letters of base32');
}

/** A whole number from 1 to 4294967295. Throws on anything else. */
export function checkVersion(version: number): void {
  if (!Number.isInteger(version) || version < 1 || version > MAX_VERSION) {
    throw new SealError('bad-input', 'a version is a whole number from 1');
  }
}

/** `unsaid-wrap 1 <id> <version> <kind>` and a line feed. */
export function bindingLine({ id, version, kind }: Binding): string {
  checkId(id);
  checkVersion(version);
  if (!KINDS.includes(kind)) throw new SealError('bad-input', 'no such kind of wrap');
  return `unsaid-wrap 1 ${id} ${version} ${kind}\n`;
}

/** Reads such a line, strictly: one space each, no leading zero, the line feed at its end. */
export function parseBinding(line: string): Binding {
  const found = /^unsaid-wrap 1 ([a-z2-7]{26}) ([1-9][0-9]{0,9}) ([a-z]+)\n$/.exec(line);
  const version = Number(found?.[2]);
  const kind = KINDS.find((k) => k === found?.[3]);
  if (!found || !kind || version > MAX_VERSION) throw new SealError('wrong-binding', 'not a binding line');
  return { id: found[1]!, version, kind };
}
