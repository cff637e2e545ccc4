// What she typed is what stands on the sheet.

import { expect, test } from 'vitest';
import { paragraphs } from './paragraphs';

test('a blank line begins a paragraph, also one with spaces in it, also several', () => {
  expect(paragraphs('Dear Dan,\n\nfirst\nsecond line\n \t\nthird\n\n\n\nYour mother\n')).toEqual([
    'Dear Dan,',
    'first\nsecond line',
    'third',
    'Your mother',
  ]);
});

test('line ends of every kind, and no word is lost', () => {
  expect(paragraphs('one\r\n\r\ntwo\rthree')).toEqual(['one', 'two\nthree']);
  expect(paragraphs('  an indented line\n    and another')).toEqual(['  an indented line\n    and another']);
  const text = 'a\n\n b\n\n\u00a0\n\nc <b>d</b> &amp;';
  expect(paragraphs(text).join(' ').replace(/\s+/g, '')).toBe(text.replace(/\s+/g, ''));
  expect(paragraphs('\n\n \n')).toEqual([]);
});
