// A letter as a folder that opens without us: the ciphertext as the house keeps it, the key (under the words of the card, under keepers'
// cards, or in clear), the hand, and open-me.html with the letter inside; as one zip file, streamed. It makes no request by itself: parts
// that are large come by a function. It knows no account and asks no clock.
//
//     const { name, stream } = await exportLetter({ … });   // 'For Mara.zip'
//     const { blob } = await exportBlob({ … });             // where a browser cannot write a stream to a file
//     const page = await fetchOpenMe();                     // ./page.ts: open-me.html without a letter

import { makeZip } from 'client-zip';
import { withLetter } from '../pages/offline/sealed';
import { base64, sha256Hex, utf8 } from '../seal/bytes';
import { checkId, checkVersion } from '../seal/binding';
import { SealError } from '../seal/errors';
import { parseHeader } from '../seal/header';
import { readKeyFile } from '../seal/key';
import { extensionOf, type Medium } from '../seal/letter';
import { PRINCIPAL, type Hand } from '../seal/sshsig';
import { checkWrap } from '../seal/wrap';
import { fileName, folderName } from './names';
import { readMe, sayIn } from './read-me';

/** Above it the pictures beside the letter stay out of open-me.html, and are chosen with a button there. Bytes of age files. */
export const MAX_INSIDE_PAGE = 20 * 1024 * 1024;

export interface LetterToExport {
  readonly letterId: string;
  readonly version: number;
  /** As she wrote them in the letter. */
  readonly from: string;
  readonly to: string;
  /** The person's language: `en`, `es-MX`. */
  readonly language: string;
  /** The part letter.age, as the house gave it. */
  readonly letterAge: Uint8Array;
  /** The part sig.age; null for a letter of the first format, which has none. */
  readonly sigAge: Uint8Array | null;
  /** Who signed (`handOf` of the seed); null for an unsigned letter. */
  readonly hand: Hand | null;
  /** What lies beside it, as the opened letter names it (`letter.media`), each with how to get `media/NNN.age`. */
  readonly media: readonly (Medium & {
    readonly sealedSize: number;
    readonly bytes: () => Promise<Uint8Array>;
  })[];
  readonly key: ExportKey;
  /** It also waits for keepers' cards at a house, which do not open this folder. */
  readonly keepersElsewhere?: boolean;
  /** Civil days, `YYYY-MM-DD`. */
  readonly sealedOn: string;
  readonly exportedOn: string;
  /** open-me.html without a letter. */
  readonly openMe: string;
  /** Told as it goes, from 0 to 1. */
  readonly told?: (done: number) => void;
}

export type ExportKey =
  /** `words{ K }` (sealWordsFile): what the words on the card open. */
  | { readonly kind: 'words'; readonly file: Uint8Array }
  /** `set{ K }` (sealKeepersFile) and keeper-set.age: what all keepers' cards together open, without any house. */
  | { readonly kind: 'keepers'; readonly file: Uint8Array; readonly set: Uint8Array }
  /** The key file itself: whoever has the folder can read the letter. */
  | { readonly kind: 'clear'; readonly file: Uint8Array };

export interface Exported {
  /** 'For Mara.zip' */
  readonly name: string;
  readonly stream: ReadableStream<Uint8Array>;
}

/** Throws SealError for what is no letter; the stream errors when a part cannot be fetched. */
export async function exportLetter(letter: LetterToExport): Promise<Exported> {
  checkId(letter.letterId);
  checkVersion(letter.version);
  // A folder without its key would be a letter lost.
  if (letter.key.kind === 'clear') readKeyFile(letter.key.file);
  if (letter.key.kind === 'keepers') checkKeepers(letter.key);
  const folder = sayIn(letter.language, 'folder.name', { name: folderName(letter.to) || '—' }).trim();
  // The day of sealing, for all files: nobody learns from the folder at which hour it was made.
  const lastModified = new Date(`${letter.exportedOn}T12:00:00Z`);
  if (Number.isNaN(lastModified.getTime())) throw new Error('a day is expected');
  const files = filesOf(letter, folder);
  async function* named() {
    for await (const { name, bytes } of files) {
      yield { name: `${folder}/${name}`, input: bytes, size: bytes.length, lastModified };
    }
  }
  return { name: `${folder}.zip`, stream: makeZip(named(), { buffersAreUTF8: true }) };
}

/** The same in memory. */
export async function exportBlob(letter: LetterToExport): Promise<{ name: string; blob: Blob }> {
  const { name, stream } = await exportLetter(letter);
  const blob = await new Response(stream, { headers: { 'Content-Type': 'application/zip' } }).blob();
  return { name, blob };
}

/** What stands in keys/ must be what its name says: nobody could see it later but the keepers, at one table. */
function checkKeepers({ file, set }: { readonly file: Uint8Array; readonly set: Uint8Array }): void {
  checkWrap(file);
  const { stanzas } = parseHeader(set);
  if (stanzas.length !== 1 || stanzas[0]?.type !== 'scrypt')
    throw new SealError('damaged', 'no file of a set');
}

interface File {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The files one by one, so that only one large one is in memory when there are many. */
async function* filesOf(letter: LetterToExport, folder: string): AsyncGenerator<File> {
  const { key, hand, media, sigAge, letterAge } = letter;
  const keyFile = {
    words: `keys/${fileName(letter.to, 'words')}.age`,
    keepers: 'keys/keepers.age',
    clear: 'keys/letter.key',
  }[key.kind];
  const sums: { name: string; size: number; sha256: string }[] = [];
  const file = (name: string, bytes: Uint8Array | string): File => {
    const all = typeof bytes === 'string' ? utf8(bytes) : (bytes as Uint8Array<ArrayBuffer>);
    if (/\.(age|key)$/.test(name)) sums.push({ name, size: all.length, sha256: sha256Hex(all) });
    return { name, bytes: all };
  };
  const whole = media.reduce((sum, { sealedSize }) => sum + sealedSize, letterAge.length);
  const steps = media.length + 2;
  const told = (step: number): void => letter.told?.(step / steps);
  told(0);

  yield file(
    'READ ME FIRST.txt',
    readMe({
      language: letter.language,
      from: letter.from,
      to: letter.to,
      folder,
      keyFile,
      kind: key.kind,
      keepersElsewhere: letter.keepersElsewhere === true,
      media: media.map(({ name, type }) => `${name}.${extensionOf(type)}`),
      fingerprint: hand?.fingerprint ?? null,
    }),
  );
  yield file(keyFile, key.file);
  if (key.kind === 'keepers') yield file('keys/keeper-set.age', key.set);
  yield file('letter.age', letterAge);
  if (sigAge) yield file('signatures/letter.sig.age', sigAge);
  if (hand) {
    yield file(`author/${fileName(letter.from, 'author')}.pub`, `${hand.line}\n`);
    yield file('author/allowed_signers', `${hand.allowedSigners}\n`);
  }
  told(1);

  const inside: Record<string, string> = {};
  const outside: string[] = [];
  for (const [at, medium] of media.entries()) {
    const bytes = await medium.bytes();
    yield file(`media/${medium.name}.age`, bytes);
    if (whole <= MAX_INSIDE_PAGE) inside[medium.name] = base64(bytes);
    else outside.push(medium.name);
    told(at + 2);
  }
  const page = withLetter(letter.openMe, {
    format: 'unsaid open-me 1',
    letterId: letter.letterId,
    version: letter.version,
    language: letter.language,
    letter: base64(letterAge),
    signature: sigAge ? base64(sigAge) : null,
    media: inside,
    outside,
    key: { kind: key.kind, file: base64(key.file) },
  });
  yield file('open-me.html', page);
  const about = {
    format: 'unsaid export 1',
    letterId: letter.letterId,
    version: letter.version,
    keyKind: 'X25519',
    sealedOn: letter.sealedOn,
    exportedOn: letter.exportedOn,
    ...(hand ? { signer: PRINCIPAL } : {}),
    files: sums,
  };
  yield file('about.json', `${JSON.stringify(about, null, 2)}\n`);
  told(steps);
}
