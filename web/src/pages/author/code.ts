// The eight figures of a code, as people give them.

import type { Mend } from '../../ui/Problems.svelte';
import { say } from '../../words';

/** Its figures: people copy a code with its spaces, or with the full stop behind it. */
export function figuresOf(typed: string): string | null {
  const figures = typed.replace(/\D/g, '');
  return figures.length === 8 ? figures : null;
}

/** What is said of a code that has another number of figures. */
export const notEight = (field: string): Mend[] => [{ field, text: say('author.code.eight') }];
