// What only a letter of keepers' cards needs: asking them, the six words to read out, how many have given theirs, and opening. The key for it
// is made here and stays in this browser; the cards come locked to it, and are joined here. Fetched for such a letter, and for no other.

import type { Account } from '../../seal/account';
import { fromBase64NoPad, type Bytes } from '../../seal/bytes';
import { SealError } from '../../seal/errors';
import { makeAskKey, NotTogether, openTogether, wordsOfKey, type Given } from '../../seal/share';
import { get, post } from '../../api/request';
import { made } from '../made';
import { keepKey, keptKey } from './ask-key';
import { locale } from './say';
import { say } from './say-keepers';
import { acts, button } from './show';

/** How it stands, as the house says. */
interface Gathering {
  needed: number;
  keepers: { name: string; gave: boolean }[];
  asked: { recipient: string; until: string } | null;
}

interface Opened {
  keepersFile: string;
  setFile: string;
}

/** Between looking and looking again, in milliseconds, while the page is seen. */
const LOOK_AGAIN = 15_000;

const number = (count: number): string =>
  count >= 1 && count <= 5 ? say(`person.gather.number.${count}`) : String(count);

const listed = (names: readonly string[]): string =>
  new Intl.ListFormat(locale(), { type: 'conjunction' }).format(names);

const fullDay = (day: string): string =>
  new Intl.DateTimeFormat(locale(), { dateStyle: 'full', timeZone: 'UTC' }).format(
    new Date(`${day}T12:00:00Z`),
  );

function bytesOf(text: string): Bytes {
  const bytes = fromBase64NoPad(text.replaceAll('-', '+').replaceAll('_', '/'));
  if (!bytes) throw new SealError('damaged', 'not base64url');
  return bytes;
}

/** Why the cards do not open it, for whoever waits for it. */
function whyNotTogether({ why, names }: NotTogether): string {
  return say(`person.gather.not-${why}`, { names: listed(names) });
}

/** Draws how it stands until the letter is opened; gives its key. */
export function keyByKeepers(
  article: HTMLElement,
  place: HTMLElement,
  url: string,
  why: (error: unknown) => string,
): Promise<Uint8Array> {
  return new Promise((resolve) => new Asking(article, place, url, why, resolve).begin());
}

class Asking {
  readonly #delivery: string;
  readonly #from: string;
  #key: Account | null = null;
  /** The browser keeps the key when this page is closed. */
  #kept = true;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #drawn = '';
  #ended = false;
  #problem = made('p', 'wrong');

  constructor(
    article: HTMLElement,
    readonly place: HTMLElement,
    readonly url: string,
    readonly why: (error: unknown) => string,
    readonly resolve: (key: Uint8Array) => void,
  ) {
    this.#delivery = article.dataset['delivery'] ?? '';
    this.#from = article.dataset['from'] ?? '';
    this.#problem.setAttribute('role', 'alert');
  }

  begin(): void {
    void this.#doing(async () => {
      this.#key = await keptKey(this.#delivery, Date.now());
      this.#draw(await get<Gathering>(this.url));
    });
    document.addEventListener('visibilitychange', () => this.#later(0));
  }

  /** One thing at a time; what goes wrong is said where it was pressed, and everything else stays. */
  async #doing(deed: () => Promise<void>): Promise<void> {
    this.place.setAttribute('aria-busy', 'true');
    this.#problem.textContent = '';
    try {
      await deed();
    } catch (error) {
      this.#problem.textContent = error instanceof NotTogether ? whyNotTogether(error) : this.why(error);
      if (!this.#problem.isConnected) {
        this.place.replaceChildren(
          this.#problem,
          acts(button(say('person.gather.look'), () => this.#look())),
        );
      }
    } finally {
      this.place.removeAttribute('aria-busy');
    }
  }

  #look(): void {
    void this.#doing(async () => this.#draw(await get<Gathering>(this.url)));
  }

  #later(pause: number): void {
    clearTimeout(this.#timer);
    if (this.#ended || document.hidden || !this.place.isConnected) return;
    this.#timer = setTimeout(() => {
      get<Gathering>(this.url).then(
        (now) => this.#draw(now),
        () => this.#later(LOOK_AGAIN),
      );
    }, pause);
  }

  async #ask(key: Account): Promise<void> {
    this.#draw(await post<Gathering>(`${this.url}/ask`, { recipient: key.recipient }));
  }

  #askAnew(): void {
    void this.#doing(async () => {
      const key = await makeAskKey();
      // Kept first: a key that the keepers lock their cards to, and nobody has, would be worth nothing.
      this.#kept = await keepKey(this.#delivery, key, Date.now());
      this.#key = key;
      await this.#ask(key);
    });
  }

  async #open(): Promise<void> {
    const key = this.#key;
    if (!key) return;
    const given = await get<{ shares: { name: string; card: string }[] }>(`${this.url}/cards`);
    const files = await post<Opened>(`${this.url}/open`, {});
    const cards: Given[] = given.shares.map(({ name, card }) => ({ name, bytes: bytesOf(card) }));
    const opened = await openTogether({ identity: key.identity, delivery: this.#delivery }, cards, {
      set: bytesOf(files.setFile),
      keepers: bytesOf(files.keepersFile),
    });
    this.#ended = true;
    clearTimeout(this.#timer);
    this.resolve(opened);
  }

  #draw(now: Gathering): void {
    const asked = now.asked !== null && now.asked.recipient === this.#key?.recipient;
    // What is the same is left alone, so that nobody loses their place on it.
    const same = JSON.stringify([now, asked]);
    if (!this.#ended && (same !== this.#drawn || !this.#problem.isConnected)) {
      this.#drawn = same;
      const parts = asked ? this.#waiting(now) : this.#before(now);
      this.place.replaceChildren(made('div', 'gather', ...parts, this.#problem));
    }
    if (asked) this.#later(LOOK_AGAIN);
  }

  /** Nobody has asked from this browser. */
  #before(now: Gathering): HTMLElement[] {
    const name = this.#from;
    const needed = number(now.needed);
    const parts: HTMLElement[] = [
      made('h2', '', say('person.gather.heading')),
      made('p', '', say('person.gather.lede', { name, needed })),
    ];
    if (now.keepers.length === 0) return [...parts, made('p', '', say('person.gather.nobody', { name }))];
    if (now.asked !== null) {
      parts.push(made('div', 'notice notice--wait', made('p', '', say('person.gather.elsewhere'))));
    }
    const who = now.keepers.map((keeper) => keeper.name);
    parts.push(
      made('p', '', say('person.gather.who', { names: listed(who) })),
      made(
        'ol',
        '',
        made('li', '', say('person.gather.step-ask')),
        made('li', '', say('person.gather.step-voice')),
        made('li', '', say('person.gather.step-card')),
      ),
    );
    const press = button(say(now.asked === null ? 'person.gather.ask' : 'person.gather.ask-anew'), () =>
      this.#askAnew(),
    );
    press.classList.add('button--main');
    return [...parts, acts(press), made('p', 'note', say('person.gather.kept'))];
  }

  #waiting(now: Gathering): HTMLElement[] {
    const given = now.keepers.filter((keeper) => keeper.gave).length;
    const enough = given >= now.needed;
    const words = made('ol', 'words');
    for (const word of wordsOfKey(this.#key!.recipient).split(' ')) words.append(made('li', '', word));
    const list = made('ul', 'holders');
    for (const { name, gave } of now.keepers) {
      const status = made('span', `status status--${gave ? 'good' : 'wait'}`);
      status.textContent = say(gave ? 'person.gather.gave' : 'person.gather.not-yet');
      list.append(made('li', '', made('strong', '', name), ' ', status));
    }
    const count = made(
      'p',
      '',
      say(enough ? 'person.gather.enough' : 'person.gather.count', {
        given: given === 0 ? say('person.gather.number.0') : number(given),
        needed: number(now.needed),
      }),
    );
    count.setAttribute('role', 'status');
    const look = button(say('person.gather.look'), () => this.#look());
    const row = acts(look);
    if (enough) {
      const open = button(say('person.gather.open'), () => void this.#doing(() => this.#open()));
      open.classList.add('button--main');
      row.prepend(open);
    }
    const again = made('details', '', made('summary', '', say('person.gather.silent')));
    again.append(
      made('p', '', say('person.gather.silent-says')),
      acts(button(say('person.gather.write-again'), () => void this.#doing(() => this.#ask(this.#key!)))),
    );
    const until = this.#kept
      ? say('person.gather.until', { day: fullDay(now.asked!.until) })
      : say('person.gather.not-kept');
    return [
      made('h2', '', say(enough ? 'person.gather.here' : 'person.gather.words')),
      ...(enough
        ? []
        : [
            made('p', '', say('person.gather.words-says')),
            words,
            made('p', '', say('person.gather.words-other')),
          ]),
      count,
      list,
      row,
      ...(enough ? [this.#wordsAgain(words)] : []),
      again,
      made('p', 'note', until),
    ];
  }

  /** When enough have given theirs, one may have to type again. */
  #wordsAgain(words: HTMLElement): HTMLElement {
    return made(
      'details',
      '',
      made('summary', '', say('person.gather.words')),
      made('p', '', say('person.gather.words-says')),
      words,
    );
  }
}
