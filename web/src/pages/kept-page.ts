// A letter, or an answer, as one file that opens in any browser without us: words and pictures in it, a policy that allows nothing
// else, no script. It makes text from what is given to it: it draws nothing, asks nobody and knows no language.

import { base64, utf8 } from '../seal/bytes';
import { toHtml, type Doc } from '../seal/body';
import { sha256 } from '@noble/hashes/sha2.js';
import { folderName } from '../export/names';

/** Readable on a telephone, at a desk and on paper, in the reader's own typefaces. */
const STYLE = [
  ':root{color-scheme:light dark}',
  'body{max-width:38rem;margin:0 auto;padding:1.5rem 1.25rem 4rem;font:1.25rem/1.6 Georgia,serif;overflow-wrap:break-word}',
  'header,footer{font-size:1.0625rem}',
  'header{margin-block-end:2rem}',
  'header p{margin:0}',
  'h1{font-size:1.0625rem;margin:0}',
  'h2{font-size:1.5rem;line-height:1.3}',
  'footer{margin-block-start:3rem;padding-block-start:1rem;border-block-start:1px solid}',
  'figure{margin:1.5rem 0;break-inside:avoid}',
  'img{max-width:100%;height:auto}',
  'blockquote{margin-inline:0;padding-inline-start:1rem;border-inline-start:2px solid}',
  '@media print{body{max-width:none;padding:0;font-size:12pt}header,footer,h1{font-size:10pt}}',
].join('\n');

export interface ToKeep {
  /** The language of the words around the letter, as a tag. */
  readonly language: string;
  /** Names the window: from whom, and which day. */
  readonly title: string;
  /** What stands above it: from whom, to whom, the day. The first is its heading. */
  readonly head: readonly string[];
  /** What stands below it. */
  readonly foot: readonly string[];
  readonly doc: Doc;
  /** The picture with this name; null when it is not there. */
  readonly picture: (name: string) => { readonly type: string; readonly bytes: Uint8Array } | null;
  /** What stands in the place of one that is not there; `alt` may be empty. */
  readonly missing: (alt: string) => string;
}

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const unescape = (text: string): string =>
  text.replaceAll('&quot;', '"').replaceAll('&gt;', '>').replaceAll('&lt;', '<').replaceAll('&amp;', '&');

const lines = (texts: readonly string[], first = 'p'): string =>
  texts.map((text, at) => (at === 0 ? wrapped(first, text) : wrapped('p', text))).join('\n');
const wrapped = (tag: string, text: string): string => `<${tag} dir="auto">${escape(text)}</${tag}>`;

/** The file in pieces: with many pictures it is long, and a telephone need not hold it whole. */
export function keptPage({ language, title, head, foot, doc, picture, missing }: ToKeep): string[] {
  const policy = `default-src 'none'; style-src 'sha256-${base64(sha256(utf8(STYLE)))}'; img-src data:; base-uri 'none'; form-action 'none'`;
  const canonical = toHtml(doc, { lang: language });
  const body = canonical.slice(canonical.indexOf('<body>') + 7, canonical.lastIndexOf('</body>'));
  const tag = /^<html lang="([^"]*)"/m.exec(canonical)?.[1] ?? 'und';
  return [
    [
      '<!doctype html>',
      `<html lang="${tag}">`,
      '<head>',
      '<meta charset="utf-8">',
      `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
      '<meta name="viewport" content="width=device-width, initial-scale=1">',
      '<meta name="color-scheme" content="light dark">',
      '<meta name="referrer" content="no-referrer">',
      `<title>${escape(title)}</title>`,
      `<style>${STYLE}</style>`,
      '</head>',
      '<body>',
      `<header>\n${lines(head, 'h1')}\n</header>`,
      '<main>\n',
    ].join('\n'),
    ...withPictures(body, picture, missing),
    `</main>\n<footer>\n${lines(foot)}\n</footer>\n</body>\n</html>\n`,
  ];
}

/** In the canonical HTML a `"` stands in tags alone: this pattern meets pictures and no words about them. */
const PICTURE = /<img src="cid:([0-9]{3})" alt="([^"]*)"([^>]*)>/g;

function withPictures(body: string, picture: ToKeep['picture'], missing: ToKeep['missing']): string[] {
  const out: string[] = [];
  let at = 0;
  for (const found of body.matchAll(PICTURE)) {
    const [whole, name = '', alt = '', sides = ''] = found;
    out.push(body.slice(at, found.index));
    const there = picture(name);
    out.push(
      ...(there
        ? [`<img src="data:${escape(there.type)};base64,`, base64(there.bytes), `" alt="${alt}"${sides}>`]
        : [wrapped('p', missing(unescape(alt)))]),
    );
    at = found.index + whole.length;
  }
  out.push(body.slice(at));
  return out;
}

/** A file's name for any name and day: `Letter from Helen Marlow, 14 April 2026.html`. `says` puts the two together. */
export const keptName = (name: string, says: (name: string) => string): string =>
  `${says(folderName(name) || '-')}.html`;

/** Gives a file to the browser to keep. Works on telephones too: they ask, or put it under their downloads. */
export function giveFile(name: string, pieces: readonly (string | Uint8Array)[], type: string): void {
  const url = URL.createObjectURL(new Blob(pieces as BlobPart[], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
