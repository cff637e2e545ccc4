// The reader's page: asks the house for this letter's key and files, opens them here, and draws the letter from the closed
// schema. It knows this one letter and nothing of its author, and it keeps nothing. Small on purpose: it runs on old telephones.

import { Problem } from '../../api/problem';
import { getBytes, post } from '../../api/request';
import {
  openLetter,
  openMedia,
  SealError,
  type Letter,
  type Medium,
  type Picture,
  type Signature,
} from '../../seal/read';
import { say } from './say';
import { acts, button, handBox, showLetter, type Came } from './show';

interface Given {
  key: string;
  letter: string;
  version: number;
}

/** Where this page draws: beside the heading that the house has drawn, which stays. */
function place(article: HTMLElement): HTMLElement {
  const there = article.querySelector<HTMLElement>('.letter');
  if (there) return there;
  const made = document.createElement('div');
  made.className = 'letter';
  article.append(made);
  return made;
}

function tell(article: HTMLElement, text: string, again: (() => void) | null): void {
  const line = document.createElement('p');
  line.textContent = text;
  line.setAttribute('role', again ? 'alert' : 'status');
  const once = again ? [acts(button(say('person.script.again'), again))] : [];
  place(article).replaceChildren(line, ...once);
}

function why(error: unknown): string {
  if (error instanceof SealError) {
    return say(error.code === 'wrong-letter' ? 'person.script.another' : 'person.script.damaged');
  }
  const said = error instanceof Problem ? `${error.title} ${error.detail}`.trim() : '';
  return said === '' ? say('person.script.unreachable') : said;
}

/** A part that is not there is no reason not to show the words. */
async function partOrNull(url: string): Promise<Uint8Array | null> {
  try {
    return (await getBytes(url)).bytes;
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  }
}

async function open(article: HTMLElement): Promise<void> {
  const { letter, version, kept, keyUrl, wordsUrl, keepersUrl, partUrl, partsUrl, signed } = article.dataset;
  const letterUrl = partsUrl ? part(partsUrl, 'letter.age') : partUrl;
  if (!letter || !version || !letterUrl) return;
  try {
    let key: string | Uint8Array;
    if (kept === 'words') {
      if (!wordsUrl) return;
      const { keyByWords } = await import('./words');
      key = await keyByWords(article, place(article), wordsUrl, why);
      tell(article, say('person.script.opening'), null);
    } else if (kept === 'keepers') {
      if (!keepersUrl) return;
      const { keyByKeepers } = await import('./keepers');
      key = await keyByKeepers(article, place(article), keepersUrl, why);
      tell(article, say('person.script.opening'), null);
    } else {
      if (!keyUrl) return;
      tell(article, say('person.script.opening'), null);
      key = (await post<Given>(keyUrl, {})).key;
    }
    await show(article, key);
  } catch (error) {
    tell(article, why(error), () => void open(article));
  } finally {
    article.removeAttribute('aria-busy');
  }

  async function show(article: HTMLElement, key: string | Uint8Array): Promise<void> {
    article.setAttribute('aria-busy', 'true');
    const letterAge = (await getBytes(letterUrl!)).bytes;
    const hasHand = partsUrl !== undefined && signed !== undefined && signed !== 'false';
    const sigAge = hasHand ? await partOrNull(part(partsUrl, 'sig.age')) : null;
    // What the page was drawn for decides, not what comes with the key.
    const expected = { letterId: letter!, version: Number(version) };
    const opened = openLetter(key, { letterAge, sigAge }, expected);
    const came: Came = new Map();
    const give = showLetter(place(article), opened.letter, came);
    // A signature that was announced and did not come is not the same as none.
    const signature = hasHand && sigAge === null ? { state: 'broken' as const } : opened.signature;
    const hand = handBox(opened.letter, signature);
    const row = acts();
    article.after(hand, row);
    const all = partsUrl ? pictures(opened.letter, key, partsUrl, give, row) : Promise.resolve();
    furnish({
      article,
      letter: opened.letter,
      signature,
      files: { key, letterAge, sigAge },
      came,
      all,
      hand,
      row,
    });
  }
}

/** A letter that stands on the page, for what a reader may do with it then. */
export interface Standing {
  readonly article: HTMLElement;
  readonly letter: Letter;
  readonly signature: Signature;
  readonly files: {
    readonly key: string | Uint8Array;
    readonly letterAge: Uint8Array;
    readonly sigAge: Uint8Array | null;
  };
  readonly came: Came;
  /** Ends when every picture has come, or has been said to be missing. */
  readonly all: Promise<unknown>;
  readonly hand: HTMLElement;
  readonly row: HTMLElement;
}

/** What can be done with it: the rest of the program is fetched when it is asked for, and never before the letter stands. */
function furnish(standing: Standing): void {
  const { article, letter, signature, row } = standing;
  const line = document.createElement('p');
  line.className = 'wrong';
  line.hidden = true;
  line.setAttribute('role', 'alert');
  row.after(line);
  const pressed = (label: string, deed: () => Promise<void>): HTMLButtonElement =>
    button(label, () => {
      line.hidden = true;
      deed().catch(() => {
        line.textContent = say('person.script.more-missing');
        line.hidden = false;
      });
    });
  const keep = pressed(say('person.script.keep'), async () => (await import('./keep')).keepIt(standing));
  keep.classList.add('button--main');
  row.prepend(keep);
  // Only to the inbox that is signed with the letter: any other may be anybody's.
  if (signature.state === 'signed' && letter.replyTo !== null && article.dataset['replyUrl']) {
    const label = say('person.script.answer', { name: letter.from });
    keep.after(pressed(label, async () => (await import('./answer')).answerIt(standing)));
  }
  row.append(button(say('person.read.print'), () => print()));
  // Other letters are fetched for it: after all of this one.
  if (signature.state === 'signed' && article.dataset['others']) {
    void standing.all
      .then(() => import('./hands'))
      .then(({ compareHands }) => compareHands(standing))
      .catch(() => {});
  }
}

const part = (base: string, name: string): string => `${base.replace(/\/$/, '')}/${name}`;

/** One after the other: an old telephone holds one at a time. What did not come can be asked for again. */
async function pictures(
  letter: Letter,
  key: string | Uint8Array,
  partsUrl: string,
  give: (picture: Picture | { name: string }) => void,
  row: HTMLElement,
): Promise<void> {
  let missing: Medium[] = [...letter.media];
  const fetchAll = async (): Promise<void> => {
    const failed: Medium[] = [];
    for (const medium of missing) {
      try {
        const { bytes } = await getBytes(part(partsUrl, `media/${medium.name}.age`));
        give({
          name: medium.name,
          type: medium.type as Picture['type'],
          bytes: openMedia(key, bytes, medium),
        });
      } catch {
        give({ name: medium.name });
        failed.push(medium);
      }
    }
    missing = failed;
    if (failed.length === 0) return;
    const again = button(say('person.script.photos-again'), () => {
      again.remove();
      void fetchAll();
    });
    row.append(again);
  };
  await fetchAll();
}

const article = document.getElementById('letter');
if (article) void open(article);
const claim = document.getElementById('claim');
if (claim instanceof HTMLFormElement)
  void import('./words').then(({ lookByWords }) => lookByWords(claim, why));
