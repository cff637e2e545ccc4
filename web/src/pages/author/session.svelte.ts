// Who is here: the house, the account, and whether its letters are open in this window. It unlocks, locks after a time
// without input, and keeps the vault's records. It knows no page.

import * as api from '../../api';
import { spoken, deviceZone, firstSpoken, languageOf, speak, type Language } from '../../words';
import { ask, forgetKeys, KeysRefuse } from './keys';
import type { PublicHand } from './keys/questions';
import { changed, parseVault, SELF, vaultText, type RecordKind, type Records } from './vault';

/** Milliseconds without input until the letters are closed again. */
const LOCK_HERS = 4 * 60 * 60 * 1000;
const LOCK_ELSEWHERE = 15 * 60 * 1000;
/** Milliseconds between two tries while the house cannot be reached. */
const REACH_AGAIN = 5_000;
/** Where a window remembers the language that was chosen before anybody signed in. */
const CHOSEN = 'unsaid language';
/** How often a vault is merged again when somebody else was quicker. */
const VAULT_TRIES = 5;

type Fields = Record<string, unknown>;

class Session {
  house = $state.raw<api.House | null>(null);
  account = $state.raw<api.Account | null>(null);
  /** The first look at house and account has been answered. */
  started = $state(false);
  #reached = $state(true);
  /** How often it was out of reach: what failed is asked for again, also when another answer came in the same moment. */
  #lapses = $state(0);
  /** The account's key is in this window's room, and its records can be read. */
  open = $state(false);
  records = $state.raw<Records>(new Map());
  /** What the world may know of the hand that signs; `null` until it is kept in the vault. */
  hand = $state.raw<PublicHand | null>(null);

  #etag: string | null = null;
  /** Grows each time the letters are closed. */
  #held = 0;
  #lastInput = Date.now();
  /** Set by the page on which words are being written. */
  hasUnsavedWords: () => boolean = () => false;

  /** The day by the house's clock; by the device's where no house has answered yet. */
  get today(): string {
    return this.house?.today ?? new Date().toISOString().slice(0, 10);
  }

  get zone(): string {
    return this.account?.zone ?? this.house?.zone ?? deviceZone();
  }

  get keptBy(): string {
    return this.house?.name ?? '';
  }

  get reachable(): boolean {
    void this.#lapses;
    return this.#reached;
  }

  get signedIn(): boolean {
    return this.account !== null;
  }

  async start(): Promise<void> {
    api.speakWith(() => spoken());
    api.hearReach((reached) => {
      if (!reached) this.#lapses += 1;
      this.#reached = reached;
    });
    this.#watchInput();
    const language = speak(chosenBefore() ?? firstSpoken(navigator.languages));
    await Promise.all([language, this.#lookAround()]);
    this.#speakTheirs();
    setInterval(() => {
      if (!this.reachable) void this.#lookAround();
    }, REACH_AGAIN);
    addEventListener('online', () => void this.#lookAround());
  }

  async #lookAround(): Promise<void> {
    try {
      this.house = await api.house();
      if (!this.account) await this.refreshAccount();
    } catch {
      // Said by `reachable`; the next look comes by itself.
    }
    this.started = true;
  }

  /** A page that speaks of today asks again: it may have been open since yesterday. */
  async refreshHouse(): Promise<void> {
    try {
      this.house = await api.house();
    } catch {
      // What is known stays.
    }
  }

  async refreshAccount(): Promise<void> {
    try {
      this.account = await api.account();
    } catch (error) {
      if (api.isProblem(error) && error.status === 401) this.#left();
      else throw error;
    }
  }

  cameIn(account: api.Account): void {
    this.account = account;
    this.#speakTheirs();
  }

  /** An account's own language counts once it is known; what was chosen in this window before that, counts here. */
  #speakTheirs(): void {
    const theirs = this.account?.language;
    if (theirs && chosenBefore() === null) void speak(theirs);
  }

  /** Speaks another language in this window and, where somebody is signed in, in what the house writes to them. */
  async speak(language: Language): Promise<boolean> {
    if (!(await speak(language))) return false;
    remember(language);
    if (this.account) {
      await api.keepLanguage(language, this.account.zone);
      this.account = { ...this.account, language };
    }
    return true;
  }

  /** An account just made: its key is in the room already. */
  async begun(account: api.Account): Promise<void> {
    this.account = account;
    await this.#loadVault();
    this.open = true;
    await this.#settle();
  }

  /** Opens the letters with six words. Throws what the room or the house refused. */
  async unlock(words: string, mine: boolean): Promise<void> {
    const account = this.account;
    if (!account) throw new Error('nobody is signed in');
    const { token } = await ask('try-words', { words, salt: api.fromBase64Url(account.salt) });
    const file = await api.unlock(token, mine);
    await ask('enter', { file, recipient: account.recipient });
    await this.#entered({ ...account, session: { unlocked: true, fresh: true, mine } });
  }

  /** Comes in with the paper kit alone, as typed or scanned: no mailbox and no words are needed. */
  async enterByKit(kit: string, mine: boolean): Promise<void> {
    const { token } = await ask('try-kit', { kit });
    const account = await api.kitSession(token, mine);
    await ask('enter-kit', { recipient: account.recipient });
    await this.#entered(account);
    this.#speakTheirs();
  }

  async #entered(account: api.Account): Promise<void> {
    try {
      await this.#loadVault();
    } catch (error) {
      // A vault that this page cannot read is left alone, and so are the keys.
      this.#forget();
      throw error;
    }
    this.account = account;
    this.#lastInput = Date.now();
    this.open = true;
    await this.#settle();
  }

  /**
   * What a house and a vault of an older day lack yet: the hand that signs, and the kit's token. Neither is needed for
   * reading, so a failure waits for the next time; sealing asks for the hand again.
   */
  async #settle(): Promise<void> {
    await this.needHand().catch(() => {});
    if (this.account?.kit === false) await this.registerKit().catch(() => {});
  }

  /** The hand that signs, made and kept in the vault if there is none. Nothing is signed by one that is not kept. */
  async needHand(): Promise<PublicHand> {
    if (this.hand) return this.hand;
    await ask('make-hand', {});
    await this.write(SELF, 'self', {});
    if (!this.hand) throw new Error('the hand was not kept');
    return this.hand;
  }

  async registerKit(): Promise<void> {
    const { token } = await ask('kit-token', {});
    await api.registerKit(token);
    if (this.account) this.account = { ...this.account, kit: true };
  }

  /** Closes the letters here and at the house. */
  async lock(): Promise<void> {
    this.#forget();
    if (this.account)
      this.account = { ...this.account, session: { ...this.account.session, unlocked: false } };
    await api.lock();
  }

  /**
   * From a session whose letters stand open on a device that is not hers, the house has everything of this page erased there.
   * `leave`: what lies on the device is to stay, so the letters are closed first.
   */
  async signOut({ leave = false } = {}): Promise<void> {
    if (leave) await api.lock();
    await api.signOut();
    this.#left();
  }

  /**
   * What an answer says about the session itself: signed out elsewhere, or locked by the house meanwhile. Returns true
   * when the words are to be asked for again and the same thing tried anew.
   */
  heard(error: unknown): boolean {
    if (api.isProblem(error) && error.status === 401) this.#left();
    const closedThere = api.isProblem(error) && (error.key === 'locked' || error.key === 'not-fresh');
    // A phone with little memory may have ended the room with the keys by itself.
    const closed = closedThere || (error instanceof KeysRefuse && error.code === 'locked');
    if (closed) this.#forget();
    return closed;
  }

  /**
   * Writes one record of the vault, merged with whatever another window wrote meanwhile. `fields` may look at what is there
   * first, once more after each merge; `null` then leaves everything as it is.
   */
  async write(
    id: string,
    kind: RecordKind,
    fields: Fields | ((records: Records) => Fields | null),
  ): Promise<void> {
    const account = this.account;
    if (!account) throw new Error('nobody is signed in');
    const held = this.#held;
    for (let tried = 1; ; tried += 1) {
      // The two belong together: what is written follows the revision that it was made from, and no later one.
      const [records, etag] = [this.records, this.#etag ?? '"0"'];
      const said = typeof fields === 'function' ? fields(records) : fields;
      if (said === null) return;
      const next = changed(records, id, kind, said);
      const { file, hand } = await ask('close-vault', {
        text: vaultText(next),
        recipient: account.recipient,
      });
      try {
        const kept = await api.putVault(file, etag);
        // Closed meanwhile: what is kept is not shown.
        if (held !== this.#held) return;
        this.#etag = kept;
        this.records = next;
        this.hand = hand;
        return;
      } catch (error) {
        const late = api.isProblem(error) && error.status === 412;
        if (!late || tried === VAULT_TRIES) throw error;
        await this.#loadVault();
      }
    }
  }

  async #loadVault(): Promise<void> {
    const { bytes, etag } = await api.vault();
    const { text, hand } = await ask('open-vault', { file: bytes });
    this.records = parseVault(text);
    this.hand = hand;
    this.#etag = etag;
  }

  #forget(): void {
    this.#held += 1;
    forgetKeys();
    this.open = false;
    this.records = new Map();
    this.hand = null;
    this.#etag = null;
  }

  #left(): void {
    this.#forget();
    this.account = null;
  }

  #watchInput(): void {
    const seen = () => {
      this.#lastInput = Date.now();
    };
    for (const kind of ['pointerdown', 'keydown', 'wheel', 'touchstart']) {
      addEventListener(kind, seen, { passive: true, capture: true });
    }
    setInterval(() => {
      if (!this.open || this.hasUnsavedWords()) return;
      const patience = this.account?.session.mine ? LOCK_HERS : LOCK_ELSEWHERE;
      if (Date.now() - this.#lastInput >= patience) void this.lock().catch(() => {});
    }, 15_000);
  }
}

/** A window that may keep nothing speaks the language of the browser. */
function chosenBefore(): Language | null {
  try {
    return languageOf(sessionStorage.getItem(CHOSEN) ?? '');
  } catch {
    return null;
  }
}

function remember(language: Language): void {
  try {
    sessionStorage.setItem(CHOSEN, language);
  } catch {
    // Then it counts until the window is closed.
  }
}

export const session = new Session();
