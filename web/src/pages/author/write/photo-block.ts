// A photo in the letter while it is written: the picture, what is to be seen on it in her own words, and buttons to
// move or remove it. It draws one block; the photo's bytes come from whoever keeps them.

import type { Node } from 'prosemirror-model';
import { NodeSelection } from 'prosemirror-state';
import type { EditorView, NodeView } from 'prosemirror-view';

export interface PhotoWords {
  alt: string;
  altHelp: string;
  up: string;
  down: string;
  remove: string;
  missing: string;
  opening: string;
}

let count = 0;

export class PhotoBlock implements NodeView {
  readonly dom: HTMLElement;
  readonly #picture = document.createElement('img');
  readonly #said = document.createElement('p');
  readonly #alt = document.createElement('input');
  #node: Node;

  constructor(
    node: Node,
    private readonly view: EditorView,
    private readonly at: () => number | undefined,
    words: PhotoWords,
    photo: (name: string) => Promise<string | null>,
  ) {
    this.#node = node;
    count += 1;
    this.dom = document.createElement('figure');
    this.dom.className = 'photo';
    this.dom.contentEditable = 'false';

    this.#picture.alt = node.attrs['alt'] as string;
    this.#picture.draggable = false;
    this.#size();
    this.#said.className = 'note';
    this.#said.textContent = words.opening;
    this.#picture.hidden = true;

    const id = `photo-alt-${count}`;
    const label = document.createElement('label');
    label.htmlFor = id;
    label.textContent = words.alt;
    const help = document.createElement('span');
    help.className = 'help';
    help.id = `${id}-help`;
    help.textContent = words.altHelp;
    this.#alt.id = id;
    this.#alt.className = 'input';
    this.#alt.dir = 'auto';
    this.#alt.maxLength = 500;
    this.#alt.autocomplete = 'off';
    this.#alt.setAttribute('aria-describedby', help.id);
    this.#alt.value = node.attrs['alt'] as string;
    this.#alt.addEventListener('input', () => this.#set({ alt: this.#alt.value }));
    const field = document.createElement('div');
    field.className = 'field';
    field.append(label, help, this.#alt);

    const acts = document.createElement('div');
    acts.className = 'acts';
    acts.append(
      this.#button(words.up, () => this.#move(-1)),
      this.#button(words.down, () => this.#move(1)),
      this.#button(words.remove, () => this.#remove()),
    );
    this.dom.append(this.#picture, this.#said, field, acts);

    void photo(node.attrs['name'] as string).then((address) => {
      if (address === null) {
        this.#said.textContent = words.missing;
        return;
      }
      this.#picture.src = address;
      this.#picture.hidden = false;
      this.#said.remove();
    });
  }

  #button(label: string, press: () => void): HTMLButtonElement {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'button button--quiet';
    button.textContent = label;
    button.addEventListener('click', press);
    return button;
  }

  #size(): void {
    const { width, height } = this.#node.attrs as { width: number; height: number };
    if (width > 0 && height > 0) {
      this.#picture.width = width;
      this.#picture.height = height;
    }
  }

  #set(attrs: Record<string, unknown>): void {
    const at = this.at();
    if (at === undefined) return;
    this.view.dispatch(this.view.state.tr.setNodeMarkup(at, undefined, { ...this.#node.attrs, ...attrs }));
  }

  /** Past the block before, or the block after. */
  #move(by: -1 | 1): void {
    const at = this.at();
    if (at === undefined) return;
    const { doc, tr } = this.view.state;
    const index = doc.resolve(at).index(0);
    const other = index + by;
    if (other < 0 || other >= doc.childCount) return;
    const size = this.#node.nodeSize;
    const to = by < 0 ? at - doc.child(other).nodeSize : at + doc.child(other).nodeSize;
    tr.delete(at, at + size).insert(to, this.#node);
    this.view.dispatch(tr.setSelection(NodeSelection.create(tr.doc, to)).scrollIntoView());
  }

  #remove(): void {
    const at = this.at();
    if (at === undefined) return;
    this.view.dispatch(this.view.state.tr.delete(at, at + this.#node.nodeSize));
    this.view.focus();
  }

  update(node: Node): boolean {
    if (node.type !== this.#node.type || node.attrs['name'] !== this.#node.attrs['name']) return false;
    this.#node = node;
    const alt = node.attrs['alt'] as string;
    this.#picture.alt = alt;
    if (this.#alt.value !== alt) this.#alt.value = alt;
    return true;
  }

  /** What is typed into the field is the field's, not the letter's. */
  stopEvent(event: Event): boolean {
    const target = event.target as Element | null;
    return target instanceof HTMLInputElement || target?.closest('button') != null;
  }

  ignoreMutation(): boolean {
    return true;
  }
}
