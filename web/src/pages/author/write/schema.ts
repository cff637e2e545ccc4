// The letter in the editor: ProseMirror's schema, closed like the letter's own (seal/body.ts), and the two ways between
// them. What the letter cannot hold cannot be typed, pasted or dropped here. It knows no page and no storage.

import { Schema, type Mark, type MarkSpec, type Node, type NodeSpec } from 'prosemirror-model';
import {
  MAX_LIST_DEPTH,
  tidyDoc,
  type Block,
  type Doc,
  type Inline,
  type Item,
  type List,
  type Paragraph,
} from '../../../seal/body';

const ownDirection = { dir: 'auto' };

const nodes: Record<string, NodeSpec> = {
  doc: { content: 'block+' },
  paragraph: {
    content: 'inline*',
    group: 'block',
    parseDOM: [{ tag: 'p' }],
    toDOM: () => ['p', ownDirection, 0],
  },
  heading: {
    content: 'inline*',
    group: 'block',
    defining: true,
    attrs: { level: { default: 2, validate: 'number' } },
    // Six levels elsewhere are two in a letter.
    parseDOM: [
      { tag: 'h1', attrs: { level: 2 } },
      { tag: 'h2', attrs: { level: 2 } },
      ...['h3', 'h4', 'h5', 'h6'].map((tag) => ({ tag, attrs: { level: 3 } })),
    ],
    toDOM: (node) => [node.attrs['level'] === 2 ? 'h2' : 'h3', ownDirection, 0],
  },
  quote: {
    content: 'paragraph+',
    group: 'block',
    defining: true,
    parseDOM: [{ tag: 'blockquote' }],
    toDOM: () => ['blockquote', ownDirection, 0],
  },
  bullet_list: {
    content: 'item+',
    group: 'block list',
    parseDOM: [{ tag: 'ul' }],
    toDOM: () => ['ul', ownDirection, 0],
  },
  ordered_list: {
    content: 'item+',
    group: 'block list',
    parseDOM: [{ tag: 'ol' }],
    toDOM: () => ['ol', ownDirection, 0],
  },
  item: {
    content: 'paragraph list?',
    defining: true,
    parseDOM: [{ tag: 'li' }],
    toDOM: () => ['li', ownDirection, 0],
  },
  photo: {
    group: 'block',
    atom: true,
    draggable: true,
    attrs: {
      name: { validate: 'string' },
      alt: { default: '', validate: 'string' },
      width: { default: 0, validate: 'number' },
      height: { default: 0, validate: 'number' },
    },
    // Only our own: a picture from elsewhere is a request to somebody, and perhaps a spy.
    parseDOM: [
      {
        tag: 'figure[data-photo]',
        getAttrs: (figure) => {
          const name = figure.getAttribute('data-photo') ?? '';
          if (!/^[0-9]{3}$/.test(name)) return false;
          return {
            name,
            alt: figure.getAttribute('data-alt') ?? '',
            width: Number(figure.getAttribute('data-width')) || 0,
            height: Number(figure.getAttribute('data-height')) || 0,
          };
        },
      },
    ],
    toDOM: ({ attrs }) => [
      'figure',
      {
        'data-photo': attrs['name'] as string,
        'data-alt': attrs['alt'] as string,
        'data-width': String(attrs['width']),
        'data-height': String(attrs['height']),
      },
    ],
  },
  text: { group: 'inline' },
  hard_break: {
    inline: true,
    group: 'inline',
    selectable: false,
    parseDOM: [{ tag: 'br' }],
    toDOM: () => ['br'],
  },
};

const marks: Record<string, MarkSpec> = {
  bold: {
    parseDOM: [
      { tag: 'strong' },
      // Google Docs wraps everything in <b style="font-weight:normal">.
      { tag: 'b', getAttrs: (b) => (b.style.fontWeight === 'normal' ? false : null) },
      { style: 'font-weight', getAttrs: (value) => (/^(bold(er)?|[6-9]\d\d)$/.test(value) ? null : false) },
    ],
    toDOM: () => ['strong', 0],
  },
  italic: {
    parseDOM: [{ tag: 'em' }, { tag: 'i' }, { style: 'font-style=italic' }],
    toDOM: () => ['em', 0],
  },
};

export const schema = new Schema({ nodes, marks });

const node = (name: string, attrs: Record<string, unknown> | null, content?: Node[]): Node =>
  schema.nodes[name]!.create(attrs, content);

/** What the editor shows for a letter. An empty letter is one empty paragraph. */
export function editorDoc(doc: Doc): Node {
  const blocks = tidyDoc(doc).map(blockNode);
  return node('doc', null, blocks.length > 0 ? blocks : [node('paragraph', null)]);
}

function blockNode(block: Block): Node {
  switch (block.kind) {
    case 'paragraph':
      return node('paragraph', null, inlineNodes(block.content));
    case 'heading':
      return node('heading', { level: block.level }, inlineNodes(block.content));
    case 'quote':
      return node('quote', null, block.blocks.map(blockNode));
    case 'list':
      return listNode(block);
    case 'photo':
      return node('photo', {
        name: block.name,
        alt: block.alt,
        width: block.width,
        height: block.height,
      });
  }
}

const listNode = ({ ordered, items }: List): Node =>
  node(ordered ? 'ordered_list' : 'bullet_list', null, items.map(itemNode));

const itemNode = ({ content, list }: Item): Node =>
  node('item', null, [node('paragraph', null, inlineNodes(content)), ...(list ? [listNode(list)] : [])]);

function inlineNodes(content: readonly Inline[]): Node[] {
  return content.map((piece) => {
    if ('br' in piece) return node('hard_break', null);
    const held: Mark[] = [];
    if (piece.bold) held.push(schema.marks['bold']!.create());
    if (piece.italic) held.push(schema.marks['italic']!.create());
    return schema.text(piece.text, held);
  });
}

/** The letter that stands in the editor. */
export function letterDoc(doc: Node): Doc {
  const blocks: Block[] = [];
  doc.forEach((child) => blocks.push(blockOf(child)));
  // A page on which nothing is written is an empty letter.
  const tidy = tidyDoc(blocks);
  const blank = (block: Block) => block.kind === 'paragraph' && block.content.length === 0;
  return tidy.every(blank) ? [] : tidy;
}

function blockOf(child: Node): Block {
  switch (child.type.name) {
    case 'heading':
      return {
        kind: 'heading',
        level: child.attrs['level'] === 2 ? 2 : 3,
        content: inlineOf(child),
      };
    case 'quote': {
      const inner: Paragraph[] = [];
      child.forEach((one) => inner.push({ kind: 'paragraph', content: inlineOf(one) }));
      return { kind: 'quote', blocks: inner };
    }
    case 'bullet_list':
    case 'ordered_list':
      return listOf(child);
    case 'photo':
      return {
        kind: 'photo',
        name: child.attrs['name'] as string,
        alt: child.attrs['alt'] as string,
        width: child.attrs['width'] as number,
        height: child.attrs['height'] as number,
      };
    default:
      return { kind: 'paragraph', content: inlineOf(child) };
  }
}

function listOf(list: Node): List {
  const items: Item[] = [];
  list.forEach((item) => {
    const content = item.firstChild ? inlineOf(item.firstChild) : [];
    items.push(item.childCount > 1 ? { content, list: listOf(item.child(1)) } : { content });
  });
  return { kind: 'list', ordered: list.type.name === 'ordered_list', items };
}

function inlineOf(block: Node): Inline[] {
  const content: Inline[] = [];
  block.forEach((piece) => {
    if (!piece.isText) {
      content.push({ br: true });
      return;
    }
    const has = (mark: string) => piece.marks.some((one) => one.type.name === mark);
    content.push({
      text: piece.text ?? '',
      ...(has('bold') ? { bold: true as const } : {}),
      ...(has('italic') ? { italic: true as const } : {}),
    });
  });
  return content;
}

/** How deep in lists a position is; a list in a list in a list is as deep as it goes. */
export function listDepth(at: { depth: number; node(depth: number): Node }): number {
  let lists = 0;
  for (let depth = at.depth; depth > 0; depth -= 1) {
    if (/_list$/.test(at.node(depth).type.name)) lists += 1;
  }
  return lists;
}

export const MAY_DEEPEN = MAX_LIST_DEPTH;
