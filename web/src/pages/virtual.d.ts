// The sentences of the reader's page, cut out of en.json when the pages are built (vite.config.ts).
declare module 'virtual:words-of-the-reader' {
  const words: Readonly<Record<string, string | undefined>>;
  export default words;
}
