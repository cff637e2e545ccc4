// How the pages are built: three entries that the server finds through the manifest (the author's app, the
// reader's script, the style sheet of pages without script), and nothing that a strict policy would refuse:
// no inlined files, no polyfill, no style or script inside a page. It knows nothing of the server.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The reader's page carries the dozen sentences that it says, not every text of the author's half. */
function readersWords(): Plugin {
  const id = 'virtual:words-of-the-reader';
  return {
    name: 'unsaid-readers-words',
    resolveId: (asked) => (asked === id ? '\0' + id : undefined),
    load(asked) {
      if (asked !== '\0' + id) return undefined;
      const file = here('src/words/en.json');
      this.addWatchFile(file);
      const all = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
      const few = Object.fromEntries(
        Object.entries(all).filter(([key]) => /^person\.(script\.|read\.print$)/.test(key)),
      );
      return `export default ${JSON.stringify(few)}`;
    },
  };
}

export default defineConfig({
  plugins: [svelte(), readersWords()],
  build: {
    outDir: 'dist',
    manifest: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: {
        author: here('src/pages/author/main.ts'),
        reader: here('src/pages/reader/main.ts'),
        look: here('src/ui/look.css'),
      },
    },
  },
  worker: { format: 'es' },
  test: {
    include: ['src/**/*.test.ts'],
    environment: 'node',
  },
});
