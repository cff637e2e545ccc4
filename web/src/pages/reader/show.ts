// Shows an opened letter: the words first, its pictures as they come, then whose hand it is, and how to print it. The person's
// page and open-me.html show alike. It opens nothing and asks nobody; pictures are given to it.

import { fromHtml, fromText, type Doc } from '../../seal/body';
import { PICTURE_TYPES } from '../../seal/letter';
import type { Letter, Picture, Signature } from '../../seal/read';
import { drawDoc, showPicture, type PhotoWords } from '../draw';
import { say } from './say';

const photoWords: PhotoWords = {
  coming: (alt) =>
    alt === '' ? say('person.script.photo-coming') : say('person.script.photo-coming-of', { alt }),
  broken: (alt) =>
    alt === '' ? say('person.script.photo-broken') : say('person.script.photo-broken-of', { alt }),
};

/** Addresses of pictures that this page made; they end with it. */
const addresses = new Set<string>();
addEventListener('pagehide', (event) => {
  // A page that may come back from the browser's memory keeps its pictures.
  if (event.persisted) return;
  for (const address of addresses) URL.revokeObjectURL(address);
  addresses.clear();
});

/** The pictures that came, by name, for whoever keeps the letter: the browser may hold a Blob outside of its memory. */
export type Came = Map<string, Blob>;

function addressOf({ name, type, bytes }: Picture, came: Came): string {
  const blob = new Blob([bytes as Uint8Array<ArrayBuffer>], { type });
  came.set(name, blob);
  const address = URL.createObjectURL(blob);
  addresses.add(address);
  return address;
}

export const docOf = (letter: Letter): Doc =>
  letter.html === null ? fromText(letter.text) : fromHtml(letter.html);

/** Draws the letter into `place`; `came` learns its pictures. The function that comes back gives a picture its place, or says that it is broken. */
export function showLetter(
  place: HTMLElement,
  letter: Letter,
  came: Came = new Map(),
): (picture: Picture | { name: string }) => void {
  const inside = new Map(letter.pictures.map((picture) => [picture.name, addressOf(picture, came)]));
  const beside = new Set(letter.media.map(({ name }) => name));
  const picture = (name: string) => inside.get(name) ?? (beside.has(name) ? null : 'broken');
  place.replaceChildren(drawDoc(docOf(letter), picture, photoWords));
  return (next) => {
    // The letter says what kind each is, and whoever wrote it may say anything: what could hold a script gets no address.
    const shown = 'bytes' in next && Object.hasOwn(PICTURE_TYPES, next.type);
    showPicture(place, next.name, shown ? addressOf(next, came) : 'broken', photoWords);
  };
}

/** Who wrote it, as far as the signature tells. */
export function handBox(letter: Letter, signature: Signature): HTMLElement {
  const box = document.createElement('div');
  box.className = 'hand';
  box.dataset['signature'] = signature.state;
  const sign = document.createElement('p');
  sign.className = `seal seal--small ${signature.state === 'signed' ? 'seal--opened' : 'seal--broken'}`;
  sign.setAttribute('aria-hidden', 'true');
  sign.textContent = signature.state === 'signed' ? ([...letter.from][0]?.toUpperCase() ?? '') : '?';
  const said = document.createElement('p');
  const title = document.createElement('strong');
  title.textContent = say(`person.script.${signature.state}`, { name: letter.from });
  const fingerprint = signature.state === 'signed' ? signature.hand.fingerprint : '';
  said.append(title, ' ', say(`person.script.${signature.state}-says`, { fingerprint, to: letter.to }));
  box.append(sign, said);
  return box;
}

export function button(label: string, press: () => void): HTMLButtonElement {
  const made = document.createElement('button');
  made.className = 'button';
  made.type = 'button';
  made.textContent = label;
  made.addEventListener('click', press);
  return made;
}

/** Buttons side by side. */
export function acts(...buttons: HTMLElement[]): HTMLElement {
  const row = document.createElement('div');
  row.className = 'acts';
  row.append(...buttons);
  return row;
}
