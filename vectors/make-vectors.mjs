// Makes the TypeScript half of vectors/v1 (the other half comes from `cargo run -p unsaid-seal --example
// make-vectors`, which also makes the keys): once, for a new case. What lies there is frozen; a case that
// exists is passed over. No test runs it.
//
//     cd web && node ../vectors/make-vectors.mjs

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('v1/', import.meta.url));
const web = fileURLToPath(new URL('../web/', import.meta.url));

// vite turns web/src/seal into one module that node can load.
const { build } = await import(pathToFileURL(createRequire(join(web, 'package.json')).resolve('vite')).href);
const bundle = mkdtempSync(join(web, 'node_modules/.make-vectors-'));
await build({
  configFile: false,
  logLevel: 'error',
  root: web,
  build: {
    outDir: bundle,
    lib: { entry: join(web, 'src/seal/index.ts'), formats: ['es'], fileName: () => 'seal.mjs' },
  },
});
const seal = await import(pathToFileURL(join(bundle, 'seal.mjs')).href);
rmSync(bundle, { recursive: true });

const key = (name) => readFileSync(join(root, 'keys', name), 'utf8').trim();
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

function write(folder, files) {
  for (const [name, bytes] of Object.entries(files)) {
    const path = join(root, folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes, { flag: 'wx' });
  }
}

async function letter(folder, facts, text) {
  if (existsSync(join(root, folder))) return;
  const written = { ...facts, date: new Date(facts.unixSeconds * 1000), text };
  const recipients = { authorRecipient: key('author.pub'), hostRecipient: key('house.pub') };
  const sealed = await seal.sealLetter({ ...written, ...recipients });
  const wrap = (kind) => sealed.wraps.find((w) => w.kind === kind).bytes;
  const eml = seal.composeLetter(written);
  const { name, size, sha256: hash } = sealed.parts[0];
  const about = {
    format: 'unsaid letter 1',
    madeBy: 'web/src/seal',
    ...facts,
    keyKind: 'X25519',
    parts: [{ name, size, sha256: hash }],
    manifestHash: sealed.manifestHash,
    emlSha256: sha256(eml),
  };
  write(folder, {
    'letter.eml': eml,
    'text.txt': text,
    'letter.age': sealed.parts[0].bytes,
    'letter.key': await seal.openWrap(key('author.txt'), wrap('author')),
    'wraps/author.age': wrap('author'),
    'wraps/host.age': wrap('host'),
    'about.json': JSON.stringify(about, null, 2) + '\n',
  });
}

async function unlock(folder, accountId, number) {
  if (existsSync(join(root, folder))) return;
  const salt = Uint8Array.from({ length: 16 }, (_, i) => 255 - i);
  const place = { accountId, number, salt, hostRecipient: key('house.pub') };
  const random = crypto.getRandomValues(new Uint8Array(9));
  const { words, token, wrap } = await seal.makeUnlock(key('author.txt'), place, random);
  const { filePassphrase } = seal.deriveUnlock(words, salt);
  const binding = { id: accountId, version: number, kind: 'unlock' };
  const file = seal.unbind(await seal.openWrap(key('house.txt'), wrap), binding);
  const hex = Buffer.from(salt).toString('hex');
  const about = {
    format: 'unsaid unlock 1',
    madeBy: 'web/src/seal',
    accountId,
    number,
    salt: hex,
    words,
    token,
  };
  write(folder, {
    'passphrase.age': file,
    'wraps/unlock.age': wrap,
    'about.json': JSON.stringify({ ...about, filePassphrase }, null, 2) + '\n',
  });
}

const short = 'Dear Leo,\n\nthe key to the shed is where it always was. \n\nŽofie ♥ 日本語 😀 = the end\t\n';
await letter(
  'ts-short',
  { letterId: 'tsshortaaaaaaaaaaaaaaaaaa2', version: 1, from: 'Ana', to: 'Leo', unixSeconds: 1795212000 },
  short,
);
const long = Array.from(
  { length: 2600 },
  (_, n) => `${n + 1}. A line of a long letter that I never sent.\n`,
).join('');
await letter(
  'ts-long',
  {
    letterId: 'tslongaaaaaaaaaaaaaaaaaaa3',
    version: 12,
    from: 'Grandmother (Žofie), "Žo" <no@address>',
    to: '山田 花子',
    unixSeconds: 4102444799,
  },
  long,
);
await unlock('ts-unlock', 'tsaccountaaaaaaaaaaaaaaaa5', 1);
