/** Copies a template of index.html. Returns its root and its parts by their `data-part`. */
export function copyOf(template) {
  const root = document.getElementById(template).content.firstElementChild.cloneNode(true);
  const parts = { root };
  for (const part of root.querySelectorAll("[data-part]")) parts[part.dataset.part] = part;
  return parts;
}

/** Creates an element with properties and children; strings become text nodes. */
export function element(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

/** Sets the text of a node only if it differs, so that a live region announces changes only. */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Sets the text of a node, or hides the node if the text is empty. */
export function writeOrHide(node, text) {
  node.hidden = !text;
  write(node, text ?? "");
}

/** Fills a list with one item per text. */
export function fillList(list, texts) {
  if (texts.join("\n") !== [...list.children].map((item) => item.textContent).join("\n")) {
    list.replaceChildren(...texts.map((text) => element("li", {}, text)));
  }
}

/**
 * Keeps one child of `parent` per item, in the order of the items. Children of items that remain are updated in place,
 * so that focus, players and open details survive. `make` returns an object with `root` and `update(item)`.
 */
export class Keyed {
  #shown = new Map();

  constructor(parent, keyOf, make) {
    Object.assign(this, { parent, keyOf, make });
  }

  show(items) {
    const gone = new Map(this.#shown);
    items.forEach((item, place) => {
      const key = this.keyOf(item);
      const child = this.#shown.get(key) ?? this.make(item);
      this.#shown.set(key, child);
      gone.delete(key);
      if (this.parent.children[place] !== child.root) this.parent.insertBefore(child.root, this.parent.children[place] ?? null);
      child.update(item);
    });
    for (const [key, child] of gone) {
      child.root.remove();
      this.#shown.delete(key);
    }
  }

  get(key) {
    return this.#shown.get(key);
  }
}

/** Resolves when the previous question is answered: only one dialog is open at a time. */
let lastAnswer = Promise.resolve();

/** Asks the user to confirm an action; resolves to whether they pressed the button labelled `yes`. */
export function confirmed(question, yes) {
  const dialog = document.getElementById("question");
  lastAnswer = lastAnswer.then(() => {
    write(document.getElementById("question-text"), question);
    write(document.getElementById("question-yes"), yes);
    dialog.returnValue = "no";
    dialog.showModal();
    return new Promise((resolve) => {
      dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
    });
  });
  return lastAnswer;
}
