// The field for the eight words of a card: says how many there are, which one is wrong, completes a word from its first four
// letters, and shows how far the slow part is. The words stay in it; what is made of them is the caller's to say.

import { checkClaimWords, CLAIM_WORDS } from '../../seal/claim';
import { SealError } from '../../seal/errors';
import { expandWord, wrongWords } from '../../seal/words';
import { say } from './say';
import { made } from '../made';

export type Told = (done: number) => void;

const ordinal = (index: number): string => say(`author.ordinal.${index + 1}`);
const typedWords = (text: string): number => text.split(/[\s,.;\-0-9]+/).filter((word) => word !== '').length;

/** What is wrong with the words, as a sentence for the person who types them. */
export function wordsSay(error: SealError): string {
  const place = error.index;
  switch (error.code) {
    case 'word-unknown':
      return place !== undefined && place < CLAIM_WORDS
        ? say('person.script.word-unknown', { position: ordinal(place) })
        : say('person.script.words-too-many');
    case 'word-count':
      return say((place ?? 0) > CLAIM_WORDS ? 'person.script.words-too-many' : 'person.script.words-too-few');
    case 'words-checksum':
      return place === undefined
        ? say('person.script.words-checksum')
        : say('person.script.word-misread', { position: ordinal(place) });
    case 'words-wrong':
      return say('person.script.words-other');
    default:
      return '';
  }
}

/** A new form, to be put where the letter will stand. */
export function newWordsForm(press: string): HTMLFormElement {
  const form = made('form', 'form');
  const field = made('div', 'field');
  const label = made('label', '', say('person.script.words-label'));
  label.htmlFor = 'words';
  const help = made('p', 'help', say('person.script.words-help'));
  help.id = 'words-help';
  const area = made('textarea', 'input input--words');
  Object.assign(area, {
    id: 'words',
    name: 'words',
    rows: 3,
    autocomplete: 'off',
    autocapitalize: 'none',
    spellcheck: false,
  });
  area.setAttribute('autocorrect', 'off');
  field.append(label, help, area);
  const row = made('div', 'acts');
  const button = made('button', 'button button--main', press);
  button.type = 'submit';
  row.append(button);
  form.append(field, row, made('p', 'note', say('person.script.words-stay')));
  return form;
}

/**
 * Makes a form with a text field work. `go` gets the canonical words; what it throws is said at the field by `why`.
 */
export function useWordsForm(
  form: HTMLFormElement,
  go: (words: string, told: Told) => Promise<void>,
  why: (error: unknown) => string,
): void {
  const area = form.querySelector<HTMLTextAreaElement | HTMLInputElement>('textarea, input[name="words"]');
  const button = form.querySelector<HTMLButtonElement>('button[type="submit"], button:not([type])');
  if (!area) return;
  area.removeAttribute('disabled');
  button?.removeAttribute('disabled');
  const wrong = made('p', 'wrong');
  wrong.id = 'words-wrong';
  wrong.setAttribute('role', 'alert');
  const status = made('p', 'help');
  status.id = 'words-status';
  status.setAttribute('role', 'status');
  area.before(wrong);
  area.after(status);
  wrong.hidden = true;
  const described = area.getAttribute('aria-describedby') ?? 'words-help';
  area.setAttribute('aria-describedby', `${described} words-wrong words-status`);

  const blame = (text: string): void => {
    wrong.textContent = text;
    wrong.hidden = text === '';
    area.closest('.field')?.classList.toggle('field--wrong', text !== '');
    if (text === '') area.removeAttribute('aria-invalid');
    else area.setAttribute('aria-invalid', 'true');
  };
  const counted = (): void => {
    status.textContent = say('person.script.words-counted', { number: typedWords(area.value) });
  };
  area.addEventListener('input', () => {
    complete(area);
    counted();
    // While a word is being typed nothing is wrong with it yet: only those before the last one are looked at.
    const finished = /[\s,.;]$/.test(area.value) ? area.value : area.value.replace(/\S+$/, '');
    const [first] = wrongWords(finished);
    blame(first === undefined ? '' : wordsSay(new SealError('word-unknown', '', first)));
  });

  let busy = false;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (busy) return;
    let words: string;
    try {
      words = checkClaimWords(area.value);
    } catch (error) {
      blame(error instanceof SealError ? wordsSay(error) : '');
      area.focus();
      return;
    }
    busy = true;
    blame('');
    form.setAttribute('aria-busy', 'true');
    let before = -1;
    const told: Told = (done) => {
      // Said in steps, so that nobody is read a hundred numbers.
      const tenth = Math.floor(done * 10);
      if (tenth === before) return;
      before = tenth;
      status.textContent = say('person.script.words-working', { percent: tenth * 10 });
    };
    told(0);
    go(words, told)
      .catch((error: unknown) => {
        counted();
        blame(error instanceof SealError && wordsSay(error) !== '' ? wordsSay(error) : why(error));
        area.focus();
      })
      .finally(() => {
        busy = false;
        form.removeAttribute('aria-busy');
      });
  });
}

/** Four letters and a space are a whole word: written out, so that she sees which one it became. */
function complete(area: HTMLTextAreaElement | HTMLInputElement): void {
  const { value } = area;
  if (area.selectionStart !== value.length || area.selectionEnd !== value.length) return;
  const found = /([\p{L}]{4,})(\s)$/u.exec(value);
  const part = found?.[1]?.normalize('NFC').toLowerCase();
  const whole = part === undefined ? undefined : expandWord(part);
  if (!found || whole === undefined || whole === part) return;
  area.value = `${value.slice(0, found.index)}${whole}${found[2]}`;
}
