// An element with its class and what is inside: for pages that are drawn without a framework.

export function made<N extends keyof HTMLElementTagNameMap>(
  name: N,
  className: string,
  ...inside: (string | HTMLElement)[]
): HTMLElementTagNameMap[N] {
  const element = document.createElement(name);
  if (className !== '') element.className = className;
  element.append(...inside);
  return element;
}
