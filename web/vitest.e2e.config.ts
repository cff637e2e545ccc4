// Whole stories in a real browser, and the frozen letters opened in one: `npm run e2e`. One file after the
// other, because each starts a browser and a server of its own.

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['e2e/**/*.test.ts'],
    environment: 'node',
    fileParallelism: false,
    // A limit against standing still, not a measure: machines are shared.
    testTimeout: 600_000,
    hookTimeout: 120_000,
  },
});
