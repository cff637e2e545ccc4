// One element with a class and words in it. It knows no page.

export function newElement<N extends keyof HTMLElementTagNameMap>(
  name: N,
  className = '',
  text = '',
): HTMLElementTagNameMap[N] {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}
