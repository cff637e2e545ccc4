// Between a draft and a letter: what is sealed of a draft, and what a draft is made from when a letter is written on again.
// It knows the draft's form and the letter's, and no key.

import { newDraft, type Draft } from '../../draft';
import { normaliseText } from '../../seal/letter';
import type { LetterToSeal, ReadLetter } from './keys/kinds';

/** What goes into the letter. */
export type Content = Pick<LetterToSeal, 'text' | 'html' | 'pictures'>;

export async function contentOf(draft: Draft): Promise<Content> {
  return { text: draft.words.text, html: null, pictures: [] };
}

/** Whether this very draft was sealed as this letter. */
export async function sameContent(draft: Draft, letter: ReadLetter): Promise<boolean> {
  const content = await contentOf(draft);
  return letter.text === normaliseText(content.text);
}

export async function draftFrom(
  { letter }: { letter: ReadLetter },
  title: string,
  today: string,
): Promise<Draft> {
  return { ...newDraft(today), words: { title, text: letter.text } };
}
