// The page on which she writes: ProseMirror on the letter's closed schema, with its keys, undo, lists, and what is
// pasted or dropped. It tells what changed and where the caret is; it keeps nothing and draws no toolbar.

import {
  baseKeymap,
  chainCommands,
  exitCode,
  setBlockType,
  toggleMark,
  wrapIn,
  lift,
} from 'prosemirror-commands';
import { history, redo, redoDepth, undo, undoDepth } from 'prosemirror-history';
import { inputRules, wrappingInputRule } from 'prosemirror-inputrules';
import { keymap } from 'prosemirror-keymap';
import { Slice, type Node } from 'prosemirror-model';
import { liftListItem, sinkListItem, splitListItem, wrapInList } from 'prosemirror-schema-list';
import { EditorState, NodeSelection, Plugin, Selection, type Command } from 'prosemirror-state';
import { EditorView } from 'prosemirror-view';
import { fromText, type Doc } from '../../../seal/body';
import { cleanHtml, MOST_PASTED } from './paste';
import { PhotoBlock, type PhotoWords } from './photo-block';
import { editorDoc, letterDoc, listDepth, MAY_DEEPEN, schema } from './schema';

/** What a button of the toolbar does. */
export type Act = 'undo' | 'redo' | 'bold' | 'italic' | 'heading' | 'list' | 'numbers' | 'quote';

/** How the buttons stand: pressed, and whether pressing does anything. */
export type Standing = Record<Act, { on: boolean; can: boolean }>;

export interface Told {
  /** The letter has changed. */
  changed(doc: Doc): void;
  /** The caret has moved, or what the buttons say. */
  moved(standing: Standing): void;
  /** Files were pasted or dropped, to be placed at `at`. */
  photos(files: File[], at: number): void;
  /** Something of what was pasted could not come along. */
  left(what: 'pictures' | 'too-long'): void;
}

export interface Setting {
  label: string;
  language: string;
  photoWords: PhotoWords;
  /** A blob: address of a photo of this letter, when it has been read from where it lies. */
  photo(name: string): Promise<string | null>;
}

const { nodes, marks } = schema;
const item = nodes['item']!;

/** Deepens a list, as far as a letter goes. */
const deepen: Command = (state, dispatch) =>
  listDepth(state.selection.$from) >= MAY_DEEPEN ? false : sinkListItem(item)(state, dispatch);

const newLine: Command = chainCommands(exitCode, (state, dispatch) => {
  dispatch?.(state.tr.replaceSelectionWith(nodes['hard_break']!.create()).scrollIntoView());
  return true;
});

function isIn(state: EditorState, name: string): boolean {
  const { $from } = state.selection;
  for (let depth = $from.depth; depth > 0; depth -= 1) {
    if ($from.node(depth).type.name === name) return true;
  }
  return false;
}

function hasMark(state: EditorState, name: 'bold' | 'italic'): boolean {
  const mark = marks[name]!;
  const { from, to, empty, $from } = state.selection;
  return empty
    ? mark.isInSet(state.storedMarks ?? $from.marks()) !== undefined
    : state.doc.rangeHasMark(from, to, mark);
}

const toggleHeading: Command = (state, dispatch) =>
  isIn(state, 'heading')
    ? setBlockType(nodes['paragraph']!)(state, dispatch)
    : setBlockType(nodes['heading']!, { level: 2 })(state, dispatch);

const toggleQuote: Command = (state, dispatch) =>
  isIn(state, 'quote') ? lift(state, dispatch) : wrapIn(nodes['quote']!)(state, dispatch);

/** Into a list, out of it, or from one kind into the other. */
const toggleList =
  (name: 'bullet_list' | 'ordered_list'): Command =>
  (state, dispatch) => {
    const { $from } = state.selection;
    for (let depth = $from.depth; depth > 0; depth -= 1) {
      const list = $from.node(depth);
      if (!/_list$/.test(list.type.name)) continue;
      if (list.type.name === name) return liftListItem(item)(state, dispatch);
      dispatch?.(state.tr.setNodeMarkup($from.before(depth), nodes[name]!));
      return true;
    }
    return wrapInList(nodes[name]!)(state, dispatch);
  };

const commands: Record<Act, Command> = {
  undo,
  redo,
  bold: toggleMark(marks['bold']!),
  italic: toggleMark(marks['italic']!),
  heading: toggleHeading,
  list: toggleList('bullet_list'),
  numbers: toggleList('ordered_list'),
  quote: toggleQuote,
};

export function standingOf(state: EditorState): Standing {
  const can = (act: Act) => commands[act](state);
  return {
    undo: { on: false, can: undoDepth(state) > 0 },
    redo: { on: false, can: redoDepth(state) > 0 },
    bold: { on: hasMark(state, 'bold'), can: can('bold') },
    italic: { on: hasMark(state, 'italic'), can: can('italic') },
    heading: { on: isIn(state, 'heading'), can: can('heading') },
    list: { on: isIn(state, 'bullet_list'), can: can('list') },
    numbers: { on: isIn(state, 'ordered_list'), can: can('numbers') },
    quote: { on: isIn(state, 'quote'), can: can('quote') },
  };
}

/** What a slice of plain text becomes: paragraphs at empty lines, line ends within them. */
export function sliceOfText(text: string): Slice {
  return editorDoc(fromText(text)).slice(0);
}

function wholeSlice(text: string): Slice {
  const doc = editorDoc(fromText(text));
  // Open at both ends, so that words pasted into a sentence stay in it.
  return new Slice(doc.content, doc.firstChild?.isTextblock ? 1 : 0, doc.lastChild?.isTextblock ? 1 : 0);
}

const pictureFiles = (data: DataTransfer | null): File[] =>
  [...(data?.files ?? [])].filter((file) => file.type.startsWith('image/'));

/** One editor in one element of the page. */
export class Editor {
  readonly #view: EditorView;
  #told: Told;

  constructor(place: HTMLElement, doc: Doc, setting: Setting, told: Told) {
    this.#told = told;
    this.#view = new EditorView(place, {
      state: this.#stateOf(editorDoc(doc)),
      attributes: {
        id: 'letter',
        class: 'letter editor',
        role: 'textbox',
        'aria-multiline': 'true',
        'aria-label': setting.label,
        lang: setting.language,
        spellcheck: 'true',
        dir: 'auto',
      },
      dispatchTransaction: (change) => {
        const state = this.#view.state.apply(change);
        this.#view.updateState(state);
        if (change.docChanged) this.#told.changed(letterDoc(state.doc));
        this.#told.moved(standingOf(state));
      },
      nodeViews: {
        photo: (node, view, at) => new PhotoBlock(node, view, at, setting.photoWords, setting.photo),
      },
      transformPastedHTML: (html) => {
        const { html: clean, pictures } = cleanHtml(html);
        if (pictures > 0) this.#told.left('pictures');
        return clean;
      },
      clipboardTextParser: (text) => wholeSlice(text),
      handlePaste: (view, event) => {
        const data = event.clipboardData;
        const files = pictureFiles(data);
        // Word puts a picture of the text beside the text: words come first.
        const hasWords = (data?.getData('text/plain') ?? '').trim() !== '';
        if (files.length > 0 && !hasWords) {
          this.#told.photos(files, view.state.selection.from);
          return true;
        }
        if (
          (data?.getData('text/html').length ?? 0) + (data?.getData('text/plain').length ?? 0) >
          MOST_PASTED * 2
        ) {
          this.#told.left('too-long');
          return true;
        }
        return false;
      },
      handleDrop: (view, event, _slice, moved) => {
        const files = moved ? [] : pictureFiles(event.dataTransfer);
        if (files.length === 0) return false;
        const at = view.posAtCoords({ left: event.clientX, top: event.clientY })?.pos;
        this.#told.photos(files, at ?? view.state.selection.from);
        return true;
      },
    });
    this.#told.moved(standingOf(this.#view.state));
  }

  #stateOf(doc: Node): EditorState {
    return EditorState.create({
      doc,
      plugins: [
        history({ newGroupDelay: 700 }),
        inputRules({
          rules: [
            wrappingInputRule(/^\s*[-*•]\s$/, nodes['bullet_list']!),
            wrappingInputRule(/^\s*1[.)]\s$/, nodes['ordered_list']!),
          ],
        }),
        keymap({
          'Mod-z': undo,
          'Mod-y': redo,
          'Mod-Shift-z': redo,
          'Mod-b': commands.bold,
          'Mod-i': commands.italic,
          Enter: splitListItem(item),
          'Shift-Enter': newLine,
          'Mod-]': deepen,
          'Mod-[': liftListItem(item),
          Backspace: chainCommands(outOfEmptyItem, outOfQuote),
        }),
        keymap(baseKeymap),
        new Plugin({ props: { scrollMargin: 80, scrollThreshold: 40 } }),
      ],
    });
  }

  get doc(): Doc {
    return letterDoc(this.#view.state.doc);
  }

  act(act: Act): void {
    commands[act](this.#view.state, this.#view.dispatch.bind(this.#view), this.#view);
    this.#view.focus();
  }

  focus(): void {
    this.#view.focus();
  }

  /** Shows another document, such as one that was written in another window. What was undone before is forgotten. */
  show(doc: Doc): void {
    const state = this.#stateOf(editorDoc(doc));
    this.#view.updateState(state);
    this.#told.moved(standingOf(state));
  }

  /** The same as typing it: it can be undone. */
  replace(doc: Doc): void {
    const { tr, doc: now } = this.#view.state;
    this.#view.dispatch(tr.replaceWith(0, now.content.size, editorDoc(doc).content));
  }

  /** The position of the caret. */
  get at(): number {
    return this.#view.state.selection.from;
  }

  /** Puts photos into the letter at a position, each a block of its own. */
  place(photos: readonly { name: string; width: number; height: number }[], at: number): void {
    const blocks = photos.map(({ name, width, height }) =>
      nodes['photo']!.create({ name, alt: '', width, height }),
    );
    const { tr } = this.#view.state;
    const size = this.#view.state.doc.content.size;
    let here = Math.min(Math.max(0, at), size);
    for (const block of blocks) {
      const before = tr.doc.content.size;
      const $here = tr.doc.resolve(Math.min(here, tr.doc.content.size));
      // After the block in which the caret stands; in its place when that is an empty paragraph.
      const top = $here.depth > 0 ? $here.node(1) : null;
      if (top?.type.name === 'paragraph' && top.content.size === 0) {
        tr.replaceWith($here.before(1), $here.after(1), block);
        here = $here.before(1) + block.nodeSize;
      } else {
        const after = $here.depth > 0 ? $here.after(1) : here;
        tr.insert(after, block);
        here = after + block.nodeSize;
      }
      void before;
    }
    // There is always a line to write on below a photo.
    if (here >= tr.doc.content.size) tr.insert(tr.doc.content.size, nodes['paragraph']!.create());
    tr.setSelection(Selection.near(tr.doc.resolve(Math.min(here + 1, tr.doc.content.size))));
    this.#view.dispatch(tr.scrollIntoView());
  }

  close(): void {
    this.#view.destroy();
  }
}

/** Backspace at the start of an empty item leaves the list. */
const outOfEmptyItem: Command = (state, dispatch) => {
  const { $from, empty } = state.selection;
  if (!empty || $from.parentOffset > 0 || !isIn(state, 'item')) return false;
  return liftListItem(item)(state, dispatch);
};

const outOfQuote: Command = (state, dispatch) => {
  const { $from, empty } = state.selection;
  if (!empty || $from.parentOffset > 0 || !isIn(state, 'quote') || state.selection instanceof NodeSelection)
    return false;
  return lift(state, dispatch);
};
