// Fetches open-me.html without a letter from this house, once for a page. It knows nothing of letters.

import openMeUrl from 'virtual:open-me';
import { getBytes } from '../api/request';
import { fromUtf8 } from '../seal/bytes';

let fetched: Promise<string> | null = null;

export function fetchOpenMe(): Promise<string> {
  fetched ??= getBytes(openMeUrl).then(({ bytes }) => fromUtf8(bytes));
  fetched.catch(() => {
    fetched = null;
  });
  return fetched;
}
