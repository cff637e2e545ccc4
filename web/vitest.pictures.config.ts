// Pictures of every page, for somebody to look at: `npm run pictures`. It is no test; vitest only runs it, because it can read TypeScript.

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['e2e/pictures.ts'], environment: 'node', testTimeout: 900_000 },
});
