// The sentences of a keeper's page that are said by its script, in the language in which the page is written.

import words from 'virtual:words-of-the-keeper';
import { sayFrom } from '../reader/say-words';

export const say = sayFrom(words);
