// Reads HTML into the closed schema of body.ts: exactly its tags and attributes, everything else dropped to its text, scripts
// and the like dropped whole. It never throws, whatever the text is, and is bounded by construction: one pass, no tree and
// no recursion. It knows no DOM, so that nothing it reads can act.

import {
  cleanText,
  isPictureName,
  MAX_BLOCKS,
  MAX_HTML_BYTES,
  MAX_LIST_DEPTH,
  tidyDoc,
  type Block,
  type Doc,
  type Inline,
  type Item,
  type Paragraph,
} from './body';

/** Elements whose content is not words for a reader. */
const DROPPED = new Set(
  ('script style title template noscript iframe object embed svg math textarea select option canvas audio ' +
    'video noframes noembed xmp plaintext applet').split(' '),
);

/** Elements of others that end a paragraph, so that no two lines run into one. */
const BREAKING = new Set(
  ('address article aside center dd details dialog dir div dl dt fieldset figcaption footer form h1 h4 h5 h6 header ' +
    'hgroup hr legend main menu nav pre section summary table tbody td tfoot th thead tr caption body html').split(
    ' ',
  ),
);

/** Elements without an end. */
const VOID = new Set('area base br col embed hr img input link meta source track wbr'.split(' '));

const TAG = /^<(\/?)([a-zA-Z][a-zA-Z0-9:-]*)/;
const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' };

/** Reads canonical HTML back exactly, and out of any other HTML what the schema can hold. */
export function fromHtml(html: string): Doc {
  const source = html.length > MAX_HTML_BYTES ? html.slice(0, MAX_HTML_BYTES) : html;
  const builder = new Builder();
  let at = 0;
  while (at < source.length && !builder.full) {
    const open = source.indexOf('<', at);
    if (open < 0) {
      builder.text(source.slice(at));
      break;
    }
    if (open > at) builder.text(source.slice(at, open));
    at = tagAt(source, open, builder);
  }
  return tidyDoc(builder.finish());
}

/** Reads what begins with '<' at `open`, and says where to go on. */
function tagAt(source: string, open: number, builder: Builder): number {
  const after = (mark: string, from: number): number => {
    const found = source.indexOf(mark, from);
    return found < 0 ? source.length : found + mark.length;
  };
  if (source.startsWith('<!--', open)) return after('-->', open + 4);
  if (source.startsWith('<!', open) || source.startsWith('<?', open)) return after('>', open + 2);
  const head = TAG.exec(source.slice(open, open + 66));
  if (!head) {
    // Not markup: a 'smaller than' in somebody's sentence.
    builder.text('<');
    return open + 1;
  }
  const name = head[2]!.toLowerCase();
  const tag = attributes(source, open + head[0].length);
  if (!tag) {
    // No tag ends here: whatever it was, it was cut off.
    return source.length;
  }
  if (head[1]) {
    builder.close(name);
    return tag.end;
  }
  if (DROPPED.has(name) && !VOID.has(name)) return endOf(source, name, tag.end);
  builder.open(name, tag.values);
  return tag.end;
}

/** Behind `</name>`, wherever that stands; the end of the text when it stands nowhere. */
function endOf(source: string, name: string, from: number): number {
  for (let at = from; ; ) {
    const found = source.indexOf('</', at);
    if (found < 0) return source.length;
    const end = found + 2 + name.length;
    if (source.slice(found + 2, end).toLowerCase() === name && /^[\s/>]?$/.test(source.slice(end, end + 1))) {
      const close = source.indexOf('>', end);
      return close < 0 ? source.length : close + 1;
    }
    at = found + 2;
  }
}

/** The attributes behind a tag's name, and where the tag ends; null when it does not. The first of a name counts. */
function attributes(source: string, from: number): { values: Map<string, string>; end: number } | null {
  const values = new Map<string, string>();
  const piece = /\s+|\/|(>)|([^\s/>=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>][^\s>]*)))?|=/y;
  piece.lastIndex = from;
  for (;;) {
    const found = piece.exec(source);
    if (!found) return null;
    if (found[1]) return { values, end: piece.lastIndex };
    const name = found[2]?.toLowerCase();
    if (name !== undefined && !values.has(name)) {
      values.set(name, decoded(found[3] ?? found[4] ?? found[5] ?? ''));
    }
  }
}

function decoded(text: string): string {
  return text.replace(/&(?:#[xX]([0-9a-fA-F]{1,8})|#([0-9]{1,8})|([a-z]{2,6}));/g, (whole, hexa, decimal, named) => {
    if (named !== undefined) return NAMED[named as string] ?? whole;
    const code = hexa !== undefined ? parseInt(hexa as string, 16) : Number(decimal);
    if (code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return '\ufffd';
    return String.fromCodePoint(code);
  });
}

type Open =
  | { readonly kind: 'paragraph' }
  | { readonly kind: 'heading'; readonly level: 2 | 3 };

interface OpenItem {
  readonly content: Inline[];
  list?: OpenList;
}

interface OpenList {
  readonly ordered: boolean;
  readonly items: OpenItem[];
}

/** Builds the document as tags come by. Nothing it holds is deeper than the schema. */
class Builder {
  readonly #blocks: Block[] = [];
  /** The words of the block that stands open. */
  #content: Inline[] | null = null;
  #open: Open = { kind: 'paragraph' };
  #quote: Paragraph[] | null = null;
  #quoteDepth = 0;
  /** The open lists, outermost first, and how many more are open than the schema holds. */
  readonly #lists: OpenList[] = [];
  #deeper = 0;
  /** Where words inside of lists go. */
  #item: OpenItem | null = null;
  #bold = 0;
  #italic = 0;
  #count = 0;
  /** Photos that stood inside a list or a quotation come right after it. */
  #photos: Block[] = [];

  /** There is no room for more. */
  get full(): boolean {
    return this.#count >= MAX_BLOCKS;
  }

  text(raw: string): void {
    // A line's end in the source is a space; canonical HTML has none inside of a block.
    const oneLine = raw.replace(/[ \t\r\n\f]+/g, (gap) => (/[\r\n]/.test(gap) ? '\n' : gap));
    const words = cleanText(decoded(oneLine)).replaceAll('\n', ' ');
    const loose = /[\r\n]/.test(raw.slice(raw.trimEnd().length));
    const place = this.#place();
    if (place === null || place.length === 0 || 'br' in place.at(-1)!) {
      // At the beginning of a block, white space with a line's end in it is only how the source was set.
      const blank = /^\s*$/.test(raw);
      if (blank && (place === null || /[\r\n]/.test(raw))) return;
      const trimmed = /^[ \t\f]*[\r\n]/.test(raw) ? words.replace(/^ /, '') : words;
      if (trimmed !== '') this.#write(trimmed, loose);
      return;
    }
    this.#write(words, loose);
  }

  /** The words of a line's end that may turn out to be a block's end. */
  #loose = false;

  #write(text: string, loose = false): void {
    const content = this.#place() ?? this.#begin({ kind: 'paragraph' });
    content.push({
      text,
      ...(this.#bold > 0 ? { bold: true as const } : {}),
      ...(this.#italic > 0 ? { italic: true as const } : {}),
    });
    this.#loose = loose;
  }

  #place(): Inline[] | null {
    return this.#content ?? this.#item?.content ?? null;
  }

  #begin(open: Open): Inline[] {
    this.#end();
    const list = this.#lists.at(-1);
    if (list) this.#item ??= this.#addItem(list);
    if (this.#item) {
      // A paragraph in an item is a line of it.
      if (this.#item.content.length > 0) this.#item.content.push({ br: true });
      return this.#item.content;
    }
    this.#open = open;
    this.#content = [];
    this.#count += 1;
    return this.#content;
  }

  /** Ends the block that stands open. */
  #end(): void {
    const content = this.#content ?? this.#item?.content;
    const last = content?.at(-1);
    if (this.#loose && content && last && 'text' in last) {
      content[content.length - 1] = { ...last, text: last.text.replace(/ $/, '') };
    }
    this.#loose = false;
    if (this.#content === null) return;
    const block = { ...this.#open, content: this.#content } as Block;
    this.#content = null;
    if (this.#quote) this.#quote.push({ kind: 'paragraph', content: (block as Paragraph).content });
    else this.#blocks.push(block);
  }

  open(name: string, values: ReadonlyMap<string, string>): void {
    switch (name) {
      case 'strong':
        this.#bold += 1;
        return;
      case 'em':
        this.#italic += 1;
        return;
      case 'br':
        (this.#place() ?? this.#begin({ kind: 'paragraph' })).push({ br: true });
        this.#loose = false;
        return;
      case 'p':
        this.#fresh({ kind: 'paragraph' });
        return;
      case 'h2':
      case 'h3':
        this.#fresh({ kind: 'heading', level: name === 'h2' ? 2 : 3 });
        return;
      case 'blockquote':
        this.#end();
        this.#quoteDepth += 1;
        if (this.#lists.length === 0) this.#quote ??= [];
        return;
      case 'ul':
      case 'ol':
        this.#openList(name === 'ol');
        return;
      case 'li':
        this.#openItem();
        return;
      case 'img':
        this.#picture(values);
        return;
      case 'figure':
        this.#end();
        return;
      default:
        if (BREAKING.has(name)) this.#break();
    }
  }

  /** A block of its own; marks do not reach over its border. */
  #fresh(open: Open): void {
    this.#bold = 0;
    this.#italic = 0;
    this.#begin(open);
  }

  /** Somebody else's block begins or ends here. */
  #break(): void {
    this.#end();
    if (this.#item && this.#item.content.length > 0 && !('br' in this.#item.content.at(-1)!)) {
      this.#item.content.push({ br: true });
    }
  }

  close(name: string): void {
    switch (name) {
      case 'strong':
        this.#bold = Math.max(0, this.#bold - 1);
        return;
      case 'em':
        this.#italic = Math.max(0, this.#italic - 1);
        return;
      case 'p':
      case 'h2':
      case 'h3':
      case 'figure':
        this.#end();
        return;
      case 'blockquote':
        this.#end();
        this.#quoteDepth = Math.max(0, this.#quoteDepth - 1);
        if (this.#quoteDepth === 0) this.#endQuote();
        return;
      case 'ul':
      case 'ol':
        this.#closeList();
        return;
      case 'li':
        this.#end();
        this.#item = null;
        return;
      default:
        if (BREAKING.has(name)) this.#break();
    }
  }

  #openList(ordered: boolean): void {
    this.#end();
    if (this.#lists.length >= MAX_LIST_DEPTH) {
      this.#deeper += 1;
      return;
    }
    const list: OpenList = { ordered, items: [] };
    // A second list in one item goes on where the first one stands, so that nothing is lost.
    if (this.#item) {
      const there = this.#item.list;
      if (there) {
        this.#lists.push(there);
        this.#item = null;
        return;
      }
      this.#item.list = list;
    } else if (this.#lists.length > 0) {
      const outer = this.#lists.at(-1)!;
      const last = outer.items.at(-1) ?? this.#addItem(outer);
      if (last.list) {
        this.#lists.push(last.list);
        return;
      }
      last.list = list;
    }
    this.#lists.push(list);
    this.#item = null;
  }

  #addItem(list: OpenList): OpenItem {
    const item: OpenItem = { content: [] };
    list.items.push(item);
    this.#count += 1;
    return item;
  }

  #openItem(): void {
    this.#end();
    this.#bold = 0;
    this.#italic = 0;
    const list = this.#lists.at(-1);
    if (list) this.#item = this.#addItem(list);
    else this.#begin({ kind: 'paragraph' });
  }

  #closeList(): void {
    this.#end();
    if (this.#deeper > 0) {
      this.#deeper -= 1;
      return;
    }
    const list = this.#lists.pop();
    if (!list) return;
    const outer = this.#lists.at(-1);
    this.#item = outer?.items.at(-1) ?? null;
    if (outer || list.items.length === 0) return;
    if (this.#quote) this.#quoteItems(list.items);
    else this.#blocks.push({ kind: 'list', ordered: list.ordered, items: list.items.map(closed) });
    this.#hoist();
  }

  /** A quotation holds paragraphs alone: what stood in a list inside of it becomes one each. */
  #quoteItems(items: readonly OpenItem[]): void {
    for (const { content, list } of items) {
      this.#quote?.push({ kind: 'paragraph', content });
      if (list) this.#quoteItems(list.items);
    }
  }

  #endQuote(): void {
    const quote = this.#quote;
    this.#quote = null;
    if (quote && quote.length > 0) this.#blocks.push({ kind: 'quote', blocks: quote });
    this.#hoist();
  }

  #picture(values: ReadonlyMap<string, string>): void {
    const name = /^cid:([0-9]{3})$/.exec(values.get('src') ?? '')?.[1];
    const alt = values.get('alt') ?? '';
    if (name === undefined || !isPictureName(name)) {
      // A picture from elsewhere is never fetched; what it showed may be said.
      if (alt.trim() !== '') this.text(alt);
      return;
    }
    this.#end();
    const side = (key: string) => (/^[0-9]{1,5}$/.test(values.get(key) ?? '') ? Number(values.get(key)) : 0);
    this.#count += 1;
    this.#photos.push({ kind: 'photo', name, alt, width: side('width'), height: side('height') });
    this.#hoist();
  }

  #hoist(): void {
    if (this.#quote || this.#lists.length > 0) return;
    this.#blocks.push(...this.#photos);
    this.#photos = [];
  }

  finish(): Doc {
    this.#end();
    this.#deeper = 0;
    while (this.#lists.length > 0) this.#closeList();
    this.#endQuote();
    return this.#blocks;
  }
}

function closed({ content, list }: OpenItem): Item {
  const inner = list && list.items.length > 0 ? list : undefined;
  return inner
    ? { content, list: { kind: 'list', ordered: inner.ordered, items: inner.items.map(closed) } }
    : { content };
}
