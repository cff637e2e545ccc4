// Which page an address means, and going there without loading the program again: the letter that is open and the
// Worker that holds the keys stay. It knows names of pages and no page.

export type PageName =
  | 'begin'
  | 'sign-in'
  | 'unlock'
  | 'write'
  | 'for'
  | 'preview'
  | 'history'
  | 'beside'
  | 'key'
  | 'letters'
  | 'letter'
  | 'answers'
  | 'answer'
  | 'gone'
  | 'gone-paper'
  | 'keeper-cards'
  | 'rehearsal'
  | 'people'
  | 'new-person'
  | 'person'
  | 'card'
  | 'recover'
  | 'new-words'
  | 'address'
  | 'account'
  | 'help-kept'
  | 'help-limits'
  | 'not-found';

export interface Place {
  page: PageName;
  /** What stands in the address for `{…}`, `''` where nothing does. */
  id: string;
}

const ID = '([a-z2-7]{26})';

const TABLE: readonly [RegExp, PageName][] = [
  [/^\/begin\/([A-Za-z0-9_-]{1,128})$/, 'begin'],
  [/^\/sign-in$/, 'sign-in'],
  [/^\/unlock$/, 'unlock'],
  [/^\/write$/, 'write'],
  [new RegExp(`^/write/${ID}$`), 'write'],
  [new RegExp(`^/write/${ID}/for$`), 'for'],
  [new RegExp(`^/write/${ID}/key$`), 'key'],
  [new RegExp(`^/write/${ID}/preview$`), 'preview'],
  [new RegExp(`^/write/${ID}/history$`), 'history'],
  [new RegExp(`^/write/(${ID}/beside/${ID})$`), 'beside'],
  [/^\/letters$/, 'letters'],
  [new RegExp(`^/letters/${ID}$`), 'letter'],
  [/^\/answers$/, 'answers'],
  [new RegExp(`^/answers/${ID}$`), 'answer'],
  [/^\/gone$/, 'gone'],
  [/^\/gone\/paper$/, 'gone-paper'],
  [/^\/gone\/cards$/, 'keeper-cards'],
  [/^\/gone\/rehearsal$/, 'rehearsal'],
  [/^\/people$/, 'people'],
  [/^\/people\/new$/, 'new-person'],
  [new RegExp(`^/people/${ID}$`), 'person'],
  [new RegExp(`^/people/${ID}/card$`), 'card'],
  [/^\/account$/, 'account'],
  [/^\/account\/words$/, 'new-words'],
  [/^\/account\/address$/, 'address'],
  [/^\/paper-kit$/, 'recover'],
  [/^\/how-a-letter-is-kept$/, 'help-kept'],
  [/^\/what-we-cannot-do$/, 'help-limits'],
];

/** The place of a path; one slash at its end is forgiven. */
export function placeOf(path: string): Place {
  const plain = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
  for (const [pattern, page] of TABLE) {
    const match = pattern.exec(plain);
    if (match) return { page, id: match[1] ?? '' };
  }
  return { page: 'not-found', id: '' };
}

/** The page of whoever runs the house. The server draws it, so going there leaves this program. */
export const HOST_PAGE = '/house';

/** Where to return to after signing in: a path of ours, or the letters. Never another site. */
export function safeReturn(back: string | null): string {
  if (!back || !back.startsWith('/') || back.startsWith('//') || back.includes('\\')) return '/letters';
  if (back === HOST_PAGE) return back;
  const place = placeOf(back);
  return place.page === 'not-found' ||
    place.page === 'sign-in' ||
    place.page === 'begin' ||
    place.page === 'recover'
    ? '/letters'
    : back;
}

/**
 * The path that a click on a link means for us, or `null` when the browser shall do what it does: another site, a
 * new tab, a download, a page that the server draws.
 */
export function ownPath(event: MouseEvent, origin: string): string | null {
  if (event.defaultPrevented || event.button !== 0) return null;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return null;
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (!link || !link.href || link.hasAttribute('download') || (link.target && link.target !== '_self'))
    return null;
  const url = new URL(link.href);
  if (url.origin !== origin || placeOf(url.pathname).page === 'not-found') return null;
  // A link within the page: the error summary's, the skip link.
  if (url.hash && url.pathname === location.pathname && url.search === location.search) return null;
  return url.pathname + url.search + url.hash;
}
