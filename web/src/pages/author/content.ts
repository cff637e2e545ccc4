// Between a draft and a letter: what is sealed of a draft, and what a draft is made from when a letter is written on again.
// It knows the draft's form and the letter's, and no key.

import { docOf, newDraft, type Draft, type DraftPhoto } from '../../draft';
import { fromHtml, fromText, isPlain, photosIn, toHtml, toText, type Doc } from '../../seal/body';
import { normaliseText } from '../../seal/letter';
import { say, spoken } from '../../words';
import type { LetterToSeal, PlainPicture, ReadLetter } from './keys/kinds';
import { keepPhoto, photoBytes } from './write/photos';
import type { Beside } from './sealing';

/** What goes into the letter. */
export type Content = Pick<LetterToSeal, 'text' | 'html' | 'pictures'>;

/** A photo of the draft is not on this device: nothing is sealed that would lack it. */
export class PhotoMissing extends Error {
  override readonly name = 'PhotoMissing';
}

const pictureName = (at: number): string => String(at + 1).padStart(3, '0');

/** The letter of a draft with its photos named in the order in which they stand. */
function inOrder(doc: Doc): { doc: Doc; names: string[] } {
  const names = photosIn(doc).filter((name, at, all) => all.indexOf(name) === at);
  const renamed = doc.map((block) =>
    block.kind === 'photo' ? { ...block, name: pictureName(names.indexOf(block.name)) } : block,
  );
  return { doc: renamed, names };
}

const written = (doc: Doc) => ({
  text: toText(doc, { photo: say('author.write.photo-said') }),
  // Words without any form are a letter of words alone, as any mail program writes one.
  html: isPlain(doc) ? null : toHtml(doc, { lang: spoken() }),
});

/** Throws PhotoMissing. */
export async function contentOf(draft: Draft): Promise<Content> {
  const { doc, names } = inOrder(docOf(draft.words));
  const pictures: PlainPicture[] = [];
  for (const [at, name] of names.entries()) {
    const photo = draft.words.photos?.find((one) => one.name === name);
    const bytes = photo ? await photoBytes(photo.id) : null;
    if (!photo || !bytes) throw new PhotoMissing(name);
    pictures.push({ name: pictureName(at), type: photo.type, bytes });
  }
  return { ...written(doc), pictures };
}

/** Whether this very draft was sealed as this letter. */
export async function sameContent(draft: Draft, letter: ReadLetter): Promise<boolean> {
  const content = written(inOrder(docOf(draft.words)).doc);
  return letter.text === normaliseText(content.text) && (letter.html === null) === (content.html === null);
}

/** A draft with the words of a letter, and its photos where they were read too. */
export async function draftFrom(
  { letter, beside }: { letter: ReadLetter; beside?: Beside },
  title: string,
  today: string,
): Promise<Draft> {
  const doc = letter.html === null ? fromText(letter.text) : fromHtml(letter.html);
  const photos: DraftPhoto[] = [];
  for (const name of photosIn(doc)) {
    const inside = letter.pictures.find((picture) => picture.name === name);
    const found = inside ?? beside?.get(name);
    if (!found || photos.some((photo) => photo.name === name)) continue;
    const bytes = new Uint8Array(found.bytes);
    photos.push(await keepPhoto(name, found.type as DraftPhoto['type'], bytes));
  }
  return { ...newDraft(today), words: { title, text: letter.text, doc, photos } };
}
