// Quoted-printable (RFC 2045, 6.7), writing only: it keeps an English letter readable in a bare text
// editor. Reading it is two replacements and stands in letter.ts.

import { utf8 } from './bytes';

/** Encodes a text with \n line ends to lines of at most 76 characters with \r\n between them. */
export function quotedPrintable(text: string): string {
  return text.split('\n').map(encodeLine).join('\r\n');
}

function encodeLine(line: string): string {
  const bytes = utf8(line);
  const out: string[] = [];
  let current = '';
  bytes.forEach((byte, i) => {
    const blank = byte === 0x20 || byte === 0x09;
    // White space at a line's end would be lost on the way, so it is spelled out there.
    const literal = blank ? i < bytes.length - 1 : byte > 0x20 && byte < 0x7f && byte !== 0x3d;
    const token = literal
      ? String.fromCharCode(byte)
      : '=' + byte.toString(16).toUpperCase().padStart(2, '0');
    if (current.length + token.length > 75) {
      out.push(current + '=');
      current = '';
    }
    current += token;
  });
  out.push(current);
  return out.join('\r\n');
}
