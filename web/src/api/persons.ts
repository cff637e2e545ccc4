// People and where mail reaches them. Their names are not here: the house does not know them.

import { toBase64Url } from './bytes';
import { get, post, put } from './request';

export interface Address {
  id: string;
  address: string;
  /** False once mail to it came back for good. */
  good: boolean;
  /** The day on which the house got it, `YYYY-MM-DD`; `null` when that was not written down. */
  given?: string | null;
}

export interface Person {
  id: string;
  zone: string | null;
  language: string | null;
  addresses: Address[];
  /** What somebody who comes with their card before the time is told. */
  early?: Early;
  /** The name by which whoever looks after them, and reads their mail, is told of them; `null`: they read it themselves. */
  lookedAfter?: string | null;
}

export type Early = 'nothing' | 'waits' | 'day';

const one = async (answer: Promise<{ person: Person }>): Promise<Person> => (await answer).person;

export const persons = async (): Promise<Person[]> =>
  (await get<{ persons: Person[] }>('/api/persons')).persons;

/** `lookedAfter`: as with `lookAfter`. A name that cannot be told is refused, and nobody is added. */
export const addPerson = (known: {
  address?: string;
  zone?: string;
  language?: string;
  lookedAfter?: string;
}): Promise<Person> => one(post('/api/persons', known));

export const addAddress = (person: string, address: string): Promise<Person> =>
  one(post(`/api/persons/${person}/addresses`, { address }));

export const removeAddress = (person: string, address: string): Promise<Person> =>
  one(post(`/api/persons/${person}/addresses/${address}/remove`, {}));

/** An address of this person that one of her keepers has given, before it counts. */
export interface Offer {
  id: string;
  address: string;
  /** Who gave it, as she named them. */
  keeper: string;
}

export const offers = async (person: string): Promise<Offer[]> =>
  (await get<{ offers: Offer[] }>(`/api/persons/${person}/offers`)).offers;

/** She takes an address that a keeper gave, or does not. Gives what is left to be answered. */
export const answerOffer = async (person: string, offer: string, takes: boolean): Promise<Offer[]> =>
  (await post<{ offers: Offer[] }>(`/api/persons/${person}/offers/${offer}`, { takes })).offers;

export const updatePerson = (person: string, known: { zone: string; language: string }): Promise<Person> =>
  one(put(`/api/persons/${person}`, known));

/** Registers the token of a person's card: what the words on it give, and not the words. */
export const putCard = (person: string, token: string): Promise<unknown> =>
  put(`/api/persons/${person}/card`, { token });

/** What somebody who comes with the card before the time is told from now on. */
export const tellEarly = (person: string, told: Early): Promise<unknown> =>
  put(`/api/persons/${person}/card/early`, { told });

/** One letter's way of opening, under new words. */
export interface CardWrap {
  letter: string;
  version: number;
  wrap: Uint8Array;
}

/** New words for everything of this person that nobody has opened, in one step with the new card. */
export const replaceCard = (person: string, token: string, wraps: readonly CardWrap[]): Promise<unknown> =>
  post(`/api/persons/${person}/card/replace`, {
    token,
    wraps: wraps.map(({ wrap, ...letter }) => ({ ...letter, wrap: toBase64Url(wrap) })),
  });

/** Tells the house that a card was shown for printing, so that she is told it too. */
export const cardPrinted = (person: string): Promise<unknown> =>
  post(`/api/persons/${person}/card/printed`, {});

/** Their mail is read by somebody who looks after them, who is told this name; `null`: they read it themselves. */
export const lookAfter = (person: string, name: string | null): Promise<Person> =>
  one(put(`/api/persons/${person}/looked-after`, { name }));

/** What her keepers may be told of somebody whom her letters cannot reach; `null` for nothing. */
export const toldToKeepers = async (person: string): Promise<string | null> =>
  (await get<{ name: string | null }>(`/api/persons/${person}/told`)).name;

export const tellKeepers = async (person: string, name: string | null): Promise<string | null> =>
  (await put<{ name: string | null }>(`/api/persons/${person}/told`, { name })).name;
