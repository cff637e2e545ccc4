// Whatever went wrong, as two sentences for the page: what happened, and what to do. The house's own refusals come with
// their sentences; everything else is said from the words. Nothing typed is ever dropped by any of these.

import { isProblem, Problem, Unreachable } from '../../api';
import { ChangedMeanwhile, DeviceRefuses } from '../../draft';
import type { Mend } from '../../ui/Problems.svelte';
import { figures, ordinal, say } from '../../words';
import { DraftChanged, PhotoMissing } from './content';
import { CardsUnready } from './keeper-cards';
import { KeysRefuse } from './keys';
import { VaultUnknown } from './vault';

/**
 * `fields` maps the names that the house uses to the ids of this page's fields. What the house says about a field that
 * the page has not is said of the page.
 */
export function mends(error: unknown, fields: Record<string, string> = {}): Mend[] {
  if (error instanceof Problem) {
    const said = Object.entries(error.fields).map(([name, text]) => {
      const field = fields[name];
      return field === undefined ? { text } : { field, text };
    });
    if (said.length > 0) return said;
    const text = `${error.title} ${error.detail}`.trim();
    return [{ text: text === '' ? say('author.trouble.refused') : text }];
  }
  if (error instanceof Unreachable) return [{ text: say('author.unreachable') }];
  if (error instanceof KeysRefuse) {
    const about = error.code.startsWith('kit-') ? 'kit' : error.code.startsWith('vault-') ? '' : 'words';
    return [{ text: keysSay(error), ...field(fields, about) }];
  }
  if (error instanceof VaultUnknown) return [{ text: say(`author.trouble.vault-${error.why}`) }];
  if (error instanceof CardsUnready)
    return [{ text: say('author.key.keepers-unready'), ...field(fields, 'keepers') }];
  if (error instanceof PhotoMissing) return [{ text: say('author.trouble.photo-missing') }];
  if (error instanceof DraftChanged && error.why === 'gone')
    return [{ text: say('author.trouble.gone-elsewhere') }];
  if (error instanceof DraftChanged || error instanceof ChangedMeanwhile)
    return [{ text: say('author.trouble.changed-elsewhere') }];
  if (error instanceof DeviceRefuses) return [{ text: say(`author.write.device-${error.why}`) }];
  return [{ text: say('author.trouble.broken') }];
}

const field = (fields: Record<string, string>, name: string): { field?: string } => {
  const id = fields[name];
  return id === undefined ? {} : { field: id };
};

/** What the room with the keys refused. */
function keysSay(refused: KeysRefuse): string {
  const place = refused.index ?? 0;
  switch (refused.code) {
    case 'word-unknown':
      return place < 8
        ? say('author.words.unknown', { position: ordinal(place + 1) })
        : say('author.words.too-many');
    case 'word-count':
      return say(place > 6 ? 'author.words.too-many' : 'author.words.too-few');
    case 'words-wrong':
      return say('author.words.wrong');
    case 'kit-missing':
    case 'kit-misread':
      return say(`author.words.${refused.code}`);
    case 'kit-group':
      return say('author.words.kit-group', { position: figures(place + 1) });
    case 'vault-newer':
    case 'vault-damaged':
      return say(`author.trouble.${refused.code}`);
    case 'words-checksum':
      return say('author.trouble.card-damaged');
    case 'bad-picture':
      return say('author.trouble.bad-picture');
    case 'text-too-long':
      return say('author.trouble.too-long');
    case 'bad-name':
      return say('author.trouble.bad-name');
    case 'locked':
      return say('author.trouble.locked');
    case 'wrong-key':
    case 'damaged':
    case 'wrong-letter':
    case 'not-a-wrap':
    case 'wrong-binding':
      return say('author.trouble.does-not-open');
    case 'proof-failed':
      return say('author.trouble.proof-failed');
    default:
      return say('author.trouble.broken');
  }
}

/** The text for one field among what is to be mended. */
export const wrongOf = (list: readonly Mend[], id: string): string | undefined =>
  list.find((mend) => mend.field === id)?.text;

export { isProblem };
