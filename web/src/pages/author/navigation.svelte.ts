// Where the window is, and how it goes elsewhere. One place at a time; the browser's own back and forward work.

import { HOST_PAGE, placeOf, type Place } from './router';

class Navigation {
  place = $state.raw<Place>(placeOf(location.pathname));
  /** Grows with each move, so that a page that is asked for again begins anew. */
  moves = $state(0);
  /** Counted apart: an effect that goes elsewhere must not come to depend on having gone. */
  #moved = 0;

  constructor() {
    addEventListener('popstate', () => this.#arrive());
  }

  go(path: string): void {
    history.pushState(null, '', path);
    this.#arrive();
  }

  /** Like `go`, but one cannot come back to where one was. */
  instead(path: string): void {
    if (path === HOST_PAGE) {
      location.replace(path);
      return;
    }
    history.replaceState(null, '', path);
    this.#arrive();
  }

  /** The address changes, the page stays as it is: a draft has got its name. */
  rename(path: string): void {
    history.replaceState(null, '', path);
  }

  get query(): URLSearchParams {
    return new URLSearchParams(location.search);
  }

  #arrive(): void {
    this.place = placeOf(location.pathname);
    this.#moved += 1;
    this.moves = this.#moved;
  }
}

export const navigation = new Navigation();
