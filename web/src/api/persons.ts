// People and where mail reaches them. Their names are not here: the house does not know them.

import { get, post } from './request';

export interface Address {
  id: string;
  address: string;
  /** False once mail to it came back for good. */
  good: boolean;
}

export interface Person {
  id: string;
  zone: string | null;
  language: string | null;
  addresses: Address[];
}

const one = async (answer: Promise<{ person: Person }>): Promise<Person> => (await answer).person;

export const persons = async (): Promise<Person[]> =>
  (await get<{ persons: Person[] }>('/api/persons')).persons;

export const addPerson = (known: { address?: string; zone?: string; language?: string }): Promise<Person> =>
  one(post('/api/persons', known));

export const addAddress = (person: string, address: string): Promise<Person> =>
  one(post(`/api/persons/${person}/addresses`, { address }));

export const removeAddress = (person: string, address: string): Promise<Person> =>
  one(post(`/api/persons/${person}/addresses/${address}/remove`, {}));
