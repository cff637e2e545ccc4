// The reader's page: asks the house for this letter's key and file, opens it here, and draws it as plain text. It knows
// this one letter and nothing of its author, and it keeps nothing. Small on purpose: it runs on old telephones.

import { Problem } from '../../api/problem';
import { getBytes, post } from '../../api/request';
import { readLetter, SealError } from '../../seal/read';
import { paragraphs } from '../paragraphs';
import words from 'virtual:words-of-the-reader';

interface Given {
  key: string;
  letter: string;
  version: number;
}

const say = (key: string): string => words[`person.${key}`] ?? '';

/** Where this page draws: beside the heading that the house has drawn, which stays. */
function place(article: HTMLElement): HTMLElement {
  const there = article.querySelector<HTMLElement>('.letter');
  if (there) return there;
  const made = document.createElement('div');
  made.className = 'letter';
  article.append(made);
  return made;
}

/** Text only, never markup. */
function draw(article: HTMLElement, text: string): void {
  const parts = paragraphs(text).map((part) => {
    const paragraph = document.createElement('p');
    paragraph.className = 'as-typed';
    paragraph.dir = 'auto';
    paragraph.textContent = part;
    return paragraph;
  });
  place(article).replaceChildren(...parts);
}

function button(label: string, press: () => void, once: boolean): HTMLElement {
  const made = document.createElement('button');
  made.className = 'button';
  made.type = 'button';
  made.textContent = label;
  made.addEventListener('click', press, { once });
  const acts = document.createElement('div');
  acts.className = 'acts';
  acts.append(made);
  return acts;
}

function tell(article: HTMLElement, text: string, again: (() => void) | null): void {
  const line = document.createElement('p');
  line.textContent = text;
  line.setAttribute('role', again ? 'alert' : 'status');
  place(article).replaceChildren(line, ...(again ? [button(say('script.again'), again, true)] : []));
}

function why(error: unknown): string {
  if (error instanceof SealError) {
    return say(error.code === 'wrong-letter' ? 'script.another' : 'script.damaged');
  }
  const said = error instanceof Problem ? `${error.title} ${error.detail}`.trim() : '';
  return said === '' ? say('script.unreachable') : said;
}

async function open(article: HTMLElement): Promise<void> {
  const { letter, version, keyUrl, partUrl } = article.dataset;
  if (!letter || !version || !keyUrl || !partUrl) return;
  tell(article, say('script.opening'), null);
  article.setAttribute('aria-busy', 'true');
  try {
    const given = await post<Given>(keyUrl, {});
    const file = (await getBytes(partUrl)).bytes;
    // What the page was drawn for decides, not what comes with the key.
    const expected = { letterId: letter, version: Number(version) };
    const opened = readLetter(given.key, file, expected);
    draw(article, opened.text);
    article.after(button(say('read.print'), () => print(), false));
  } catch (error) {
    tell(article, why(error), () => void open(article));
  } finally {
    article.removeAttribute('aria-busy');
  }
}

const article = document.getElementById('letter');
if (article) void open(article);
