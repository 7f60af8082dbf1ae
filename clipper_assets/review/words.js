/** The transcript of a clip beside its player, with a few sentences around it: to seek, move the ends and correct words. */

import { kindName, makeMarking, passageOf, reasonOf, unmarkButton } from "./adverts.js";
import { copyOf, element, write } from "./dom.js";
import { clock, duration } from "./format.js";

const AROUND = 2;
const HELP = "Select a word to play from it. Double-click a word to correct it.";

/** `view` is the card of the clip; `clipNow()` returns the clip that the card shows at present. */
export function makeWords(view, { canEdit, signal }, editor, clipNow) {
  const words = copyOf("words");
  const { video } = view;
  const spans = new Map();
  let correcting = false;
  let spoken = null;
  view.words.append(words.root);
  for (const part of ["start-earlier", "start-later", "end-earlier", "end-later", "correct", "mark"]) words[part].hidden = !canEdit;
  write(words.help, canEdit ? HELP : "Select a word to play from it.");

  const sentences = () => editor.transcript()?.sentences ?? [];
  const indexOf = (number) => sentences().findIndex((sentence) => sentence.number === number);

  function move(change, done) {
    editor.edit(clipNow(), change, `${done} Render again to see it.`);
  }

  function step(end, by) {
    const clip = clipNow();
    const name = end ? "last_sentence" : "first_sentence";
    const target = sentences()[indexOf(clip[name]) + by];
    if (target) move({ [name]: target.number }, `Clip ${clip.clip_index} ${end ? "ends" : "starts"} a sentence ${by < 0 ? "earlier" : "later"}.`);
  }
  words["start-earlier"].addEventListener("click", () => step(false, -1));
  words["start-later"].addEventListener("click", () => step(false, 1));
  words["end-earlier"].addEventListener("click", () => step(true, -1));
  words["end-later"].addEventListener("click", () => step(true, 1));

  const marking = makeMarking(words.root, words.mark, "word", editor, {
    help: (text) => write(words.help, text || HELP),
    onChange() {
      if (marking.on && correcting) words.correct.click();
      update();
    },
  });

  words.correct.addEventListener("click", () => {
    correcting = !correcting;
    if (correcting) marking.cancel();
    words.correct.setAttribute("aria-pressed", correcting);
    write(words.help, correcting ? "Select a word to correct it. Leave it empty to remove it from the captions." : HELP);
  });

  /** Converts seconds of the episode to seconds of the clip; approximate if pauses were cut out of the clip. */
  function inFile(seconds) {
    const { start_time: start, end_time: end, duration: length } = clipNow();
    return Math.min(Math.max(((seconds - start) * length) / (end - start), 0), Math.max(length - 0.05, 0));
  }

  /** Plays the clip from a word, or says that the word is outside the clip. */
  function seek(word) {
    const { start_time: start, end_time: end } = clipNow();
    if (word.end <= start || word.start >= end) {
      write(words.help, `“${word.text}” is not in this clip. Move its start or end to include it.`);
      return;
    }
    video.currentTime = inFile(word.start);
    video.play().catch(() => {});
  }

  function correct(word, button) {
    const field = element("input", { value: word.text, maxLength: 80, size: Math.max(word.text.length, 4), className: "word-field" });
    field.setAttribute("aria-label", `Correct “${word.text}”`);
    let done = false;
    const finish = (save) => {
      if (done) return;
      done = true;
      field.replaceWith(button);
      button.focus();
      if (save && field.value.trim() !== word.text) {
        move({ words: [{ word: word.word, text: field.value.trim() }] }, `“${word.text}” is corrected.`);
      }
    };
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") finish(true);
      if (event.key === "Escape") finish(false);
    });
    field.addEventListener("blur", () => finish(true));
    button.replaceWith(field);
    field.focus();
    field.select();
  }

  function makeWord(word) {
    const button = element("button", { type: "button", className: "word" }, word.text || "–");
    button.classList.toggle("edited", word.edited);
    if (!word.text) button.setAttribute("aria-label", "word without caption");
    button.addEventListener("click", () => {
      if (!marking.on) return correcting ? correct(word, button) : seek(word);
      marking.choose(word);
      button.classList.toggle("chosen", marking.startsWith(word));
    });
    if (canEdit) button.addEventListener("dblclick", () => marking.on || correct(word, button));
    spans.set(word, button);
    return button;
  }

  /** Appends words to a line. An advert is shaded, with its name before its first word and a button after its last. */
  function appendWords(line, wordsOfLine, ends) {
    let current;
    let target = line;
    for (const word of wordsOfLine) {
      const passage = passageOf(word, editor.transcript().spans);
      if (passage !== current) {
        target = passage ? element("span", { className: "advert", title: reasonOf(passage) }) : line;
        if (passage) line.append(target, " ");
        current = passage;
      }
      const { first, last } = ends.get(passage);
      if (passage && word === first) target.append(element("span", { className: "advert-name" }, kindName(passage)), " ");
      target.append(makeWord(word), " ");
      if (passage && canEdit && word === last) target.append(unmarkButton(passage, editor));
    }
  }

  /** The first and the last of these words of each passage. */
  function endsOf(shownWords) {
    const ends = new Map();
    for (const word of shownWords) {
      const passage = passageOf(word, editor.transcript().spans);
      ends.set(passage, { first: ends.get(passage)?.first ?? word, last: word });
    }
    return ends;
  }

  function update() {
    const clip = clipNow();
    const all = sentences();
    const first = indexOf(clip.first_sentence);
    const last = indexOf(clip.last_sentence);
    words.root.hidden = first < 0 || last < 0;
    if (words.root.hidden) return;
    const start = clip.wanted.start_time ?? clip.start_time;
    const end = clip.wanted.end_time ?? clip.end_time;
    write(words.start, clock(start));
    write(words.end, clock(end));
    write(words.length, duration(end - start));
    words["start-earlier"].disabled = first === 0;
    words["start-later"].disabled = first === last;
    words["end-earlier"].disabled = first === last;
    words["end-later"].disabled = last === all.length - 1;
    view.words.setAttribute("aria-label", `Transcript of ${editor.nameOf(clip)}`);
    words.script.setAttribute("aria-label", `Words of ${editor.nameOf(clip)}`);
    if (words.script.contains(document.activeElement) && document.activeElement.tagName === "INPUT") return;
    spans.clear();
    const bySentence = grouped(editor.transcript().words);
    const shown = all.slice(Math.max(first - AROUND, 0), last + AROUND + 1);
    const ends = endsOf(shown.flatMap(({ number }) => bySentence.get(number) ?? []));
    let speaker = null;
    words.script.replaceChildren(
      ...shown.map((sentence) => {
        const line = element("p", { className: "sentence" });
        line.classList.toggle("outside", sentence.number < clip.first_sentence || sentence.number > clip.last_sentence);
        if (sentence.speaker && sentence.speaker !== speaker) line.append(element("span", { className: "speaker" }, sentence.speaker));
        speaker = sentence.speaker;
        appendWords(line, bySentence.get(sentence.number) ?? [], ends);
        return line;
      }),
    );
  }

  video.addEventListener(
    "timeupdate",
    () => {
      const current = [...spans].find(([word]) => inFile(word.start) <= video.currentTime && video.currentTime < inFile(word.end))?.[1] ?? null;
      if (current === spoken) return;
      spoken?.classList.remove("spoken");
      current?.classList.add("spoken");
      spoken = current;
    },
    { signal },
  );
  return { update };
}

/** Groups words by the number of their sentence. */
function grouped(words) {
  const bySentence = new Map();
  for (const word of words) bySentence.set(word.sentence, [...(bySentence.get(word.sentence) ?? []), word]);
  return bySentence;
}
