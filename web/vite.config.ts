// How the pages are built: entries that the server finds through the manifest (the author's app, what shows notices, the
// keeper's and the reader's script, the style sheet of pages without script), open-me.html for exported letters, and nothing that a strict
// policy would refuse: no inlined files, no polyfill, no style or script inside a page. It knows nothing of the server.

import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import {
  foldersWords,
  keepersCardsWords,
  keepersWords,
  openMe,
  openWords,
  readersWords,
} from './src/pages/offline/build';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  plugins: [
    svelte(),
    readersWords(),
    openWords(),
    keepersCardsWords(),
    keepersWords(),
    foldersWords(),
    openMe(),
  ],
  build: {
    outDir: 'dist',
    manifest: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: {
        author: here('src/pages/author/main.ts'),
        keeper: here('src/pages/keeper/main.ts'),
        notices: here('src/pages/author/notices/worker.ts'),
        reader: here('src/pages/reader/main.ts'),
        look: here('src/ui/look.css'),
      },
    },
  },
  worker: { format: 'es' },
  test: {
    include: ['src/**/*.test.ts'],
    // Words are made slow to guess on purpose; on a busy machine that takes its time.
    testTimeout: 60_000,
    environment: 'node',
  },
});
