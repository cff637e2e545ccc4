// open-me.html: opens the letter that lies in this very file, with the key in it or with the eight words of the card, without
// a house and without a network. No Worker: a page from a file may not begin one in every browser, so scrypt runs in slices.

import '../../ui/look.css';
import { fromBase64, type Bytes } from '../../seal/bytes';
import { openWordsFile } from '../../seal/claim';
import { openLetter, openMedia, SealError, type Letter, type Picture } from '../../seal/read';
import { newElement } from '../element';
import { locale, say } from '../reader/say';
import { acts, button, handBox, showLetter } from '../reader/show';
import { newWordsForm, useWordsForm } from '../reader/words-form';
import type { SealedInside } from './sealed';

const LANGUAGES: Readonly<Record<string, string>> = { en: 'English', es: 'Español' };
const known = (tag: string): string | undefined => {
  const first = tag.toLowerCase().split('-')[0] ?? '';
  return first in LANGUAGES ? first : undefined;
};

function bytesOf(text: string): Bytes {
  const bytes = fromBase64(text);
  if (!bytes) throw new SealError('damaged', 'not base64');
  return bytes;
}

const why = (error: unknown): string =>
  say(
    error instanceof SealError && error.code === 'wrong-letter'
      ? 'person.file.another'
      : 'person.file.damaged',
  );

const app = document.getElementById('app')!;
let sealed: SealedInside | null = null;
/** Once it is open, another language only says the sentences around it anew. */
let key: Uint8Array | null = null;

function frame(...main: HTMLElement[]): void {
  const head = newElement('header', 'masthead');
  head.append(newElement('p', 'mark', 'Unsaid'));
  const languages = newElement('ul', 'screen-only');
  for (const [tag, name] of Object.entries(LANGUAGES)) {
    if (tag === document.documentElement.lang) continue;
    const one = newElement('li');
    const press = button(name, () => start(tag));
    press.className = 'button button--quiet';
    press.lang = tag;
    one.append(press);
    languages.append(one);
  }
  head.append(languages);
  const body = newElement('main', 'main');
  body.id = 'main';
  body.append(...main);
  const foot = newElement('footer', 'foot screen-only');
  foot.append(newElement('p', '', say('person.file.foot')));
  app.replaceChildren(head, body, foot);
}

function told(title: string, text: string, alert = false): HTMLElement {
  const opening = newElement('div', 'opening');
  const said = newElement('p', 'lede', text);
  if (alert) said.setAttribute('role', 'alert');
  opening.append(newElement('h1', '', title), said);
  return opening;
}

function start(language: string): void {
  document.documentElement.lang = language;
  document.title = say('person.file.title');
  if (!sealed) {
    frame(told(say('person.file.title'), say(whole ? 'person.file.empty' : 'person.file.damaged'), true));
  } else if (key) {
    show(sealed, key);
  } else if (sealed.key.kind === 'clear') {
    open(sealed, () => bytesOf(sealed!.key.file));
  } else if (sealed.key.kind === 'keepers') {
    // What joins them is large, and would lie in every folder: the program does it.
    frame(told(say('person.file.title'), say('person.file.keepers')));
  } else {
    askWords(sealed);
  }
}

function askWords(inside: SealedInside): void {
  const form = newWordsForm(say('person.script.words-open'));
  frame(told(say('person.file.title'), say('person.file.words')), form);
  useWordsForm(
    form,
    async (words, progress) => {
      const found = await openWordsFile(words, bytesOf(inside.key.file), progress);
      open(inside, () => found);
    },
    why,
  );
}

function open(inside: SealedInside, keyOf: () => Uint8Array): void {
  try {
    const found = keyOf();
    show(inside, found);
    key = found;
  } catch (error) {
    frame(told(say('person.file.title'), why(error), true));
  }
}

function show(inside: SealedInside, found: Uint8Array): void {
  const files = {
    letterAge: bytesOf(inside.letter),
    sigAge: inside.signature === null ? null : bytesOf(inside.signature),
  };
  const { letter, signature } = openLetter(found, files, inside);
  const title = say('person.file.from', { name: letter.from });
  document.title = title;
  const margin = newElement('aside', 'margin');
  const day = new Intl.DateTimeFormat(locale(), { dateStyle: 'long', timeZone: 'UTC' }).format(letter.date);
  margin.append(newElement('p', '', say('person.file.to', { name: letter.to })), newElement('p', '', day));
  for (const line of margin.children) (line as HTMLElement).dir = 'auto';
  const sheet = newElement('article', 'sheet sheet--full sheet--folded');
  const place = newElement('div', 'letter');
  place.id = 'letter';
  sheet.append(newElement('h1', 'unseen', title), place);
  const give = showLetter(place, letter);
  const row = acts(button(say('person.read.print'), () => print()));
  frame(margin, sheet, handBox(letter, signature), row, ...chooser(inside, letter, found, give));
  for (const medium of letter.media) {
    const file = inside.media[medium.name];
    if (file === undefined) continue;
    try {
      const bytes = openMedia(found, bytesOf(file), medium);
      give({ name: medium.name, type: medium.type as Picture['type'], bytes });
    } catch {
      give({ name: medium.name });
    }
  }
}

/** Pictures that are too large to lie in here are chosen from the folder `media`. */
function chooser(
  inside: SealedInside,
  letter: Letter,
  found: Uint8Array,
  give: (picture: Picture | { name: string }) => void,
): HTMLElement[] {
  if (inside.outside.length === 0) return [];
  const field = newElement('div', 'field screen-only');
  const label = newElement('label', '', say('person.file.media'));
  label.htmlFor = 'media';
  const help = newElement('p', 'help', say('person.file.media-help'));
  help.id = 'media-help';
  const status = newElement('p', 'help');
  status.setAttribute('role', 'status');
  const input = newElement('input', 'input');
  Object.assign(input, { id: 'media', type: 'file', multiple: true, accept: '.age' });
  input.setAttribute('aria-describedby', 'media-help');
  input.addEventListener('change', () => void take());
  const take = async (): Promise<void> => {
    let shown = 0;
    for (const file of input.files ?? []) {
      const medium = letter.media.find(({ name }) => file.name.startsWith(name));
      if (!medium) continue;
      try {
        const bytes = openMedia(found, new Uint8Array(await file.arrayBuffer()), medium);
        give({ name: medium.name, type: medium.type as Picture['type'], bytes });
        shown += 1;
      } catch {
        give({ name: medium.name });
      }
    }
    status.textContent = say('person.file.media-shown', { number: shown });
  };
  field.append(label, help, input, status);
  return [field];
}

/** Whether it is what the export puts in. A page that was changed on its way says so, and is not blank. */
function isSealed(found: Partial<SealedInside> | null): found is SealedInside {
  const { format, language, letter, key, outside, media } = found ?? {};
  return (
    format === 'unsaid open-me 1' &&
    [language, letter, key?.kind, key?.file].every((text) => typeof text === 'string') &&
    Array.isArray(outside) &&
    typeof media === 'object'
  );
}

let found: Partial<SealedInside> | null = null;
let whole = true;
try {
  found = JSON.parse(
    document.getElementById('sealed')?.textContent ?? 'null',
  ) as Partial<SealedInside> | null;
  if (isSealed(found)) sealed = found;
  else whole = found === null;
} catch {
  whole = false;
}
start([sealed?.language ?? '', ...navigator.languages].map(known).find((tag) => tag !== undefined) ?? 'en');
