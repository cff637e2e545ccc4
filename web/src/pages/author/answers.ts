// What an answer is called, and opening one: fetched, opened in the room with the keys, and only then not new any more. It knows no page.

import * as api from '../../api';
import { plainDay, say } from '../../words';
import { ask } from './keys';
import type { Letter } from '../../seal';
import { nameOf, toOf, type Records } from './vault';

/** From whom it is, as she calls them; `''` while her letters are closed. */
export const whoAnswered = (records: Records, { letter, person }: api.ReplyRow): string =>
  nameOf(records, person) || toOf(records, letter);

/** 'An answer from Dan, 4 May 2037' */
export function answerName(records: Records, reply: api.ReplyRow): string {
  const name = whoAnswered(records, reply);
  const day = plainDay(reply.day);
  return name === ''
    ? say('author.answers.from-somebody', { day })
    : say('author.answers.from', { name, day });
}

/** Throws what the house or the room refused. */
export async function readAnswer({ id, letter }: api.ReplyRow): Promise<Letter> {
  return ask('read-reply', { file: await api.reply(id), id, letterId: letter });
}
