// Draws a letter of the closed schema (seal/body.ts) into a page, element by element: the author's preview, the person's page
// and open-me.html draw alike. It never parses markup, and asks nobody for anything: pictures come as blob: addresses.

import type { Block, Doc, Inline, List, Photo } from '../seal/body';

/** The sentences beside a picture; `alt` is what she wrote about it, perhaps nothing. */
export interface PhotoWords {
  /** While it is on its way. */
  readonly coming: (alt: string) => string;
  /** When it cannot be shown. */
  readonly broken: (alt: string) => string;
}

/** The address of a picture; 'broken' when it will not come; null while it may still come. */
export type PictureOf = (name: string) => string | 'broken' | null;

/** The whole letter. Words stand at once; a picture that is not there yet has its place (see `showPicture`). */
export function drawDoc(doc: Doc, picture: PictureOf, words: PhotoWords): DocumentFragment {
  const fragment = document.createDocumentFragment();
  for (const block of doc) fragment.append(drawBlock(block, picture, words));
  return fragment;
}

/** Puts a picture that came later into its place, wherever below `root` the letter was drawn. */
export function showPicture(
  root: ParentNode,
  name: string,
  address: string | 'broken',
  words: PhotoWords,
): void {
  for (const figure of root.querySelectorAll<HTMLElement>(`figure[data-photo="${CSS.escape(name)}"]`)) {
    const { alt = '', width = '0', height = '0' } = figure.dataset;
    fill(figure, { kind: 'photo', name, alt, width: Number(width), height: Number(height) }, address, words);
  }
}

function element<N extends keyof HTMLElementTagNameMap>(name: N, className = ''): HTMLElementTagNameMap[N] {
  const made = document.createElement(name);
  made.dir = 'auto';
  if (className) made.className = className;
  return made;
}

function drawBlock(block: Block, picture: PictureOf, words: PhotoWords): HTMLElement {
  switch (block.kind) {
    case 'paragraph':
      return withInline(element('p', 'as-typed'), block.content);
    case 'heading':
      return withInline(element(block.level === 2 ? 'h2' : 'h3'), block.content);
    case 'quote': {
      const quote = element('blockquote');
      quote.append(...block.blocks.map((inner) => drawBlock(inner, picture, words)));
      return quote;
    }
    case 'list':
      return drawList(block);
    case 'photo': {
      const figure = element('figure', 'photo');
      Object.assign(figure.dataset, {
        photo: block.name,
        alt: block.alt,
        width: String(block.width),
        height: String(block.height),
      });
      fill(figure, block, picture(block.name), words);
      return figure;
    }
  }
}

function drawList({ ordered, items }: List): HTMLElement {
  const list = element(ordered ? 'ol' : 'ul');
  for (const { content, list: inner } of items) {
    const item = withInline(element('li'), content);
    if (inner) item.append(drawList(inner));
    list.append(item);
  }
  return list;
}

function withInline<E extends HTMLElement>(place: E, content: readonly Inline[]): E {
  for (const piece of content) {
    if ('br' in piece) {
      place.append(document.createElement('br'));
      continue;
    }
    let words: Node = document.createTextNode(piece.text);
    for (const [on, name] of [
      [piece.italic, 'em'],
      [piece.bold, 'strong'],
    ] as const) {
      if (!on) continue;
      const mark = document.createElement(name);
      mark.append(words);
      words = mark;
    }
    place.append(words);
  }
  return place;
}

function fill(figure: HTMLElement, photo: Photo, address: string | null, words: PhotoWords): void {
  const { alt, width, height } = photo;
  if (address !== null && address !== 'broken') {
    const image = document.createElement('img');
    image.alt = alt;
    if (width > 0 && height > 0) {
      image.width = width;
      image.height = height;
    }
    image.decoding = 'async';
    image.addEventListener('error', () => fill(figure, photo, 'broken', words), { once: true });
    image.src = address;
    figure.replaceChildren(image);
    return;
  }
  const said = element('p', 'note');
  said.textContent = address === 'broken' ? words.broken(alt) : words.coming(alt);
  if (address === 'broken') said.setAttribute('role', 'note');
  figure.replaceChildren(said);
}
