// Eight words on a paper that stops everything: words as on a card, which the house hears when somebody types them, and before
// that knows as an HMAC of this token alone. They open nothing, so they cost no work.

import { sha256 } from '@noble/hashes/sha2.js';
import { checkClaimWords } from './claim';
import { base64url, concat, utf8 } from './bytes';

/** The words of no other paper give the same token. */
const LABEL = utf8('unsaid-stop-v1');

/** 32 bytes in base64url. Throws what is wrong with words that are none. */
export const stopToken = (words: string): string =>
  base64url(sha256(concat(LABEL, utf8(checkClaimWords(words)))));
