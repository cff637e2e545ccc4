// What comes from elsewhere: Word, Google Docs, web pages, plain text. Word writes its lists as paragraphs with a
// bullet typed before them, and much that is only meant for Word; both are put right here, before the schema lets in
// what a letter can hold. No text is lost by it. It works on text alone and never asks anybody for a picture.

/** So many characters may be pasted at once: a long book. */
export const MOST_PASTED = 2_000_000;

/** Everything from `begin` to `end` goes, in one walk; a beginning without an end stays for the parser. */
function without(text: string, begin: RegExp, end: (match: RegExpExecArray) => string): string {
  const lower = text.toLowerCase();
  let out = '';
  let from = 0;
  begin.lastIndex = 0;
  for (let match = begin.exec(text); match; match = begin.exec(text)) {
    const close = end(match);
    const at = lower.indexOf(close, match.index + match[0].length);
    // None of this kind ends any more: nobody needs to look again from each of its beginnings.
    if (at < 0) break;
    out += text.slice(from, match.index);
    from = at + close.length;
    begin.lastIndex = from;
  }
  return out + text.slice(from);
}

const DROPPED = [
  'script',
  'style',
  'title',
  'xml',
  'svg',
  'math',
  'template',
  'noscript',
  'object',
  'iframe',
];

/** HTML from a clipboard as the schema's parser can read it; pictures from elsewhere are counted and left out. */
export function cleanHtml(html: string): { html: string; pictures: number } {
  let pictures = 0;
  const begin = html.indexOf('<!--StartFragment-->');
  const end = html.indexOf('<!--EndFragment-->', begin + 1);
  let cleaned = begin >= 0 && end >= 0 ? html.slice(begin + 20, end) : html;
  // What Word says to old browsers, with what is between; then every other comment.
  cleaned = without(cleaned, /<!\[if !supportLists\]>/gi, () => '<![endif]>');
  cleaned = without(cleaned, /<!--/g, () => '-->');
  cleaned = cleaned.replace(/<!\[[^\]<>]*\]>/g, '');
  for (const name of DROPPED) {
    cleaned = without(cleaned, new RegExp(`<${name}\\b`, 'gi'), () => `</${name}>`);
  }
  cleaned = cleaned.replace(/<\/?(o|v|w|m|st1):[^<>]*>/gi, '').replace(/<img\b[^<>]*>/gi, (img) => {
    // A picture of one point is there to be counted, not to be seen.
    if (!/(width|height)\s*[=:]\s*["']?\s*[01](px)?\b/i.test(img)) pictures += 1;
    return '';
  });
  return { html: wordLists(cleaned), pictures };
}

/** Word's list paragraphs as lists: runs of them become one list, their levels become lists in lists. */
function wordLists(html: string): string {
  if (!/MsoListParagraph|mso-list:/i.test(html)) return html;
  const paragraph = /<p\b([^<>]*)>((?:(?!<\/?p\b)[\s\S])*)<\/p\s*>/gi;
  let out = '';
  let from = 0;
  let open: { level: number; tag: 'ul' | 'ol' }[] = [];
  const close = (level: number): string => {
    let closed = '';
    while (open.length > level) closed += `</li></${open.pop()!.tag}>`;
    return closed;
  };
  for (const match of html.matchAll(paragraph)) {
    const [whole, attributes = '', inner = ''] = match;
    const between = html.slice(from, match.index);
    from = match.index + whole.length;
    const isItem =
      /MsoListParagraph|mso-list:\s*l/i.test(attributes) && !/mso-list:\s*none/i.test(attributes);
    if (!isItem) {
      out += close(0) + between + whole;
      open = [];
      continue;
    }
    if (between.trim() !== '') out += close(0) + between;
    const level = Math.min(3, Math.max(1, Number(/level(\d)/i.exec(attributes)?.[1] ?? 1)));
    const { text, ordered } = withoutBullet(inner);
    const tag = ordered ? 'ol' : 'ul';
    if (open.length >= level) {
      out += close(level) + '</li>';
    } else {
      while (open.length < level) {
        out += `<${tag}>`;
        open.push({ level: open.length + 1, tag });
        if (open.length < level) out += '<li><p></p>';
      }
    }
    out += `<li><p>${text}</p>`;
  }
  return out + close(0) + html.slice(from);
}

/** Takes off the bullet or the number that Word typed, and says which it was. */
function withoutBullet(inner: string): { text: string; ordered: boolean } {
  const bare = inner.replace(
    /<span[^>]*mso-list:\s*Ignore[^>]*>([\s\S]*?)<\/span>(?:\s*<\/span>)*/i,
    (_, mark: string) => {
      return `\u0000${mark.replace(/<[^>]*>|&nbsp;|\s/g, '')}\u0000`;
    },
  );
  const marked = /\u0000([^\u0000]*)\u0000/.exec(bare);
  const plain = bare.replace(/\u0000[^\u0000]*\u0000/, '');
  if (marked) return { text: plain.trim(), ordered: /[0-9a-z]/i.test(marked[1]!) && marked[1] !== 'o' };
  const typed = /^((?:\s|&nbsp;|<[^>]+>)*)(?:([·•§o▪◦\-–])|(\d{1,3}|[a-z])[.)])(?:\s|&nbsp;)+/i.exec(plain);
  if (!typed) return { text: plain.trim(), ordered: false };
  return {
    text: (typed[1] ?? '').replace(/&nbsp;/g, '') + plain.slice(typed[0].length).trim(),
    ordered: typed[3] !== undefined,
  };
}
