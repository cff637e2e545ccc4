// How a plain text becomes a letter on a sheet: one paragraph for each blank line, her own line ends kept within one.
// The author and the one who reads see the same. It knows nothing but text.

/** The paragraphs of a letter, in order; never an empty one. */
export function paragraphs(text: string): string[] {
  return text
    .replace(/\r\n?/g, '\n')
    .split(/\n[^\S\n]*\n\s*/)
    .map((part) => part.replace(/^\n+|\s+$/g, ''))
    .filter((part) => part !== '');
}
