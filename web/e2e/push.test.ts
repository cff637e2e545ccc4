// Notices in a browser: asked for on a press alone, proved by the digits of the first one, shown by what this house has given the browser, and over when its push service says so. Chromium without a
// screen has no push service: what the browser's own would give stands in for it, the town's twin takes what is sent there, and this file opens it as a browser does (RFC 8291, with Node's own cryptography).

import { createDecipheriv, createECDH, hkdfSync, randomBytes } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browser as launch, House, until, Window } from './house';
import { look } from './looked';

const HELEN = 'helen@example.org';
const ENDPOINT = 'https://updates.push.services.mozilla.com/wpush/v2/the-browser-of-helen';
const keys = createECDH('prime256v1');
keys.generateKeys();
const auth = randomBytes(16);

interface Notice {
  id: string;
  title: string;
  text: string;
  link: string;
}

/** As the browser opens it. */
function opened(hex: string): Notice {
  const body = Buffer.from(hex, 'hex');
  const [salt, point, sealed] = [body.subarray(0, 16), body.subarray(21, 86), body.subarray(86)];
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), keys.getPublicKey(), point]);
  const derive = (from: Uint8Array, salted: Uint8Array, what: Uint8Array | string, length: number) =>
    Buffer.from(hkdfSync('sha256', from, salted, what, length));
  const secret = derive(keys.computeSecret(point), auth, info, 32);
  const key = derive(secret, salt, 'Content-Encoding: aes128gcm\0', 16);
  const nonce = derive(secret, salt, 'Content-Encoding: nonce\0', 12);
  const decipher = createDecipheriv('aes-128-gcm', key, nonce);
  decipher.setAuthTag(sealed.subarray(-16));
  const plain = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
  return JSON.parse(plain.subarray(0, plain.lastIndexOf(2)).toString()) as Notice;
}

let chromium: Browser;
let house: House;
let helen: Window;
let pushKey: string;
let words: string[];

/** Every notice that was sent to her browser, the oldest first. */
async function notices(): Promise<Notice[]> {
  const all = (await (await fetch(`${house.origin}/town/push`)).json()) as {
    endpoint: string;
    body: string;
  }[];
  return all.map((one) => {
    expect(one.endpoint).toBe(ENDPOINT);
    return opened(one.body);
  });
}

async function service(status: number): Promise<void> {
  const answer = await fetch(`${house.origin}/town/push`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: house.origin },
    body: JSON.stringify({ endpoint: ENDPOINT, status }),
  });
  expect(answer.status).toBe(204);
}

/** What stands in for the browser's own: the answer to its question, and what its push service would give. */
async function standIn(page: Page, answer: 'granted' | 'denied' | 'default'): Promise<void> {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  const given = { endpoint: ENDPOINT, p256dh: text(keys.getPublicKey()), auth: text(auth), answer };
  await page.evaluate((given) => {
    const bytes = (text: string) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;
    const seen = globalThis as unknown as { asked: number; keys: string[]; there: boolean };
    [seen.asked, seen.keys, seen.there] = [0, [], false];
    Notification.requestPermission = async () => {
      seen.asked += 1;
      return given.answer;
    };
    const subscription = {
      endpoint: given.endpoint,
      options: {},
      getKey: (name: string) => bytes(name === 'auth' ? given.auth : given.p256dh),
      unsubscribe: async () => !(seen.there = false),
    } as unknown as PushSubscription;
    PushManager.prototype.getSubscription = async () => (seen.there ? subscription : null);
    PushManager.prototype.subscribe = async (how) => {
      if (how?.userVisibleOnly !== true) throw new Error('a browser takes no silent notices');
      seen.keys.push(String.fromCharCode(...new Uint8Array(how.applicationServerKey as ArrayBuffer)));
      seen.there = true;
      return subscription;
    };
  }, given);
}

const seen = (page: Page) =>
  page.evaluate(() => {
    const { asked, keys } = globalThis as unknown as { asked: number; keys: string[] };
    return { asked, keys: keys.map((key) => btoa(key)) };
  });

beforeAll(async () => {
  chromium = await launch();
  house = await House.open({ UNSAID_PUSH: 'on' });
  await service(201);
  helen = await Window.open(house, chromium, 390);
  words = await helen.begin(await house.firstLink(), HELEN, 'Helen Marlow');
  pushKey = (await helen.asks<{ pushKey: string }>('GET', '/api/channels')).body.pushKey;
});

afterAll(async () => {
  await helen?.close();
  await chromium?.close();
  await house?.close();
});

describe('notices in this browser', () => {
  test('are asked for on a press alone, and a no is answered with what to do', async () => {
    const { page } = helen;
    await helen.follow('When I am gone');
    await page.locator('#add-browser').waitFor();
    await standIn(page, 'denied');
    await helen.press('Get notices in this browser');
    await page.getByText('no name, and none of your words').waitFor();
    await look('push-asks', page);
    expect((await seen(page)).asked, 'nothing is asked before her press').toBe(0);
    await helen.press('Ask my browser');
    await page.getByText('Allow them for this page in its settings').waitFor();
    expect((await seen(page)).asked).toBe(1);
    await look('push-denied', page);
    await standIn(page, 'default');
    await helen.press('Ask my browser');
    await page.getByText('Your browser has not been told yes.').waitFor();
    expect(await notices()).toEqual([]);
  });

  test('are proved by the digits of the first one', async () => {
    const { page } = helen;
    await standIn(page, 'granted');
    await helen.press('Ask my browser');
    await page.waitForSelector('#channel-code');
    expect((await seen(page)).keys.map((key) => Buffer.from(key, 'base64').toString('base64url'))).toEqual([
      pushKey,
    ]);
    const first = await until('a notice', async () => (await notices())[0]);
    expect(first.title).toMatch(/^\d{4} \d{4}$/);
    await page.fill('#channel-code', '1111 1111');
    await helen.press('Send me notices here');
    await page.getByText('This is not the code.').first().waitFor();
    await look('push-code', page);
    await page.fill('#channel-code', first.title);
    await helen.press('Send me notices here');
    await page.getByText('Notices come to this browser from now on.').waitFor();
    const row = page.locator('tr', { hasText: 'This browser' });
    await row.getByText(/Proved on .*; carried by updates\.push\.services\.mozilla\.com/).waitFor();
    expect(await helen.told()).toContain('There is one way to reach you so far.');
    expect(await page.locator('#add-browser').count()).toBe(0);
    await look('push-there', page);
  });

  test('say that something needs her, and lead to the page that asks', async () => {
    const { page } = helen;
    await page.getByRole('button', { name: 'Send a test to this browser' }).click();
    await page.getByText('A test is on its way to this browser.').waitFor();
    await until('a test', async () => (await notices()).find((one) => one.text.startsWith('A test')));
    await helen.press('Begin');
    await page.getByText(`One message, to ${HELEN} and this browser.`).waitFor();
    await house.live(62);
    const asked = await until('a question', async () =>
      (await notices()).find((one) => one.text === 'Something from Unsaid needs you. Open it.'),
    );
    expect(JSON.stringify(asked)).not.toMatch(/Helen|Marlow|helen@/);
    expect(asked.link).toMatch(/^http:\/\/localhost:\d+\/well\/[\w-]{43}$/);
    const there = await Window.open(house, chromium, 390);
    await there.page.goto(asked.link);
    await there.press('I am well');
    await there.page.getByText('It is good to hear from you.').waitFor();
    expect(there.wrong).toEqual([]);
    await there.close();
  });

  test('are shown by what this house gave the browser, which holds no page', async () => {
    const { page } = helen;
    const found = await page.evaluate(async () => {
      const all = await navigator.serviceWorker.getRegistrations();
      return all.map((one) => ({ scope: one.scope, script: one.active?.scriptURL }));
    });
    expect(found).toEqual([{ scope: `${house.origin}/notices/`, script: `${house.origin}/notices.js` }]);
    expect(await page.evaluate(() => navigator.serviceWorker.controller)).toBeNull();
    const file = await fetch(`${house.origin}/notices.js`);
    expect(file.headers.get('content-type')).toContain('text/javascript');
    expect(file.headers.get('cache-control')).toBe('no-store');
    expect(file.headers.get('content-security-policy')).toContain("default-src 'none'");
    await helen.context.grantPermissions(['notifications'], { origin: house.origin });
    const cdp = await helen.context.newCDPSession(page);
    const registered = new Promise<string>((given) => {
      cdp.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
        const ours = registrations.find((one) => one.scopeURL.endsWith('/notices/'));
        if (ours) given(ours.registrationId);
      });
    });
    await cdp.send('ServiceWorker.enable');
    const [asked] = (await notices()).slice(-1);
    await cdp.send('ServiceWorker.deliverPushMessage', {
      origin: house.origin,
      registrationId: await registered,
      data: JSON.stringify(asked),
    });
    const shown = await until('a notice on the screen', () =>
      page.evaluate(async () => {
        const ours = await navigator.serviceWorker.getRegistration('/notices/');
        const [one] = (await ours?.getNotifications()) ?? [];
        return one && { title: one.title, body: one.body, tag: one.tag, leads: String(one.data) };
      }),
    );
    expect(shown).toEqual({ title: asked?.title, body: asked?.text, tag: asked?.id, leads: asked?.link });
    await cdp.detach();
  });

  test('end when the push service knows the browser no more, and she is told so', async () => {
    const { page } = helen;
    await service(410);
    await helen.unlock(words);
    await helen.follow('When I am gone');
    await page.getByRole('button', { name: 'Send a test to this browser' }).click();
    await until('word of it', async () =>
      (await house.outbox()).find((mail) => mail.includes('no notices to one of your browsers')),
    );
    await page
      .getByRole('link', { name: /^(Letters|Your letters)$/ })
      .first()
      .click();
    await helen.follow('When I am gone');
    await page.getByText('Notices do not come to this browser any more').waitFor();
    await page.locator('#add-browser').waitFor();
    expect(await page.locator('tr', { hasText: 'This browser' }).count()).toBe(0);
    await look('push-over', page);
    expect(helen.wrong).toEqual([]);
  });
});
