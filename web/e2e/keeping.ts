// What the lives with keepers have in common: a house with one author, and a small telephone that runs no scripts, on which a keeper answers.

import type { Browser, Page } from 'playwright-core';
import { expect } from 'vitest';
import { browser as launch, House, pressOn, Window } from './house';
import { picture } from './looked';

export class Keeping {
  private constructor(
    private readonly chromium: Browser,
    readonly house: House,
    readonly helen: Window,
    /** Of the author. */
    readonly words: string[],
    /** Of whoever else has a telephone in the hand. */
    readonly page: Page,
  ) {}

  static async begin(): Promise<Keeping> {
    const chromium = await launch();
    const house = await House.open();
    const helen = await Window.open(house, chromium);
    const words = await helen.begin(await house.firstLink(), 'helen@example.org', 'Helen Marlow');
    const telephone = await chromium.newContext({
      viewport: { width: 360, height: 640 },
      locale: 'en-GB',
      javaScriptEnabled: false,
    });
    return new Keeping(chromium, house, helen, words, await telephone.newPage());
  }

  /** Fails if anything was wrong in her pages. */
  async end(): Promise<void> {
    const { wrong } = this.helen;
    await this.chromium.close();
    await this.house.close();
    expect(wrong).toEqual([]);
  }

  /** How it is found out whether she lives: she is asked every sixty days, two keepers have to agree, and half a year passes if none of them ever answers. */
  async plan(policy: string): Promise<void> {
    const plan = { policy, everyDays: 60, pauseDays: 7, quorum: 2, warningDays: 10, fallbackDays: 180 };
    expect((await this.helen.asks('PUT', '/api/life', plan)).status).toBe(200);
  }

  /** A keeper; gives the address of their page, as it stands on their paper. */
  async keeper(name: string, address: string | null): Promise<string> {
    const asked = { name, address, language: 'en' };
    const named = await this.helen.asks<{ link: string }>('POST', '/api/life/keepers', asked);
    expect(named.status).toBe(201);
    return named.body.link;
  }

  press(name: string): Promise<void> {
    return pressOn(this.page, name);
  }

  heading(): Promise<string> {
    return this.page.locator('h1').innerText();
  }

  async main(): Promise<string> {
    return (await this.page.innerText('main')).replace(/\s+/g, ' ');
  }

  /** A keeper says this, having read what follows; `asked` or without having been asked. Gives what they are shown then. */
  async says(link: string, word: string, asked = true): Promise<string> {
    const { page } = this;
    await page.goto(link);
    expect(await this.main()).not.toContain('Helen');
    await this.press('Look who it is');
    if (asked) {
      expect(await this.heading()).toBe('Have you heard from Helen Marlow?');
      expect(await page.locator('input[name=word]:checked').count()).toBe(0);
      await picture('keeper-asked', page);
      await page.getByLabel(word).check();
      await this.press('Give this answer');
      await picture('keeper-sure', page);
    } else {
      await page.locator('summary', { hasText: 'I know that Helen Marlow has died' }).click();
      await this.press(word);
    }
    await this.press('Yes, that is my answer');
    expect(await this.main()).toContain('Your answer is noted.');
    await picture('keeper-said', page);
    return this.main();
  }

  /** How many messages to them have these words. */
  async to(address: string, says: string): Promise<number> {
    const messages = await this.house.outbox();
    return messages.filter((message) => message.includes(address) && message.includes(says)).length;
  }

  /** A letter that waits for her end. How she says so on her pages is told elsewhere: here what her browser sends is given the gate. */
  async forHerEnd(name: string): Promise<void> {
    const { page } = this.helen;
    await page.route('**/seal', async (route) => {
      const asked = JSON.parse(route.request().postData() ?? '{}') as { rule?: { gate: string } };
      if (asked.rule) asked.rule.gate = 'gone';
      await route.continue({ postData: JSON.stringify(asked) });
    });
    await this.helen.sealAtOnce(name, false);
  }

  /** On the page of this person she lets her keepers be told a name. */
  async mayBeTold(person: string, name: string): Promise<void> {
    const { page } = this.helen;
    await this.helen.follow('People');
    await page.locator('main').getByRole('link', { name: person }).first().click();
    await page.fill('#told', name);
    await this.helen.press('Let them be told this name');
    await page.waitForSelector('.said .notice--good');
    expect(await this.helen.told()).toContain(`Your keepers may be told: ${name}.`);
  }

  /** She presses the button behind the newest question that came to her, on whatever telephone; gives what she is told. */
  async sheIsWell(): Promise<string> {
    await this.page.goto(await this.house.newest('helen@example.org', 'well'));
    await this.press('I am well');
    return this.main();
  }
}
