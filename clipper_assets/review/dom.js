/** A copy of a template of index.html: its root, and its parts by their `data-part`. */
export function copyOf(template) {
  const root = document.getElementById(template).content.firstElementChild.cloneNode(true);
  const parts = { root };
  for (const part of root.querySelectorAll("[data-part]")) parts[part.dataset.part] = part;
  return parts;
}

/** An element with properties and children; strings become text. */
export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** Write a text only where it differs, so that a live region speaks of changes alone. */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Show a text, or hide the node where there is none. */
export function writeOrHide(node, text) {
  node.hidden = !text;
  write(node, text ?? "");
}

/** A list of sentences or names as list items. */
export function fillList(list, texts) {
  if (texts.join("\n") !== [...list.children].map((item) => item.textContent).join("\n")) {
    list.replaceChildren(...texts.map((text) => element("li", {}, text)));
  }
}

/**
 * Children of `parent` for `items`, in their order: those of items that stay are kept and only brought up to date, so
 * that focus, players and open details survive. `make` gives an object with `root` and `update(item)`.
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

/** The answer to the question before: there is one at a time. */
let asked = Promise.resolve();

/** Ask before something that cannot be taken back; resolves to whether the answer was `yes`. */
export function ask(question, yes) {
  const dialog = document.getElementById("question");
  asked = asked.then(() => {
    write(document.getElementById("question-text"), question);
    write(document.getElementById("question-yes"), yes);
    dialog.returnValue = "no";
    dialog.showModal();
    return new Promise((resolve) => {
      dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
    });
  });
  return asked;
}
