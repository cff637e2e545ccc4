// What a letter's body may hold: a closed schema of seven kinds of blocks, and its four forms (the document, canonical HTML,
// plain text, typed text). The editor, the preview, the reader's page and open-me.html all go by it: nothing else ever
// enters a page. Pure: knows no DOM, no editor and no key. What reads HTML stands in body-read.ts.

export { fromHtml } from './body-read';

/** Words with their marks, or a line's end within a block. */
export type Inline =
  { readonly text: string; readonly bold?: true; readonly italic?: true } | { readonly br: true };

export interface Paragraph {
  readonly kind: 'paragraph';
  readonly content: readonly Inline[];
}

export interface Heading {
  readonly kind: 'heading';
  readonly level: 2 | 3;
  readonly content: readonly Inline[];
}

export interface Quote {
  readonly kind: 'quote';
  readonly blocks: readonly Paragraph[];
}

export interface List {
  readonly kind: 'list';
  readonly ordered: boolean;
  readonly items: readonly Item[];
}

export interface Item {
  readonly content: readonly Inline[];
  readonly list?: List;
}

export interface Photo {
  readonly kind: 'photo';
  /** Three digits from `001`, each once: the name of the picture's file. */
  readonly name: string;
  /** What is to be seen, for whoever cannot see it. Empty when she gave none. */
  readonly alt: string;
  /** In pixels; 0 when it is not known. */
  readonly width: number;
  readonly height: number;
}

export type Block = Paragraph | Heading | Quote | List | Photo;
export type Doc = readonly Block[];

/** A list in a list in a list. */
export const MAX_LIST_DEPTH = 3;
/** Paragraphs, headings, items and photos together. */
export const MAX_BLOCKS = 20_000;
/** The largest HTML that is written or read, in bytes of UTF-8. */
export const MAX_HTML_BYTES = 1024 * 1024;
/** The largest side of a picture, in pixels. */
export const MAX_SIDE = 20_000;

/** What a file cannot carry: control characters (but not the tab), and halves of characters. */
export function cleanText(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, '')
    .replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd');
}

/** Whether `name` can be that of a picture. */
export const isPictureName = (name: string): boolean => /^(?!000)[0-9]{3}$/.test(name);

/**
 * The one form of a document: pieces with the same marks are one, line ends are `br`, nothing is there that cannot be
 * written. Two documents with the same tidy form are the same letter.
 */
export function tidyDoc(doc: Doc): Doc {
  const blocks = doc.map((block): Block | null => {
    switch (block.kind) {
      case 'paragraph':
        return { kind: 'paragraph', content: tidyInline(block.content) };
      case 'heading':
        return { kind: 'heading', level: block.level === 2 ? 2 : 3, content: tidyInline(block.content) };
      case 'quote': {
        const inner = block.blocks.map(({ content }) => ({
          kind: 'paragraph' as const,
          content: tidyInline(content),
        }));
        return inner.length > 0 ? { kind: 'quote', blocks: inner } : null;
      }
      case 'list':
        return tidyList(block, 1);
      case 'photo':
        return tidyPhoto(block);
    }
  });
  return blocks.filter((block) => block !== null);
}

function tidyList({ ordered, items }: List, depth: number): List | null {
  const tidy = items.flatMap(({ content, list }): Item[] => {
    const inner = list ? tidyList(list, Math.min(depth + 1, MAX_LIST_DEPTH)) : null;
    const item = { content: tidyInline(content) };
    if (!inner) return [item];
    // What lies deeper than three comes up, rather than being lost.
    return depth < MAX_LIST_DEPTH ? [{ ...item, list: inner }] : [item, ...inner.items];
  });
  return tidy.length > 0 ? { kind: 'list', ordered: Boolean(ordered), items: tidy } : null;
}

function tidyPhoto({ name, alt, width, height }: Photo): Photo | null {
  if (!isPictureName(name)) return null;
  const side = (n: number) => (Number.isInteger(n) && n > 0 && n <= MAX_SIDE ? n : 0);
  const line = cleanText(alt.replace(/[\r\n\u2028\u2029]+/g, ' ')).trim();
  return { kind: 'photo', name, alt: line, width: side(width), height: side(height) };
}

function tidyInline(content: readonly Inline[]): Inline[] {
  const out: Inline[] = [];
  for (const piece of content) {
    if ('br' in piece) {
      out.push({ br: true });
      continue;
    }
    const marks = { ...(piece.bold ? { bold: true as const } : {}), ...(piece.italic ? { italic: true as const } : {}) };
    piece.text.split(/\r\n|[\n\r]/).forEach((line, i) => {
      if (i > 0) out.push({ br: true });
      if (line !== '') out.push({ text: line, ...marks });
    });
  }
  // Halves of one character may stand in two pieces: they are put together before they are judged.
  const joined: Inline[] = [];
  for (const piece of out) {
    const last = joined.at(-1);
    if ('text' in piece && last && 'text' in last && sameMarks(piece, last)) {
      joined[joined.length - 1] = { ...last, text: last.text + piece.text };
    } else joined.push(piece);
  }
  return joined
    .map((piece) => ('text' in piece ? { ...piece, text: cleanText(piece.text) } : piece))
    .filter((piece) => !('text' in piece) || piece.text !== '');
}

type Words = Extract<Inline, { text: string }>;
const sameMarks = (a: Words, b: Words) => a.bold === b.bold && a.italic === b.italic;

// ---- canonical HTML ----

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** The canonical HTML: one block a line, every block with its own direction. Equal documents give equal texts. */
export function toHtml(doc: Doc, { lang, title }: { readonly lang: string; readonly title?: string }): string {
  const tag = /^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$/.test(lang) ? lang : 'und';
  const named = title === undefined ? '' : `<title>${escape(cleanText(title.replace(/[\r\n]+/g, ' ')))}</title>`;
  return [
    '<!doctype html>',
    `<html lang="${tag}"><head><meta charset="utf-8">${named}</head><body>`,
    ...tidyDoc(doc).map(blockHtml),
    '</body></html>',
    '',
  ].join('\n');
}

function blockHtml(block: Block): string {
  switch (block.kind) {
    case 'paragraph':
      return `<p dir="auto">${inlineHtml(block.content)}</p>`;
    case 'heading':
      return `<h${block.level} dir="auto">${inlineHtml(block.content)}</h${block.level}>`;
    case 'quote':
      return `<blockquote dir="auto">${block.blocks.map(blockHtml).join('')}</blockquote>`;
    case 'list':
      return listHtml(block);
    case 'photo': {
      const sides = block.width && block.height ? ` width="${block.width}" height="${block.height}"` : '';
      return `<figure dir="auto"><img src="cid:${block.name}" alt="${escape(block.alt)}"${sides}></figure>`;
    }
  }
}

function listHtml({ ordered, items }: List): string {
  const tag = ordered ? 'ol' : 'ul';
  const inner = items.map(
    ({ content, list }) => `<li dir="auto">${inlineHtml(content)}${list ? listHtml(list) : ''}</li>`,
  );
  return `<${tag} dir="auto">${inner.join('')}</${tag}>`;
}

function inlineHtml(content: readonly Inline[]): string {
  return content
    .map((piece) => {
      if ('br' in piece) return '<br>';
      const words = piece.italic ? `<em>${escape(piece.text)}</em>` : escape(piece.text);
      return piece.bold ? `<strong>${words}</strong>` : words;
    })
    .join('');
}

// ---- plain text ----

/** The letter as plain text. `photo` is the word for a photo in the letter's language. */
export function toText(doc: Doc, { photo }: { readonly photo: string }): string {
  return tidyDoc(doc)
    .map((block) => {
      switch (block.kind) {
        case 'paragraph':
        case 'heading':
          return inlineText(block.content);
        case 'quote':
          return indented(block.blocks.map(({ content }) => inlineText(content)).join('\n\n'), '> ', '> ');
        case 'list':
          return listText(block);
        case 'photo':
          return block.alt === '' ? `[${photo}]` : `[${photo}: ${block.alt}]`;
      }
    })
    .join('\n\n');
}

function listText({ ordered, items }: List): string {
  return items
    .map(({ content, list }, i) => {
      const mark = ordered ? `${i + 1}. ` : '- ';
      const inner = list ? `\n${listText(list)}` : '';
      return indented(inlineText(content) + inner, mark, ' '.repeat(mark.length));
    })
    .join('\n');
}

const inlineText = (content: readonly Inline[]): string =>
  content.map((piece) => ('br' in piece ? '\n' : piece.text)).join('');

const indented = (text: string, first: string, other: string): string =>
  text
    .split('\n')
    .map((line, i) => ((i === 0 ? first : other) + line).trimEnd())
    .join('\n');

/** Typed text: paragraphs at blank lines, her own line ends within them. */
export function fromText(text: string): Doc {
  return text
    .replace(/\r\n?/g, '\n')
    .split(/\n(?:[^\S\n]*\n)+/)
    .map((part) => part.replace(/^\n+|\n+$/g, ''))
    .filter((part) => part.trim() !== '')
    .map((part) => ({ kind: 'paragraph', content: tidyInline([{ text: part }]) }));
}

// ---- questions about a document ----

/** How many words there are, as a person counts: what stands between spaces and has a letter or a figure in it. */
export function wordsIn(doc: Doc): number {
  const of = (content: readonly Inline[]) =>
    inlineText(content)
      .split(/\s+/u)
      .filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
  const ofList = ({ items }: List): number =>
    items.reduce((sum, { content, list }) => sum + of(content) + (list ? ofList(list) : 0), 0);
  return doc.reduce((sum, block) => {
    switch (block.kind) {
      case 'paragraph':
      case 'heading':
        return sum + of(block.content);
      case 'quote':
        return sum + block.blocks.reduce((inner, { content }) => inner + of(content), 0);
      case 'list':
        return sum + ofList(block);
      case 'photo':
        return sum;
    }
  }, 0);
}

/** The names of its pictures, in order of appearance. */
export const photosIn = (doc: Doc): string[] =>
  doc.flatMap((block) => (block.kind === 'photo' ? [block.name] : []));

/** Whether there is anything in it at all: a word, a picture. */
export const isBlank = (doc: Doc): boolean => photosIn(doc).length === 0 && toText(doc, { photo: '' }).trim() === '';

/** True for a document that plain text says in full: paragraphs without marks. */
export const isPlain = (doc: Doc): boolean =>
  doc.every(
    (block) =>
      block.kind === 'paragraph' && block.content.every((piece) => 'br' in piece || (!piece.bold && !piece.italic)),
  );
