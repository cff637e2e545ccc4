// Builds open-me.html: one file with script, style and words in it, and a policy that allows nothing else (CSP Level 3, by
// hashes). Runs in Node while the pages are built, and in tests. It puts no letter in: the export does that, where it is made.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'vite';

const web = fileURLToPath(new URL('../../../', import.meta.url));

/** Cuts the few sentences that a page needs out of the languages' files. */
export function wordsFor(id: string, keys: RegExp): Plugin {
  return {
    name: `unsaid-${id}`,
    resolveId: (asked) => (asked === id ? '\0' + id : undefined),
    load(asked) {
      if (asked !== '\0' + id) return undefined;
      const few = ['en', 'es'].map((language) => {
        const file = `${web}src/words/${language}.json`;
        this.addWatchFile(file);
        const all = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
        return [language, Object.fromEntries(Object.entries(all).filter(([key]) => keys.test(key)))];
      });
      return `export default ${JSON.stringify(Object.fromEntries(few))}`;
    },
  };
}

export const readersWords = (): Plugin =>
  wordsFor('virtual:words-of-the-reader', /^person\.(script\.|read\.print$)|^author\.ordinal\.[1-8]$/);

/** For what a reader may do once the letter is open: they come with it, and never before. */
export const openWords = (): Plugin => wordsFor('virtual:words-once-open', /^person\.(answer|keep|hand)\./);

/** For a letter that keepers' cards open. */
export const keepersCardsWords = (): Plugin =>
  wordsFor('virtual:words-of-keepers-cards', /^person\.gather\./);

/** For the page on which a keeper types their card. */
export const keepersWords = (): Plugin => wordsFor('virtual:words-of-the-keeper', /^keeper\.card\./);

export const foldersWords = (): Plugin => wordsFor('virtual:words-of-the-folder', /^folder\./);

const filesWords = (): Plugin =>
  wordsFor(
    'virtual:words-of-the-reader',
    /^person\.(script|file)\.|^person\.read\.print$|^author\.ordinal\.[1-8]$/,
  );

/** The file without a letter: `<script id="sealed">` holds null. */
export async function buildOpenMe(): Promise<string> {
  const result = await build({
    configFile: false,
    logLevel: 'error',
    root: web,
    plugins: [filesWords()],
    build: {
      write: false,
      target: 'es2022',
      assetsInlineLimit: 0,
      cssCodeSplit: false,
      modulePreload: false,
      rollupOptions: {
        input: `${web}src/pages/offline/main.ts`,
        output: { format: 'iife' },
      },
    },
  });
  const [bundle] = [result].flat();
  if (!bundle || !('output' in bundle)) throw new Error('open-me.html was not built');
  const scripts = bundle.output.filter((part) => part.type === 'chunk').map((part) => part.code);
  const styles = bundle.output.filter((part) => part.type === 'asset' && part.fileName.endsWith('.css'));
  if (scripts.length !== 1 || styles.length !== 1)
    throw new Error('open-me.html is not one script and one style');
  // Inside of strings these would begin or end markup, where a script stands in a page.
  const script = scripts[0]!.trim().replace(/<(?=!--|\/?script)/gi, '\\x3C');
  // The typefaces stay at the house: a letter on a stick is set in the reader's own.
  const style = String((styles[0] as { source: string | Uint8Array }).source)
    .replace(/@font-face\s*\{[^}]*\}/g, '')
    .trim();
  if (/<\/script|<!--/i.test(script) || /<\/style|url\(/i.test(style))
    throw new Error('open-me.html would leak');
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  const policy =
    `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; img-src blob:; ` +
    `base-uri 'none'; form-action 'none'`;
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    '<meta name="referrer" content="no-referrer">',
    '<title>Unsaid</title>',
    `<style>${style}</style>`,
    '</head>',
    '<body>',
    '<div id="app"></div>',
    '<script type="application/json" id="sealed">null</script>',
    `<script>${script}</script>`,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

/** Gives the author's pages the address of the file, for the export. */
export function openMe(): Plugin {
  const id = 'virtual:open-me';
  let serving = false;
  return {
    name: 'unsaid-open-me',
    configResolved: (config) => {
      serving = config.command === 'serve';
    },
    resolveId: (asked) => (asked === id ? '\0' + id : undefined),
    async load(asked) {
      if (asked !== '\0' + id) return undefined;
      if (serving) return 'export default "";';
      const source = await buildOpenMe();
      // Its name says which bytes it has, as all names under /assets do.
      const fileName = `assets/open-me-${createHash('sha256').update(source).digest('hex').slice(0, 8)}.html`;
      this.emitFile({ type: 'asset', fileName, source });
      return `export default ${JSON.stringify(`/${fileName}`)};`;
    },
  };
}
