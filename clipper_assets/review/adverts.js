/** The adverts of an episode: their passages of the transcript, and how people mark and unmark them. */

import { copyOf, element, write } from "./dom.js";
import { clock, coarse, plural } from "./format.js";

const AROUND = 2;
const KINDS = {
  advert: { name: "Advert", not: "Not an advert" },
  intro: { name: "Intro", not: "Not an intro" },
  outro: { name: "Outro", not: "Not an outro" },
  subscribe: { name: "Call to subscribe", not: "Not a call to subscribe" },
};
const APPLY = "Render again to apply it.";

export const kindName = ({ kind }) => KINDS[kind].name;
export const reasonOf = (span) => (span.marked ? "Marked by a person" : span.evidence.length ? `Recognized by: ${span.evidence.join(", ")}` : "");

/** The passage that holds the middle of a word or sentence; undefined if it is in none. */
export const passageOf = ({ start, end }, spans) => spans.find((span) => span.start <= (start + end) / 2 && (start + end) / 2 < span.end);

/** The button that says that a passage is part of the conversation. */
export function unmarkButton(span, editor) {
  const button = element("button", { type: "button", className: "small" }, KINDS[span.kind].not);
  button.setAttribute("aria-label", `${KINDS[span.kind].not}: ${clock(span.start)} to ${clock(span.end)}`);
  button.addEventListener("click", () => {
    const { start, end } = span;
    editor.mark({ unmark: [{ start, end }] }, `The passage is no longer marked as ${kindName(span).toLowerCase()}. ${APPLY}`);
  });
  return button;
}

/**
 * Marks a passage as an advert by its first and its last word or sentence (`what`). `button` begins and cancels the
 * choice, as Escape does inside `root`. `help` says what to do, and `onChange` is called when the choice begins or ends.
 */
export function makeMarking(root, button, what, editor, { help, onChange }) {
  let first = null;
  const marking = {
    on: false,
    /** Whether the choice began with this word or sentence. */
    startsWith: ({ start }) => first?.start === start,
    choose(item) {
      if (!first) {
        first = item;
        help(`Now select the last ${what} of the advert. Press Escape to cancel.`);
        return;
      }
      const [start, end] = [Math.min(first.start, item.start), Math.max(first.end, item.end)];
      toggle(false);
      button.focus();
      editor.mark({ mark: [{ start, end, kind: "advert" }] }, `The passage is marked as an advert. ${APPLY}`);
    },
    cancel: () => marking.on && toggle(false),
  };
  function toggle(on) {
    marking.on = on;
    first = null;
    button.setAttribute("aria-pressed", on);
    help(on ? `Select the first ${what} of the advert. Press Escape to cancel.` : "");
    onChange();
  }
  button.addEventListener("click", () => toggle(!marking.on));
  root.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape" || !marking.on) return;
    toggle(false);
    button.focus();
  });
  return marking;
}

/** The section of the page of an episode. `editor` gives the transcript and saves marks. */
export function makeAdverts({ canEdit }, editor) {
  const view = copyOf("adverts");
  const opened = new Set();
  let shown = null;
  view.mark.hidden = !canEdit;
  const marking = makeMarking(view.root, view.mark, "sentence", editor, {
    help: (text) => write(view.help, text),
    onChange() {
      shown = null;
      show();
    },
  });
  view.root.addEventListener("toggle", show);

  function makeSentence(sentence, outside) {
    const line = element("p", { className: "sentence" });
    line.classList.toggle("outside", outside);
    line.append(element("span", { className: "time" }, clock(sentence.start)), " ");
    if (!marking.on) {
      line.append(sentence.text);
      return line;
    }
    const button = element("button", { type: "button", className: "word" }, sentence.text);
    button.addEventListener("click", () => {
      marking.choose(sentence);
      button.classList.toggle("chosen", marking.startsWith(sentence));
    });
    line.append(button);
    return line;
  }

  function makePassage(span, sentences) {
    const name = element("span", { className: "chip advert-name" }, kindName(span));
    const facts = element("span", { className: "dim" }, `${clock(span.start)} to ${clock(span.end)}`);
    const head = element("div", { className: "row" }, name, facts);
    if (canEdit) head.append(unmarkButton(span, editor));
    const passage = element("section", { className: "passage" }, head);
    passage.setAttribute("aria-label", `${kindName(span)}, ${facts.textContent}`);
    const reason = reasonOf(span);
    if (reason) passage.append(element("p", { className: "dim" }, reason));
    passage.append(...sentences.map((sentence) => makeSentence(sentence, false)));
    return passage;
  }

  /** A button that shows the sentences between two passages. */
  function makeGap(sentences) {
    const button = element("button", { type: "button", className: "small gap" }, `Show ${plural(sentences.length, "sentence")}`);
    button.addEventListener("click", () => {
      opened.add(sentences[0].number);
      const lines = sentences.map((sentence) => makeSentence(sentence, true));
      button.replaceWith(...lines);
      lines[0].tabIndex = -1;
      lines[0].focus();
    });
    return button;
  }

  /** The stretches of the transcript in order: passages, the sentences around them, and gaps. */
  function stretches(sentences, spans) {
    const passages = sentences.map((sentence) => passageOf(sentence, spans));
    const isNear = (index) => passages.slice(Math.max(index - AROUND, 0), index + AROUND + 1).some(Boolean);
    const nodes = [];
    const silent = spans.filter((span) => !passages.includes(span));
    for (let index = 0; index < sentences.length; ) {
      while (silent.length && silent[0].start <= sentences[index].start) nodes.push(makePassage(silent.shift(), []));
      const [span, near, begin] = [passages[index], isNear(index), index];
      while (index < sentences.length && passages[index] === span && (span || isNear(index) === near)) index += 1;
      const stretch = sentences.slice(begin, index);
      if (span) nodes.push(makePassage(span, stretch));
      else if (near || opened.has(stretch[0].number)) nodes.push(...stretch.map((sentence) => makeSentence(sentence, true)));
      else nodes.push(makeGap(stretch));
    }
    return [...nodes, ...silent.map((span) => makePassage(span, []))];
  }

  function show() {
    const transcript = editor.transcript();
    view.root.hidden = !transcript?.sentences.length;
    if (view.root.hidden) return;
    const { sentences, spans } = transcript;
    const total = spans.reduce((sum, { start, end }) => sum + end - start, 0);
    write(view.title, spans.length ? `Adverts: ${plural(spans.length, "passage")}, ${coarse(total)}` : "Adverts: none found");
    const state = JSON.stringify([spans, sentences.length, sentences[0].start]);
    if (!view.root.open || state === shown) return;
    shown = state;
    view.script.replaceChildren(...stretches(sentences, spans));
  }

  return { root: view.root, update: show };
}
