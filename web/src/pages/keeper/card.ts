// Where a keeper types their card: first the six words that they hear by voice, then the tick, and only then the field. The card is read here,
// locked here to the reader's key, and leaves this browser in no other form. It says which word is wrong; the house could not.

import { base64url } from '../../seal/bytes';
import { SealError } from '../../seal/errors';
import { lockCard, wordsOfKey } from '../../seal/share';
import { CARD_WORDS, readCard, writeCard, type Card } from '../../seal/slip39';
import { SLIP39_WORDS } from '../../seal/slip39-words';
import { expandWord } from '../../seal/words';
import { Problem } from '../../api/problem';
import { post } from '../../api/request';
import { made } from '../made';
import { say } from './say';

/** What the house has written beside the place. */
interface Asked {
  readonly delivery: string;
  readonly recipient: string;
  readonly needed: number;
  /** What the keeper is told of who asks. */
  readonly who: string;
  /** The sets of the cards that others have given. */
  readonly sets: readonly number[];
}

interface Kept {
  given: number;
  needed: number;
}

const typedWords = (text: string): string[] => text.split(/[\s,.;\-0-9]+/).filter((word) => word !== '');
const number = (count: number): string =>
  count >= 1 && count <= 5 ? say(`keeper.card.number.${count}`) : String(count);

function readAsked(place: HTMLElement): Asked {
  const { cardFor, recipient, needed, who, sets } = place.dataset;
  return {
    delivery: cardFor ?? '',
    recipient: recipient ?? '',
    needed: Number(needed),
    who: who ?? '',
    sets: (sets ?? '')
      .split(' ')
      .filter((set) => set !== '')
      .map(Number),
  };
}

/** What is wrong with a card, as a sentence. */
export function cardSay(error: SealError): string {
  const place = (error.index ?? 0) + 1;
  switch (error.code) {
    case 'word-unknown':
      return say('keeper.card.word-unknown', { place });
    case 'word-count':
      return say((error.index ?? 0) > CARD_WORDS ? 'keeper.card.too-many' : 'keeper.card.too-few', {
        number: error.index ?? 0,
      });
    case 'words-checksum':
      return error.index === undefined
        ? say('keeper.card.misread-several')
        : say('keeper.card.misread', { place });
    default:
      return say('keeper.card.no-card');
  }
}

/** Reads what was typed. Throws with the first thing that is wrong. */
export function cardOf(typed: string): Card {
  const words = typedWords(typed);
  const unknown = words.findIndex(
    (word) => expandWord(word.normalize('NFC').toLowerCase(), SLIP39_WORDS) === undefined,
  );
  if (unknown >= 0) throw new SealError('word-unknown', 'not on the list', unknown);
  if (words.length !== CARD_WORDS) throw new SealError('word-count', 'another number of words', words.length);
  return readCard(typed);
}

export function askForCard(place: HTMLElement): void {
  const asked = readAsked(place);
  const { who } = asked;
  const id = (part: string) => `${part}-${asked.delivery}`;

  const words = made('ol', 'words');
  for (const word of wordsOfKey(asked.recipient).split(' ')) words.append(made('li', '', word));
  const tick = made('input', '');
  Object.assign(tick, { type: 'checkbox', id: id('heard') });
  const heard = made('label', '', say('keeper.card.heard', { who }));
  heard.htmlFor = tick.id;
  const others = made(
    'details',
    '',
    made('summary', '', say('keeper.card.others')),
    made('p', '', say('keeper.card.others-says', { who })),
  );

  const form = made('form', 'form');
  form.hidden = true;
  const label = made('label', '', say('keeper.card.label'));
  const help = made('p', 'help', say('keeper.card.help'));
  const wrong = made('p', 'wrong');
  const area = made('textarea', 'input input--words');
  const status = made('p', 'help');
  Object.assign(area, {
    id: id('card'),
    rows: 5,
    autocomplete: 'off',
    autocapitalize: 'none',
    spellcheck: false,
  });
  area.setAttribute('autocorrect', 'off');
  label.htmlFor = area.id;
  help.id = id('card-help');
  wrong.id = id('card-wrong');
  status.id = id('card-status');
  area.setAttribute('aria-describedby', `${help.id} ${wrong.id} ${status.id}`);
  wrong.setAttribute('role', 'alert');
  wrong.hidden = true;
  status.setAttribute('role', 'status');
  const field = made('div', 'field', label, help, wrong, area, status);
  const press = made('button', 'button button--main', say('keeper.card.give', { who }));
  press.type = 'submit';
  form.append(field, made('div', 'acts', press), made('p', 'note', say('keeper.card.stays', { who })));

  const blame = (text: string): void => {
    wrong.textContent = text;
    wrong.hidden = text === '';
    field.classList.toggle('field--wrong', text !== '');
    if (text === '') area.removeAttribute('aria-invalid');
    else area.setAttribute('aria-invalid', 'true');
  };
  tick.addEventListener('change', () => {
    form.hidden = !tick.checked;
    if (tick.checked) area.focus();
  });
  // A card of another set than the others' is given only by whoever presses twice.
  let warned = '';
  area.addEventListener('input', () => {
    warned = '';
    const all = typedWords(area.value);
    status.textContent = say('keeper.card.counted', { number: all.length });
    // The word that is being typed is not wrong yet.
    const finished = /[\s,.;]$/.test(area.value) ? all : all.slice(0, -1);
    const unknown = finished.findIndex(
      (word) => expandWord(word.normalize('NFC').toLowerCase(), SLIP39_WORDS) === undefined,
    );
    blame(unknown < 0 ? '' : say('keeper.card.word-unknown', { place: unknown + 1 }));
  });

  let busy = false;
  const give = async (): Promise<void> => {
    const card = cardOf(area.value);
    const text = writeCard(card);
    if (card.group.of !== 1 || card.needed !== asked.needed) {
      blame(say('keeper.card.other-kind', { theirs: number(card.needed), needed: number(asked.needed) }));
      area.focus();
      return;
    }
    if (asked.sets.length > 0 && !asked.sets.includes(card.set) && warned !== text) {
      warned = text;
      blame(say('keeper.card.other-set'));
      area.focus();
      return;
    }
    const file = await lockCard(asked.recipient, asked.delivery, text);
    const kept = await post<Kept>(`${location.pathname.replace(/\/$/, '')}/card`, {
      delivery: asked.delivery,
      recipient: asked.recipient,
      card: base64url(file),
      set: card.set,
    });
    // The words leave the page with the field.
    area.value = '';
    const thanks = made('div', 'notice notice--good', made('h3', '', say('keeper.card.thanks', { who })));
    const key = kept.given >= kept.needed ? 'keeper.card.thanks-enough' : 'keeper.card.thanks-some';
    thanks.append(
      made('p', '', say(key, { given: number(kept.given), needed: number(kept.needed), who })),
      made('p', '', say('keeper.card.thanks-back', { who })),
    );
    thanks.tabIndex = -1;
    thanks.setAttribute('role', 'status');
    place.replaceChildren(thanks);
    thanks.focus();
  };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    form.setAttribute('aria-busy', 'true');
    give()
      .catch((error: unknown) => {
        const said = error instanceof Problem ? `${error.title} ${error.detail}`.trim() : '';
        blame(error instanceof SealError ? cardSay(error) : said || say('keeper.card.unreachable'));
        area.focus();
      })
      .finally(() => {
        busy = false;
        form.removeAttribute('aria-busy');
      });
  });

  place.replaceChildren(
    made('p', '', say('keeper.card.listen', { who })),
    words,
    made('div', 'tick', tick, heard),
    others,
    form,
  );
}
