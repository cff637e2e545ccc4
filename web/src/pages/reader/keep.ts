// The letter in the reader's own hands: one file that opens without us, or the very bytes that were signed. Fetched when it is asked for;
// it asks the house for nothing, and leaves nothing in the browser but the file that the reader saves.

import { openFile } from '../../seal/read';
import { giveFile, keptName, keptPage } from '../kept-page';
import { newElement as made } from '../element';
import type { Standing } from './main';
import { locale } from './say';
import { say } from './say-more';
import { acts, button, docOf } from './show';

const pictureOf = async (blob: Blob) => ({
  type: blob.type,
  bytes: new Uint8Array(await blob.arrayBuffer()),
});

/** Opens what is said about it, with the button that saves; or goes to where it stands. */
export function keepIt(standing: Standing): void {
  const { letter, signature, files, came, all, row } = standing;
  const there = document.getElementById('keep');
  if (there) {
    there.focus();
    return;
  }
  const box = made('section', 'notice screen-only');
  box.id = 'keep';
  box.tabIndex = -1;
  box.setAttribute('aria-labelledby', 'keep-title');
  const title = made('h2', '', say('person.keep.title'));
  title.id = 'keep-title';
  const status = made('p', 'help');
  status.setAttribute('role', 'status');

  let busy = false;
  const saving = (label: string, name: () => string, make: () => Promise<() => void>): HTMLButtonElement =>
    button(label, () => {
      if (busy) return;
      busy = true;
      status.textContent = say('person.keep.saving');
      make()
        .then(
          (give) => {
            give();
            const missing = letter.media.some((medium) => !came.has(medium.name));
            const saved = say('person.keep.saved', { file: name() });
            status.textContent = missing ? `${saved} ${say('person.keep.missing')}` : saved;
          },
          () => {
            status.textContent = say('person.keep.broken');
          },
        )
        .finally(() => {
          busy = false;
        });
    });

  const day = new Intl.DateTimeFormat(locale(), { dateStyle: 'long', timeZone: 'UTC' }).format(letter.date);
  const named = (name: string): string => say('person.keep.file', { name, day });
  const file = keptName(letter.from, named);

  async function page(): Promise<() => void> {
    await all;
    const pictures = new Map<string, { type: string; bytes: Uint8Array }>();
    for (const [name, blob] of came) pictures.set(name, await pictureOf(blob));
    const pieces = keptPage({
      language: document.documentElement.lang,
      title: named(letter.from),
      head: [named(letter.from), say('person.keep.to', { name: letter.to })],
      foot: [
        signature.state === 'signed'
          ? say('person.keep.signed', { fingerprint: signature.hand.fingerprint })
          : say('person.keep.unsigned'),
        say('person.keep.foot'),
      ],
      doc: docOf(letter),
      picture: (name) => pictures.get(name) ?? null,
      missing: (alt) => (alt === '' ? say('person.keep.photo') : say('person.keep.photo-of', { alt })),
    });
    return () => giveFile(file, pieces, 'text/html');
  }

  const save = saving(say('person.keep.save'), () => file, page);
  const bytes = (label: string, name: string, age: Uint8Array, type: string) =>
    saving(
      label,
      () => name,
      async () => {
        const plain = openFile(files.key, age);
        return () => giveFile(name, [plain], type);
      },
    );
  const more = made('details', '');
  more.append(made('summary', '', say('person.keep.more')), made('p', '', say('person.keep.more-says')));
  const others = acts(bytes(say('person.keep.eml'), 'letter.eml', files.letterAge, 'message/rfc822'));
  if (files.sigAge)
    others.append(bytes(say('person.keep.sig'), 'letter.eml.sig', files.sigAge, 'application/octet-stream'));
  more.append(others);
  box.append(
    title,
    made('p', '', say('person.keep.says')),
    made('p', '', say('person.keep.warns')),
    acts(save),
    status,
    more,
  );
  row.after(box);
  save.focus();
}
