// The reader's page: asks the house for this letter's key and file, opens it here, and draws it as plain text. It knows
// this one letter and nothing of its author, and it keeps nothing. Small on purpose: it runs on old telephones.

import { readLetter, SealError } from '../../seal/read';
import words from 'virtual:words-of-the-reader';

interface Given {
  key: string;
  letter: string;
  version: number;
}

/** The house said no, with two sentences of its own. */
class Refused extends Error {}

const say = (key: string): string => words[`person.script.${key}`] ?? '';

async function bytes(answer: Response): Promise<Response> {
  if (answer.ok) return answer;
  if ((answer.headers.get('Content-Type') ?? '').startsWith('application/problem+json')) {
    const { title = '', detail = '' } = (await answer.json()) as { title?: string; detail?: string };
    throw new Refused(`${title} ${detail}`.trim());
  }
  throw new Error(String(answer.status));
}

async function ask(url: string, method: 'GET' | 'POST'): Promise<Response> {
  const init: RequestInit = {
    method,
    headers: { 'Unsaid-Request': '1', ...(method === 'POST' ? { 'Content-Type': 'application/json' } : {}) },
    body: method === 'POST' ? '{}' : null,
    credentials: 'same-origin',
    cache: 'no-store',
    redirect: 'error',
  };
  return bytes(await fetch(url, init));
}

/** One paragraph for each blank line in what was typed; lines within one stay as they are. Text only, never markup. */
function draw(article: HTMLElement, text: string): void {
  const letter = document.createElement('div');
  letter.className = 'letter';
  for (const part of text.replace(/\s+$/, '').split(/\n[^\S\n]*\n\s*?(?=\S|$)/)) {
    const paragraph = document.createElement('p');
    paragraph.className = 'as-typed';
    paragraph.dir = 'auto';
    paragraph.textContent = part.replace(/^\n+/, '');
    letter.append(paragraph);
  }
  article.replaceChildren(letter);
}

function tell(article: HTMLElement, text: string, again: (() => void) | null): void {
  const box = document.createElement('div');
  box.className = again ? 'notice notice--problem' : 'note';
  box.setAttribute('role', again ? 'alert' : 'status');
  const line = document.createElement('p');
  line.textContent = text;
  box.append(line);
  if (again) {
    const button = document.createElement('button');
    button.className = 'button';
    button.type = 'button';
    button.textContent = say('again');
    button.addEventListener('click', again, { once: true });
    box.append(button);
  }
  article.replaceChildren(box);
}

function why(error: unknown): string {
  if (error instanceof Refused && error.message !== '') return error.message;
  if (error instanceof SealError) return say(error.code === 'wrong-letter' ? 'another' : 'damaged');
  return say('unreachable');
}

async function open(article: HTMLElement): Promise<void> {
  const { letter, version, keyUrl, partUrl } = article.dataset;
  if (!letter || !version || !keyUrl || !partUrl) return;
  tell(article, say('opening'), null);
  article.setAttribute('aria-busy', 'true');
  try {
    const given = (await (await ask(keyUrl, 'POST')).json()) as Given;
    const file = new Uint8Array(await (await ask(partUrl, 'GET')).arrayBuffer());
    // What the page was drawn for decides, not what comes with the key.
    const expected = { letterId: letter, version: Number(version) };
    const opened = readLetter(given.key, file, expected);
    draw(article, opened.text);
    document.documentElement.dataset['letter'] = 'open';
  } catch (error) {
    tell(article, why(error), () => void open(article));
  } finally {
    article.removeAttribute('aria-busy');
  }
}

const article = document.getElementById('letter');
if (article) void open(article);
for (const button of document.querySelectorAll<HTMLElement>('[data-do="print"]')) {
  button.addEventListener('click', () => print());
}
