// Names of files for any person's name, on every system that a stick may be put into. It writes none.

/** What Windows keeps for itself. */
const RESERVED = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?$/i;

/** Names in keys/ that say what such a file is. */
const OURS = /^(letter|keepers|keeper-set)$/;

/** A name that may stand in a folder's name: its letters stay, in any script; what a file system refuses becomes a space. */
export function folderName(name: string): string {
  const clean = name
    .normalize('NFC')
    .replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, ' ')
    .replace(/[\\/:*?"<>|\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, ' ')
    .replace(/\s+/g, ' ');
  // Sixty characters, and few enough bytes for the smallest of file systems.
  let short = '';
  for (const letter of clean.trim()) {
    if (new TextEncoder().encode(short + letter).length > 120 || [...short].length >= 60) break;
    short += letter;
  }
  const trimmed = short.replace(/^[. ~-]+|[. ]+$/g, '');
  return RESERVED.test(trimmed) ? `${trimmed}_` : trimmed;
}

/** `mara-zizka` for 'Mara Žižka': for files that are named in commands. `otherwise` where no letter of a-z is left. */
export function fileName(name: string, otherwise: string): string {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/gu, (other) => (/^\p{M}+$/u.test(other) ? '' : '-'))
    .slice(0, 40)
    .replace(/^-+|-+$/g, '');
  return plain === '' || RESERVED.test(plain) || OURS.test(plain) ? otherwise : plain;
}
