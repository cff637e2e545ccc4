// Says at the end which stories had to be lived twice: a machine that is shared may starve one of them, but a story that often needs it hides a fault.

import type { Reporter, TestCase } from 'vitest/node';

export default class Twice implements Reporter {
  private readonly twice: string[] = [];

  onTestCaseResult(story: TestCase): void {
    const times = story.diagnostic()?.retryCount ?? 0;
    if (times > 0 && story.result().state === 'passed') this.twice.push(story.fullName);
  }

  onTestRunEnd(): void {
    for (const name of this.twice) console.log(`Lived twice, and to be looked into: ${name}`);
  }
}
