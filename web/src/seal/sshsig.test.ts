// The hand: plain ssh-keygen takes our signatures and we take its own; every changed bit is noticed.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { base64, fromLatin1, utf8 } from './bytes';
import { handOf, NAMESPACE, PRINCIPAL, sign, verify } from './sshsig';

const seed = new Uint8Array(32).fill(7);
const letter = utf8('From: Ana\r\n\r\nDear Mara ♥\r\n');
const folder = mkdtempSync(join(tmpdir(), 'unsaid-sshsig-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const ssh = (args: string[], input?: Uint8Array) =>
  execFileSync('ssh-keygen', args, { cwd: folder, encoding: 'utf8', stdio: 'pipe', ...(input ? { input } : {}) });

test('ssh-keygen verifies what we sign, by her allowed_signers, and shows the same fingerprint', () => {
  const hand = handOf(seed);
  writeFileSync(join(folder, 'allowed'), `${hand.allowedSigners}\n`);
  writeFileSync(join(folder, 'letter.sig'), sign(seed, letter));
  writeFileSync(join(folder, 'ana.pub'), `${hand.line}\n`);
  const args = ['-Y', 'verify', '-f', 'allowed', '-I', PRINCIPAL, '-n', NAMESPACE, '-s', 'letter.sig'];
  expect(ssh(args, letter)).toContain(hand.fingerprint);
  expect(() => ssh(args, utf8('Dear Dan'))).toThrow();
  expect(() => ssh(args.with(7, 'file'), letter)).toThrow();
  expect(ssh(['-l', '-f', 'ana.pub'])).toContain(hand.fingerprint);
});

test('we verify what ssh-keygen signs, and refuse what it signs for another purpose', () => {
  ssh(['-q', '-t', 'ed25519', '-N', '', '-C', 'unsaid', '-f', 'key']);
  writeFileSync(join(folder, 'letter.eml'), letter);
  const of = (namespace: string) => {
    rmSync(join(folder, 'letter.eml.sig'), { force: true });
    ssh(['-q', '-Y', 'sign', '-n', namespace, '-f', 'key', 'letter.eml']);
    return readFileSync(join(folder, 'letter.eml.sig'), 'utf8');
  };
  expect(verify(of(NAMESPACE), letter).line).toBe(readFileSync(join(folder, 'key.pub'), 'utf8').trim());
  expect(() => verify(of('file'), letter)).toThrow('bad-signature');
  expect(() => verify(of('letter@unsaid.example'), letter)).toThrow('bad-signature');
});

test('a signature that only half of the verifiers in the world would take is not taken', () => {
  // Its key has a part of order eight; the equation holds when both sides are multiplied by eight, and not by itself.
  const at = (name: string) => readFileSync(new URL(`../../../vectors/alike/eighth/${name}`, import.meta.url));
  expect(() => verify(at('letter.eml.sig').toString(), at('letter.eml'))).toThrow('bad-signature');
});

test('every changed bit of a signature is noticed, and no text makes it throw anything else', () => {
  const armoured = sign(seed, letter);
  const inner = armoured.replace(/-----[^\n]*\n/g, '').replaceAll('\n', '');
  const blob = fromLatin1(atob(inner));
  const wrapped = (bytes: Uint8Array) =>
    `-----BEGIN SSH SIGNATURE-----\n${base64(bytes)}\n-----END SSH SIGNATURE-----\n`;
  expect(verify(wrapped(blob), letter).fingerprint).toBe(handOf(seed).fingerprint);
  for (let bit = 0; bit < blob.length * 8; bit += 3) {
    const changed = Uint8Array.from(blob);
    changed[bit >> 3]! ^= 1 << (bit & 7);
    expect(() => verify(wrapped(changed), letter), String(bit)).toThrow('bad-signature');
  }
  for (let length = 0; length < blob.length; length += 7) {
    expect(() => verify(wrapped(blob.subarray(0, length)), letter)).toThrow('bad-signature');
  }
  for (const text of ['', 'x', wrapped(new Uint8Array()), armoured + armoured, armoured.slice(1), `${armoured}x`]) {
    expect(() => verify(text, letter)).toThrow('bad-signature');
  }
  expect(() => sign(new Uint8Array(31), letter)).toThrow('bad-input');
});
