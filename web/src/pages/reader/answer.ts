// The sheet on which somebody answers: words, photos, what the answer tells and what it does not. It stands below the letter, is fetched
// when it is asked for, keeps nothing on the device, and lets nobody lose words without having been asked.

import { newElement as made } from '../element';
import { acts, button } from './show';
import { locale } from './say';
import { say } from './say-more';
import { isProblem, NotSealed, Sender, Unreachable, type Step, type Written } from './send';
import { PhotoRefused, prepareWithin } from '../author/write/photo';
import { MAX_REPLY_PICTURES, MAX_REPLY_PICTURE_BYTES, MAX_REPLY_TEXT } from '../../seal/reply-limits';
import type { AskToSeal, SealedAnswer } from './answer-room';
import type { Standing } from './main';
import { beginWorker } from './workers';
import type { Reply } from '../../seal/reply';

interface Chosen {
  readonly type: 'image/jpeg' | 'image/png';
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
  readonly address: string;
  readonly alt: HTMLInputElement;
  readonly item: HTMLElement;
}

const sealFor =
  (recipient: string) =>
  (reply: Reply): Promise<SealedAnswer> => {
    const worker = beginWorker('answer');
    return new Promise<SealedAnswer>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<SealedAnswer>) => resolve(data);
      // What goes wrong inside comes as a message: this is a room that did not come at all.
      worker.onerror = () => reject(new Unreachable());
      worker.postMessage({ recipient, reply } satisfies AskToSeal);
    }).finally(() => worker.terminate());
  };

const counted = (text: string): number =>
  text.split(/\s+/u).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;

/** Opens the sheet, or goes to the one that is open. */
export function answerIt({ article, letter, row }: Standing): void {
  const there = document.getElementById('answer');
  if (there) {
    there.hidden = false;
    document.getElementById('answer-words')?.focus();
    return;
  }
  const name = letter.from;
  const replyTo = letter.replyTo;
  const url = article.dataset['replyUrl'];
  if (replyTo === null || !url) return;
  const sender = new Sender(url, {
    seal: sealFor(replyTo),
    chance: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
    day: () => new Date().toISOString().slice(0, 10),
  });

  const section = made('section', 'sheet sheet--full answer screen-only');
  section.id = 'answer';
  section.setAttribute('aria-labelledby', 'answer-title');
  (row.nextElementSibling ?? row).after(section);
  let unsent = (): boolean => false;
  // Asked before the words go; not by the way out at once, which must not be held up.
  addEventListener('beforeunload', (event) => {
    if (unsent()) event.preventDefault();
  });
  for (const form of document.querySelectorAll<HTMLFormElement>('form[action="/leave"]')) {
    form.addEventListener('submit', () => {
      unsent = () => false;
      section.replaceChildren();
    });
  }
  write();

  function write(): void {
    const form = made('form', 'form');
    form.noValidate = true;
    form.autocomplete = 'off';
    const title = made('h2', '', say('person.answer.title', { name }));
    title.id = 'answer-title';
    const prose = made('div', 'prose');
    for (const key of ['tells', 'sealed', 'perhaps'])
      prose.append(made('p', '', say(`person.answer.${key}`, { name })));

    const area = made('textarea', 'input input--answer');
    area.id = 'answer-words';
    area.rows = 12;
    area.dir = 'auto';
    area.autocomplete = 'off';
    area.setAttribute('aria-describedby', 'answer-help answer-count');
    const help = made('p', 'help', say('person.answer.words-help'));
    help.id = 'answer-help';
    const count = made('p', 'help');
    count.id = 'answer-count';
    const label = made('label', '', say('person.answer.words'));
    label.htmlFor = area.id;
    const field = made('div', 'field');
    field.append(label, help, area, count);
    const countNow = (): void => {
      const number = counted(area.value);
      count.textContent =
        number === 1
          ? say('person.answer.word')
          : say('person.answer.counted', { number: new Intl.NumberFormat(locale()).format(number) });
    };
    area.addEventListener('input', () => {
      countNow();
      complain('');
    });
    countNow();

    const input = made('input', 'input');
    Object.assign(input, { id: 'answer-photos', type: 'file', multiple: true, accept: 'image/*' });
    input.setAttribute('aria-describedby', 'answer-photos-help');
    const photosLabel = made('label', '', say('person.answer.photos'));
    photosLabel.htmlFor = input.id;
    const photosHelp = made('p', 'help', say('person.answer.photos-help'));
    photosHelp.id = 'answer-photos-help';
    const list = made('ul', 'answer-photos');
    const photoField = made('div', 'field');
    photoField.append(photosLabel, photosHelp, input, list);
    const photos: Chosen[] = [];
    input.addEventListener('change', () => {
      const files = [...(input.files ?? [])];
      input.value = '';
      readying = readying.then(() => add(files));
    });

    const status = made('p', 'help');
    status.setAttribute('role', 'status');
    const wrong = made('p', 'wrong');
    wrong.setAttribute('role', 'alert');
    wrong.hidden = true;
    const send = button(say('person.answer.send'), () => {});
    send.classList.add('button--main');
    send.type = 'submit';
    const away = button(say('person.answer.not-now'), () => {
      section.hidden = true;
      row.querySelector('button')?.focus();
    });
    away.classList.add('button--quiet');
    form.append(
      title,
      prose,
      field,
      photoField,
      wrong,
      status,
      acts(send, away),
      made('p', 'note', say('person.answer.nothing-kept')),
    );
    section.replaceChildren(form);
    area.focus();

    let readying: Promise<void> = Promise.resolve();
    let busy = false;
    unsent = () => area.value.trim() !== '' || photos.length > 0;

    function complain(text: string): void {
      wrong.textContent = text;
      wrong.hidden = text === '';
    }

    async function add(files: readonly File[]): Promise<void> {
      if (files.length === 0) return;
      complain('');
      status.textContent = say('person.answer.photo-readying');
      for (const file of files) {
        if (photos.length >= MAX_REPLY_PICTURES) {
          complain(say('person.answer.photo-too-many'));
          break;
        }
        try {
          const ready = await prepareWithin(file, MAX_REPLY_PICTURE_BYTES);
          const address = URL.createObjectURL(new Blob([ready.bytes], { type: ready.type }));
          photos.push(drawn({ ...ready, address }));
        } catch (error) {
          const why = error instanceof PhotoRefused ? error.why : 'broken';
          complain(say(`person.answer.photo-${why}`, { file: file.name }));
        }
      }
      status.textContent = '';
    }

    function drawn(photo: Omit<Chosen, 'alt' | 'item'>): Chosen {
      const item = made('li', '');
      const image = made('img', '');
      image.alt = '';
      image.src = photo.address;
      const alt = made('input', 'input');
      alt.id = `answer-alt-${photo.address.slice(-12)}`;
      alt.dir = 'auto';
      alt.maxLength = 500;
      alt.autocomplete = 'off';
      const altHelp = made('p', 'help', say('person.answer.photo-alt-help'));
      altHelp.id = `${alt.id}-help`;
      alt.setAttribute('aria-describedby', altHelp.id);
      const altLabel = made('label', '', say('person.answer.photo-alt'));
      altLabel.htmlFor = alt.id;
      const altField = made('div', 'field');
      altField.append(altLabel, altHelp, alt);
      const chosen: Chosen = { ...photo, alt, item };
      const out = button(say('person.answer.photo-remove'), () => {
        if (busy) return;
        photos.splice(photos.indexOf(chosen), 1);
        URL.revokeObjectURL(chosen.address);
        item.remove();
        complain('');
        input.focus();
      });
      out.classList.add('button--quiet');
      item.append(image, altField, acts(out));
      list.append(item);
      return chosen;
    }

    const written = (): Written => ({
      answers: { letterId: letter.letterId, version: letter.version },
      from: letter.to,
      to: letter.from,
      text: area.value,
      photos: photos.map(({ type, bytes, alt, width, height }) => ({
        type,
        bytes,
        alt: alt.value.trim(),
        width,
        height,
      })),
      language: document.documentElement.lang || 'und',
      photoWord: say('person.answer.photo-word'),
    });

    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void sendIt();
    });

    async function sendIt(): Promise<void> {
      if (busy) return;
      setBusy(true);
      // A photo that was just chosen goes with it.
      await readying;
      const trouble = !unsent()
        ? say('person.answer.empty')
        : area.value.length > MAX_REPLY_TEXT
          ? say('person.answer.too-long')
          : '';
      complain(trouble);
      if (trouble !== '') {
        setBusy(false);
        area.focus();
        return;
      }
      const tell = (step: Step): void => {
        status.textContent = say(`person.answer.${step}`);
      };
      try {
        await sender.send(written(), tell);
        sent();
      } catch (error) {
        complain(why(error));
        status.textContent = '';
        setBusy(false);
        send.focus();
      }
    }

    function setBusy(now: boolean): void {
      busy = now;
      area.readOnly = now;
      input.disabled = now;
      for (const { alt } of photos) alt.readOnly = now;
      if (now) send.setAttribute('aria-disabled', 'true');
      else send.removeAttribute('aria-disabled');
      form.toggleAttribute('aria-busy', now);
    }

    function sent(): void {
      unsent = () => false;
      for (const { address } of photos) URL.revokeObjectURL(address);
      const box = made('div', 'notice notice--good');
      const said = made('h2', '', say('person.answer.sent'));
      said.id = 'answer-title';
      said.tabIndex = -1;
      box.append(said, made('p', '', say('person.answer.sent-says', { name })));
      section.replaceChildren(box, acts(button(say('person.answer.another'), write)));
      said.focus();
    }
  }
}

/** What happened, and that nothing is lost. */
function why(error: unknown): string {
  if (error instanceof Unreachable) return say('person.answer.unreachable');
  if (error instanceof NotSealed)
    return say(error.code === 'text-too-long' ? 'person.answer.too-long' : 'person.answer.broken');
  if (!isProblem(error)) return say('person.answer.broken');
  const said = `${error.title} ${error.detail}`.trim() || say('person.answer.refused');
  return `${said} ${say('person.answer.words-here')}`;
}
