// What differs between two texts, paragraph by paragraph: the longest common run stays, the rest is said to be in the one or in the
// other. It knows no drafts.

export interface Line {
  in: 'both' | 'here' | 'there';
  text: string;
}

/** Beyond this many paragraphs the middle is compared as one piece: a table of all pairs would be too large for a phone. */
const MOST = 1_500;

const paragraphsOf = (text: string): string[] => (text === '' ? [] : text.split(/\n{2,}/));

export function differences(here: string, there: string): Line[] {
  let [one, other] = [paragraphsOf(here), paragraphsOf(there)];
  const before: Line[] = [];
  const after: Line[] = [];
  while (one.length > 0 && other.length > 0 && one[0] === other[0]) {
    before.push({ in: 'both', text: one[0]! });
    [one, other] = [one.slice(1), other.slice(1)];
  }
  while (one.length > 0 && other.length > 0 && one.at(-1) === other.at(-1)) {
    after.unshift({ in: 'both', text: one.at(-1)! });
    [one, other] = [one.slice(0, -1), other.slice(0, -1)];
  }
  return [...before, ...middle(one, other), ...after];
}

function middle(one: readonly string[], other: readonly string[]): Line[] {
  const only = (side: 'here' | 'there', list: readonly string[]): Line[] =>
    list.map((text) => ({ in: side, text }));
  if (one.length > MOST || other.length > MOST) return [...only('here', one), ...only('there', other)];
  // How long the common run is from each pair of places on.
  const width = other.length + 1;
  const run = new Uint32Array((one.length + 1) * width);
  for (let i = one.length - 1; i >= 0; i -= 1) {
    for (let j = other.length - 1; j >= 0; j -= 1) {
      run[i * width + j] =
        one[i] === other[j]
          ? run[(i + 1) * width + j + 1]! + 1
          : Math.max(run[(i + 1) * width + j]!, run[i * width + j + 1]!);
    }
  }
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < one.length && j < other.length) {
    if (one[i] === other[j]) {
      lines.push({ in: 'both', text: one[i]! });
      [i, j] = [i + 1, j + 1];
    } else if (run[(i + 1) * width + j]! >= run[i * width + j + 1]!) {
      lines.push({ in: 'here', text: one[i]! });
      i += 1;
    } else {
      lines.push({ in: 'there', text: other[j]! });
      j += 1;
    }
  }
  return [...lines, ...only('here', one.slice(i)), ...only('there', other.slice(j))];
}
