// The sentences for a letter that keepers' cards open. They come with what asks the keepers, and never for another letter.

import words from 'virtual:words-of-keepers-cards';
import { sayFrom } from './say';

export const say = sayFrom(words);
