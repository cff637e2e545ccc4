// The sentences for what a reader may do once the letter is open: to answer, to keep, to compare hands. They come with that.

import words from 'virtual:words-once-open';
import { sayFrom } from './say';

export const say = sayFrom(words);
