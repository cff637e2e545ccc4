// Between a draft and a letter: what is sealed of a draft, and what a draft is made from when a letter is written on again.
// It knows the draft's form and the letter's, and no key.

import { docOf, newDraft, type Draft, type DraftPhoto } from '../../draft';
import { fromHtml, fromText, isPlain, photosIn, toHtml, toText, type Doc } from '../../seal/body';
import { sha256Hex } from '../../seal/bytes';
import { normaliseText } from '../../seal/letter';
import { say, spoken } from '../../words';
import type { LetterToSeal, PlainPicture, ReadLetter } from './keys/kinds';
import { photoOf } from './write/bring';
import { keepPhoto } from './write/photos';
import type { Beside } from './sealing';

/** What goes into the letter. */
export type Content = Pick<LetterToSeal, 'text' | 'html' | 'pictures'>;

/** A photo of the draft is not on this device: nothing is sealed that would lack it. */
export class PhotoMissing extends Error {
  override readonly name = 'PhotoMissing';
}

/** What is about to be sealed is not what is written any more: another window, or another device, has changed it. */
export class DraftChanged extends Error {
  override readonly name = 'DraftChanged';

  /** `gone`: another device has sealed it, or thrown it away. */
  constructor(readonly why: 'changed' | 'gone' = 'changed') {
    super(why);
  }
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
    const bytes = photo ? await photoOf(draft.id, photo.id) : null;
    if (!photo || !bytes) throw new PhotoMissing(name);
    pictures.push({ name: pictureName(at), type: photo.type, bytes });
  }
  return { ...written(doc), pictures };
}

/** Whether this very draft was sealed as this letter: its words, their form and its photos. */
export async function sameContent(draft: Draft, letter: ReadLetter): Promise<boolean> {
  const { doc } = inOrder(docOf(draft.words));
  if ((letter.html === null) !== isPlain(doc)) return false;
  if (letter.html === null) return letter.text === normaliseText(written(doc).text);
  // The language of the page is written into a letter, and may have been changed since.
  const form = (of: Doc) => normaliseText(toHtml(of, { lang: 'und' }));
  if (form(fromHtml(letter.html)) !== form(doc)) return false;
  let pictures: Content['pictures'];
  try {
    ({ pictures } = await contentOf(draft));
  } catch (error) {
    if (error instanceof PhotoMissing) return false;
    throw error;
  }
  return (pictures ?? []).every(({ name, bytes }) => {
    const inside = letter.pictures.find((one) => one.name === name);
    const sealed = inside ? sha256Hex(inside.bytes) : letter.media.find((one) => one.name === name)?.sha256;
    return sealed === sha256Hex(bytes);
  });
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
