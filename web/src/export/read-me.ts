// READ ME FIRST.txt: how to open the folder, in the person's language, with the commands. Plain text with CR LF, so that every
// editor shows it; the words come from the languages' files, the commands are the same everywhere.

import words from 'virtual:words-of-the-folder';
import { NAMESPACE, PRINCIPAL } from '../seal/sshsig';

export interface ToSay {
  readonly language: string;
  readonly from: string;
  readonly to: string;
  /** The folder's own name. */
  readonly folder: string;
  /** `keys/mara.age`, `keys/keepers.age` or `keys/letter.key` */
  readonly keyFile: string;
  readonly kind: 'words' | 'keepers' | 'clear';
  /** Keepers' cards open this letter at a house, and not this folder. */
  readonly keepersElsewhere: boolean;
  /** `003.jpg`, as they are to be called when they are open. */
  readonly media: readonly string[];
  readonly fingerprint: string | null;
}

/** A sentence in a language of ours; in English where it has none. */
export function sayIn(language: string, key: string, params: Readonly<Record<string, string>> = {}): string {
  const first = language.toLowerCase().split('-')[0] ?? 'en';
  const text = words[first]?.[key] ?? words['en']?.[key];
  if (text === undefined) throw new Error(`no text for ${key}`);
  return text.replace(/\{([a-z]+)\}/g, (whole, name: string) => params[name] ?? whole);
}

export function readMe(of: ToSay): string {
  const { language, from, to, folder, keyFile, kind, media, fingerprint } = of;
  const line = (name: string) => name.replace(/\s+/g, ' ');
  const say = (key: string) =>
    wrapped(sayIn(language, `folder.readme.${key}`, { from: line(from), to: line(to) }));
  const keepers = kind === 'keepers';
  // What the cards open is a key file in clear, until it is erased.
  const key = keepers ? 'letter.key' : keyFile;
  const age = (out: string, sealed: string) => `    age -d -i ${key} -o ${out} ${sealed}`;
  const words = kind === 'words';
  const program = `    unsaid open "${folder.replace(/["$`\\]/g, '')}"`;
  const opening = keepers
    ? [
        [say('keepers')],
        [say('keepers-anew')],
        [say('keepers-program'), '', program],
        [say('keepers-tools'), '', '    shamir recover'],
        [
          say('keepers-age'),
          '',
          '    age -d -o set.key keys/keeper-set.age',
          `    age -d -i set.key -o letter.key ${keyFile}`,
          age('letter.eml', 'letter.age'),
        ],
        [say('keepers-erase')],
      ]
    : [
        [say('easy'), say(words ? 'easy-words' : 'easy-clear')],
        [say(words ? 'words' : 'clear')],
        ...(of.keepersElsewhere ? [[say('keepers-elsewhere')]] : []),
        [say('tools'), '', age('letter.eml', 'letter.age')],
        ...(words ? [[say('tools-words')]] : []),
      ];
  const paragraphs = [
    [say('title')],
    [say('keep')],
    ...opening,
    [say('eml')],
    ...(media.length > 0
      ? [[say('media'), '', ...media.map((name) => age(name, `media/${name.slice(0, 3)}.age`))]]
      : []),
    fingerprint === null
      ? [say('unsigned')]
      : [
          say('signature'),
          '',
          `    ${fingerprint}`,
          '',
          say('verify'),
          '',
          age('letter.eml.sig', 'signatures/letter.sig.age'),
          `    ssh-keygen -Y verify -f author/allowed_signers -I ${PRINCIPAL} -n ${NAMESPACE} -s letter.eml.sig < letter.eml`,
        ],
    ...(keepers ? [] : [[say('program'), '', program]]),
    [say('format')],
  ];
  return `\ufeff${paragraphs.map((lines) => lines.join('\n')).join('\n\n')}\n`.replaceAll('\n', '\r\n');
}

/** Lines of at most 76 letters, broken between words. */
function wrapped(text: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > 76) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join('\n');
}
