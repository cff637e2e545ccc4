// Makes the TypeScript half of vectors/v1 and v2 (the other half comes from `cargo run -p unsaid-seal --example
// make-vectors`, which also makes the keys): once, for a new case. What lies there is frozen; a case that
// exists is passed over. No test runs it.
//
//     cd web && node ../vectors/make-vectors.mjs

import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { crc32, deflateSync } from "node:zlib";

const root = fileURLToPath(new URL("v1/", import.meta.url));
const second = fileURLToPath(new URL("v2/", import.meta.url));
const web = fileURLToPath(new URL("../web/", import.meta.url));

// vite turns web/src/seal into one module that node can load.
const { build } = await import(
  pathToFileURL(createRequire(join(web, "package.json")).resolve("vite")).href
);
const bundle = mkdtempSync(join(web, "node_modules/.make-vectors-"));
await build({
  configFile: false,
  logLevel: "error",
  root: web,
  build: {
    outDir: bundle,
    lib: {
      entry: join(web, "src/seal/index.ts"),
      formats: ["es"],
      fileName: () => "seal.mjs",
    },
  },
});
const seal = await import(pathToFileURL(join(bundle, "seal.mjs")).href);
rmSync(bundle, { recursive: true });

const key = (name) => readFileSync(join(root, "keys", name), "utf8").trim();
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

function write(folder, files, below = root) {
  for (const [name, bytes] of Object.entries(files)) {
    const path = join(below, folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes, { flag: "wx" });
  }
}

async function letter(folder, facts, text) {
  if (existsSync(join(root, folder))) return;
  const written = { ...facts, date: new Date(facts.unixSeconds * 1000), text };
  const kept = { kind: "house", hostRecipient: key("house.pub") };
  const sealed = await seal.sealLetter({
    ...written,
    authorRecipient: key("author.pub"),
    kept,
    seed: null,
  });
  const wrap = (kind) => sealed.wraps.find((w) => w.kind === kind).bytes;
  const eml = seal.composeLetter(written);
  const { name, size, sha256: hash } = sealed.parts[0];
  const about = {
    format: "unsaid letter 1",
    madeBy: "web/src/seal",
    ...facts,
    keyKind: "X25519",
    parts: [{ name, size, sha256: hash }],
    manifestHash: sealed.manifestHash,
    emlSha256: sha256(eml),
  };
  write(folder, {
    "letter.eml": eml,
    "text.txt": text,
    "letter.age": sealed.parts[0].bytes,
    "letter.key": await seal.openWrap(key("author.txt"), wrap("author")),
    "wraps/author.age": wrap("author"),
    "wraps/host.age": wrap("host"),
    "about.json": JSON.stringify(about, null, 2) + "\n",
  });
}

async function unlock(folder, accountId, number) {
  if (existsSync(join(root, folder))) return;
  const salt = Uint8Array.from({ length: 16 }, (_, i) => 255 - i);
  const place = { accountId, number, salt, hostRecipient: key("house.pub") };
  const random = crypto.getRandomValues(new Uint8Array(9));
  const { words, token, wrap } = await seal.makeUnlock(
    key("author.txt"),
    place,
    random,
  );
  const { filePassphrase } = seal.deriveUnlock(words, salt);
  const binding = { id: accountId, version: number, kind: "unlock" };
  const file = seal.unbind(
    await seal.openWrap(key("house.txt"), wrap),
    binding,
  );
  const hex = Buffer.from(salt).toString("hex");
  const about = {
    format: "unsaid unlock 1",
    madeBy: "web/src/seal",
    accountId,
    number,
    salt: hex,
    words,
    token,
  };
  write(folder, {
    "passphrase.age": file,
    "wraps/unlock.age": wrap,
    "about.json": JSON.stringify({ ...about, filePassphrase }, null, 2) + "\n",
  });
}

const short =
  "Dear Leo,\n\nthe key to the shed is where it always was. \n\nŽofie ♥ 日本語 😀 = the end\t\n";
await letter(
  "ts-short",
  {
    letterId: "tsshortaaaaaaaaaaaaaaaaaa2",
    version: 1,
    from: "Ana",
    to: "Leo",
    unixSeconds: 1795212000,
  },
  short,
);
const long = Array.from(
  { length: 2600 },
  (_, n) => `${n + 1}. A line of a long letter that I never sent.\n`,
).join("");
await letter(
  "ts-long",
  {
    letterId: "tslongaaaaaaaaaaaaaaaaaaa3",
    version: 12,
    from: 'Grandmother (Žofie), "Žo" <no@address>',
    to: "山田 花子",
    unixSeconds: 4102444799,
  },
  long,
);
await unlock("ts-unlock", "tsaccountaaaaaaaaaaaaaaaa5", 1);

// ---- the second format ----

/** A picture of two colours that every program shows: PNG (ISO/IEC 15948), not compressed well on purpose. */
function picture(width, height, shade) {
  const row = (y) =>
    Buffer.concat([
      Buffer.of(0),
      Buffer.from(
        Array.from({ length: width * 3 }, (_, x) => shade(x, y) & 255),
      ),
    ]);
  const raw = Buffer.concat(Array.from({ length: height }, (_, y) => row(y)));
  const chunk = (name, data) => {
    const body = Buffer.concat([Buffer.from(name), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body) >>> 0);
    return Buffer.concat([length, body, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(raw, { level: 0 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

async function rich(folder, facts, doc, pictures, random) {
  if (existsSync(join(second, folder))) return;
  const seed = Buffer.from(
    readFileSync(join(second, "keys/signing-seed.hex"), "utf8").trim(),
    "hex",
  );
  const inbox = await seal.accountOf(key("author.txt"));
  const text = seal.toText(doc, { photo: "photo" });
  const html = seal.toHtml(doc, { lang: "en" });
  const written = {
    ...facts,
    date: new Date(facts.unixSeconds * 1000),
    text,
    html,
    pictures,
    replyTo: inbox.recipient,
  };
  const hostRecipient = key("house.pub");
  const words = seal.newClaimWords(Buffer.from(random, "hex"));
  const kept = { kind: "house", hostRecipient };
  const sealed = await seal.sealLetter({
    ...written,
    authorRecipient: key("author.pub"),
    kept,
    seed,
  });
  const wrap = (kind) => sealed.wraps.find((w) => w.kind === kind).bytes;
  const part = (name) => sealed.parts.find((p) => p.name === name).bytes;
  const keyFile = await seal.openWrap(key("author.txt"), wrap("author"));
  const wordsWrap = await seal.wordsWrap(
    facts,
    { hostRecipient, words },
    keyFile,
  );
  const binding = { id: facts.letterId, version: facts.version, kind: "words" };
  const composed = seal.placed(written);
  const eml = seal.composeLetter(composed);
  const end = { "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp" };
  const said = ({ name, type, bytes }) => ({
    name,
    type,
    size: bytes.length,
    sha256: sha256(bytes),
  });
  const hand = seal.handOf(seed);
  const about = {
    format: "unsaid letter 2",
    madeBy: "web/src/seal",
    ...facts,
    keyKind: "X25519",
    replyTo: inbox.recipient,
    pictures: composed.pictures.map(said),
    media: composed.media,
    words,
    signer: hand.line,
    fingerprint: hand.fingerprint,
    parts: sealed.parts.map(({ name, size, sha256: hash }) => ({
      name,
      size,
      sha256: hash,
    })),
    manifestHash: sealed.manifestHash,
    emlSha256: sha256(eml),
  };
  const files = {
    "text.txt": text,
    "letter.html": html,
    "letter.eml": eml,
    "letter.eml.sig": seal.sign(seed, eml),
    "letter.key": keyFile,
    "words.age": seal.unbind(
      await seal.openWrap(key("house.txt"), wordsWrap),
      binding,
    ),
    "wraps/author.age": wrap("author"),
    "wraps/host.age": wrap("host"),
    "wraps/words.age": wordsWrap,
    "about.json": JSON.stringify(about, null, 2) + "\n",
  };
  for (const { name } of sealed.parts) files[name] = part(name);
  for (const { name, type, bytes } of pictures)
    files[`plain/${name}.${end[type]}`] = bytes;
  write(folder, files, second);
}

async function cards(folder, randoms, typed) {
  if (existsSync(join(second, folder))) return;
  const made = [];
  for (const random of randoms) {
    const words = seal.newClaimWords(Buffer.from(random, "hex"));
    made.push({ random, words, token: (await seal.deriveClaim(words)).token });
  }
  const wrong = typed.wrong.map((text) => {
    try {
      seal.checkClaimWords(text);
    } catch (error) {
      return {
        typed: text,
        code: error.code,
        index: error.code === "word-count" ? null : (error.index ?? null),
      };
    }
    throw new Error(`not wrong: ${text}`);
  });
  const identity = key("author.txt");
  const about = {
    format: "unsaid words 1",
    madeBy: "web/src/seal",
    cards: made,
    typed: typed.right.map((text) => ({
      typed: text,
      words: seal.checkClaimWords(text),
    })),
    wrong,
    kit: { identity, token: seal.kitToken(identity) },
  };
  write(
    folder,
    { "about.json": JSON.stringify(about, null, 2) + "\n" },
    second,
  );
}

async function keepers(folder, facts) {
  if (existsSync(join(second, folder))) return;
  const chance = (length) => crypto.getRandomValues(new Uint8Array(length));
  const set = await seal.makeKeeperSet();
  const [master, newer] = [chance(16), chance(16)];
  const locked = (under) => seal.lockKeeperSet(set.identity, under, chance(48));
  const wrap = (sealed, kind) =>
    sealed.wraps.find((w) => w.kind === kind).bytes;
  const written = {
    ...facts,
    from: "Ana",
    to: "Leo",
    date: new Date(0),
    text: "Dear Leo",
  };
  const sealed = await seal.sealLetter({
    ...written,
    authorRecipient: key("author.pub"),
    kept: { kind: "keepers", hostRecipient: key("house.pub"), set },
    seed: null,
  });
  const keepersWrap = wrap(sealed, "keepers");
  const binding = {
    id: facts.letterId,
    version: facts.version,
    kind: "keepers",
  };
  const inner = seal.unbind(
    await seal.openWrap(key("house.txt"), keepersWrap),
    binding,
  );
  const hex = (bytes) => Buffer.from(bytes).toString("hex");
  const about = {
    format: "unsaid keepers 1",
    madeBy: "web/src/seal",
    ...facts,
    needed: 3,
    of: 5,
    master: hex(master),
    cards: seal.makeCards(master, 3, 5, chance),
    newerMaster: hex(newer),
    newerCards: seal.makeCards(newer, 2, 2, chance),
    identity: set.identity,
    recipient: set.recipient,
  };
  const files = {
    "keeper-set.age": await locked(master),
    "newer-set.age": await locked(newer),
    "letter.key": await seal.openWrap(
      key("author.txt"),
      wrap(sealed, "author"),
    ),
    "keepers.age": inner,
    "wraps/keepers.age": keepersWrap,
    "about.json": JSON.stringify(about, null, 2) + "\n",
  };
  write(folder, files, second);
}

await keepers("ts-keepers", {
  letterId: "tskeepersaaaaaaaaaaaaaaaa2",
  version: 1,
});

/** A letter as the exported folder holds it for keepers who open it without a house. */
async function withoutHouse(folder, facts) {
  if (existsSync(join(second, folder))) return;
  const chance = (length) => crypto.getRandomValues(new Uint8Array(length));
  const set = await seal.makeKeeperSet();
  const master = chance(16);
  const written = {
    ...facts,
    from: "Žofie",
    to: "Leo",
    date: new Date(1826748000000),
    text: "Dear Leo,\n\nboth of you had to agree for once.",
  };
  const sealed = await seal.sealLetter({
    ...written,
    authorRecipient: key("author.pub"),
    kept: null,
    seed: null,
  });
  const letterKey = await seal.openWrap(
    key("author.txt"),
    sealed.wraps.find((w) => w.kind === "author").bytes,
  );
  const files = {
    "letter.age": sealed.parts.find((p) => p.name === "letter.age").bytes,
    "keys/keepers.age": await seal.sealKeepersFile(set.recipient, letterKey),
    "keys/keeper-set.age": await seal.lockKeeperSet(
      set.identity,
      master,
      chance(48),
    ),
  };
  const exported = {
    format: "unsaid export 1",
    ...facts,
    keyKind: "X25519",
    files: Object.entries(files).map(([name, bytes]) => ({
      name,
      size: bytes.length,
      sha256: sha256(bytes),
    })),
  };
  const about = {
    format: "unsaid keepers without a house 1",
    madeBy: "web/src/seal",
    ...facts,
    needed: 2,
    of: 2,
    master: Buffer.from(master).toString("hex"),
    cards: seal.makeCards(master, 2, 2, chance),
  };
  const json = (value) => JSON.stringify(value, null, 2) + "\n";
  write(
    folder,
    {
      ...Object.fromEntries(
        Object.entries(files).map(([name, bytes]) => [`folder/${name}`, bytes]),
      ),
      "folder/about.json": json(exported),
      "letter.eml": seal.composeLetter({
        ...written,
        html: null,
        replyTo: null,
        pictures: [],
        media: [],
      }),
      "about.json": json(about),
    },
    second,
  );
}

await withoutHouse("ts-without-house", {
  letterId: "tswithouthouseaaaaaaaaaaa2",
  version: 1,
});

const paragraph = (...content) => ({ kind: "paragraph", content });
await rich(
  "ts-rich",
  {
    letterId: "tsrichaaaaaaaaaaaaaaaaaaa7",
    version: 4,
    from: "Žofie “Žo”",
    to: "مارا",
    unixSeconds: 1858291200,
  },
  [
    {
      kind: "heading",
      level: 2,
      content: [{ text: "Ten winters & one <summer>" }],
    },
    paragraph(
      { text: "Dear Mara," },
      { br: true },
      { text: "  with two blanks, “quotes”, " },
      { text: "bold", bold: true },
      { text: " and " },
      { text: "both", bold: true, italic: true },
      { text: " = = \t" },
    ),
    paragraph(),
    { kind: "heading", level: 3, content: [{ text: "مرحبا بك" }] },
    paragraph({ text: "👩‍👩‍👧 e\u0301 n\u0303 日本語 \u00a0 " }),
    {
      kind: "quote",
      blocks: [
        paragraph({ text: "go", italic: true }),
        paragraph({ text: "she said" }),
      ],
    },
    {
      kind: "list",
      ordered: true,
      items: [
        {
          content: [{ text: "the stamps" }],
          list: {
            kind: "list",
            ordered: false,
            items: [{ content: [{ text: "blue tin" }] }],
          },
        },
        { content: [{ text: "the boiler" }] },
      ],
    },
    {
      kind: "photo",
      name: "001",
      alt: 'The "oven" & the van',
      width: 40,
      height: 30,
    },
    { kind: "photo", name: "002", alt: "", width: 800, height: 450 },
    paragraph({ text: "Your mother" }),
  ],
  [
    {
      name: "001",
      type: "image/png",
      bytes: picture(40, 30, (x, y) => x * 5 + y),
    },
    {
      name: "002",
      type: "image/png",
      bytes: picture(800, 450, (x, y) => (x * y) >> 6),
    },
  ],
  "5a5a5a5a5a5a5a5a5a5a",
);
await cards(
  "ts-words",
  [
    "0123456789abcdef0123",
    "80000000000000000001",
    "00000000000000000001",
    "fedcba98765432100f0f",
  ],
  (() => {
    const words = seal
      .newClaimWords(Buffer.from("0123456789abcdef0123", "hex"))
      .split(" ");
    const short = words.map((word) => word.slice(0, 4));
    return {
      right: [
        words.join(" "),
        words.join("\u00a0\n").toUpperCase(),
        short.join(" - "),
        words
          .map((word, i) => `${i + 1}) ${word}`.replace(")", "."))
          .join("; "),
      ],
      wrong: [
        ["zzzz", ...words.slice(1)].join(" "),
        [...words.slice(0, 7), "x"].join(" "),
        words.slice(0, 6).join(" "),
        [...words, "abbey"].join(" "),
        [words[1], words[0], ...words.slice(2)].join(" "),
        words.toReversed().join(" "),
      ],
    };
  })(),
);
