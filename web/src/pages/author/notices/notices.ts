// What a browser does with a notice while no page of this house is open: shows it, and opens its link when it is pressed. Nothing else: it asks nobody, keeps nothing, and holds no page back. A notice holds no
// name, no words and no address.

/** What the house says. */
interface Notice {
  id: string;
  lang: string;
  title: string;
  text: string;
  link: string;
}

/** As much of a service worker (W3C Service Workers, Push API, Notifications API) as this takes. */
export interface Worker {
  location: { origin: string };
  registration: { showNotification(title: string, how: Record<string, unknown>): Promise<void> };
  clients: { openWindow(url: string): Promise<unknown> };
  skipWaiting(): Promise<void>;
  addEventListener(
    what: 'install' | 'push' | 'notificationclick',
    heard: (event: {
      waitUntil(done: Promise<unknown>): void;
      data?: { text(): string } | null;
      notification?: { close(): void; data?: unknown };
    }) => void,
  ): void;
}

function read(text: string): Notice | null {
  try {
    const said = JSON.parse(text) as Partial<Notice> | null;
    const all = [said?.id, said?.lang, said?.title, said?.text, said?.link];
    return all.every((one) => typeof one === 'string') ? (said as Notice) : null;
  } catch {
    return null;
  }
}

/** Only to a page of this house, whatever was said. */
function within(origin: string, link: unknown): string {
  if (typeof link !== 'string') return `${origin}/`;
  try {
    const to = new URL(link, origin);
    return to.origin === origin ? to.href : `${origin}/`;
  } catch {
    return `${origin}/`;
  }
}

/** Begins to listen. */
export function listen(worker: Worker): void {
  const { origin } = worker.location;
  // A newer one has nothing to wait for: no page depends on it.
  worker.addEventListener('install', (event) => event.waitUntil(worker.skipWaiting()));
  worker.addEventListener('push', (event) => {
    const said = read(event.data?.text() ?? '');
    // Browsers demand that something is shown for each; what cannot be read still says from whom it is.
    event.waitUntil(
      worker.registration.showNotification(said?.title ?? 'Unsaid', {
        body: said?.text ?? '',
        lang: said?.lang ?? '',
        // The same notice once more takes the place of the first.
        tag: said?.id ?? 'unsaid',
        icon: '/favicon.svg',
        data: within(origin, said?.link),
      }),
    );
  });
  worker.addEventListener('notificationclick', (event) => {
    event.notification?.close();
    event.waitUntil(worker.clients.openWindow(within(origin, event.notification?.data)));
  });
}
