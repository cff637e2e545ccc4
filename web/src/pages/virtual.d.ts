// The sentences that pages outside of the author's half carry, cut out of the languages' files when they are built
// (vite.config.ts): for the reader's page, for open-me.html, and for what lies in an exported folder.
declare module 'virtual:words-of-the-reader' {
  const words: Readonly<Record<string, Readonly<Record<string, string | undefined>>>>;
  export default words;
}
declare module 'virtual:words-once-open' {
  const words: Readonly<Record<string, Readonly<Record<string, string | undefined>>>>;
  export default words;
}
declare module 'virtual:words-of-keepers-cards' {
  const words: Readonly<Record<string, Readonly<Record<string, string | undefined>>>>;
  export default words;
}
declare module 'virtual:words-of-the-keeper' {
  const words: Readonly<Record<string, Readonly<Record<string, string | undefined>>>>;
  export default words;
}
declare module 'virtual:words-of-the-folder' {
  const words: Readonly<Record<string, Readonly<Record<string, string | undefined>>>>;
  export default words;
}
/** The address of open-me.html without a letter; empty in tests, which build it themselves. */
declare module 'virtual:open-me' {
  const address: string;
  export default address;
}
