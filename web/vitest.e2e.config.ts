// Whole stories in a real browser, and the frozen letters opened in one: `npm run e2e`. Two files at a time,
// because each starts a browser and a server of its own, and the small machines that they run on have two cores.

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['e2e/**/*.test.ts'],
    environment: 'node',
    maxWorkers: 2,
    // Limits against standing still, not measures: machines are shared.
    expect: { poll: { timeout: 60_000 } },
    testTimeout: 600_000,
    hookTimeout: 120_000,
  },
});
