/** Makes a clip of a search hit: the person chooses its sentences and its title. */

import { ApiError } from "./api.js";
import { copyOf, element, write } from "./dom.js";
import { clock, duration } from "./format.js";

const SHORTEST_S = 3;
const LONGEST_S = 180;
const GOOD_S = 20;
const AROUND = 2;

/** Resolves to the form for the sentence of `hit`, and enough sentences after it for a clip of 20 s. */
export async function makeMaker({ api, signal }, hit, onAdded, onClosed) {
  const view = copyOf("maker");
  const { sentences } = await api.transcript(hit.key);
  let first = sentences.findIndex(({ number }) => number === hit.sentence.number);
  if (first < 0) throw new ApiError(409, "The transcript has changed. Search again.");
  let last = first;
  while (last + 1 < sentences.length && length() < GOOD_S && !sentences[last + 1].doubtful) last += 1;

  function length() {
    return sentences[last].end - sentences[first].start;
  }

  function mistake() {
    if (sentences.slice(first, last + 1).some(({ doubtful }) => doubtful)) return "A sentence may be a transcription error. Leave it out.";
    if (length() < SHORTEST_S) return `Too short: add sentences until it lasts ${SHORTEST_S} s.`;
    return length() > LONGEST_S ? `Too long: no platform accepts more than ${LONGEST_S} s.` : "";
  }

  function show() {
    write(view.start, clock(sentences[first].start));
    write(view.end, clock(sentences[last].end));
    write(view.length, duration(length()));
    view["start-earlier"].disabled = first === 0;
    view["start-later"].disabled = view["end-earlier"].disabled = first === last;
    view["end-later"].disabled = last === sentences.length - 1;
    write(view.fault, mistake());
    view.submit.disabled = Boolean(mistake());
    view.title.placeholder = sentences[first].text;
    const shown = sentences.slice(Math.max(first - AROUND, 0), last + AROUND + 1);
    let speaker = null;
    view.script.replaceChildren(
      ...shown.map((each) => {
        const line = element("p", { className: "sentence" });
        line.classList.toggle("outside", each.start < sentences[first].start || each.end > sentences[last].end);
        if (each.speaker && each.speaker !== speaker) line.append(element("span", { className: "speaker" }, each.speaker));
        speaker = each.speaker;
        line.append(element("span", { className: "text" }, each.text));
        return line;
      }),
    );
  }

  function move(end, by) {
    if (end) last += by;
    else first += by;
    show();
  }
  view["start-earlier"].addEventListener("click", () => move(false, -1));
  view["start-later"].addEventListener("click", () => move(false, 1));
  view["end-earlier"].addEventListener("click", () => move(true, -1));
  view["end-later"].addEventListener("click", () => move(true, 1));
  view.cancel.addEventListener("click", () => {
    view.root.hidden = true;
    onClosed();
  });

  view.root.addEventListener("submit", async (event) => {
    event.preventDefault();
    view.submit.disabled = true;
    try {
      const episode = await api.episode(hit.key);
      const { unrendered } = await api.addClip(hit.key, {
        base_version: episode.edits.version,
        first_sentence: sentences[first].number,
        last_sentence: sentences[last].number,
        title: view.title.value.trim() || null,
      });
      // An episode may have no clips yet; and adding a clip again that was just undone leaves nothing to render.
      if (unrendered.length) await api.render(hit.key, unrendered[0]);
      if (signal.aborted) return;
      view.root.hidden = true;
      onAdded(hit.key);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      write(view.fault, error.message);
    } finally {
      view.submit.disabled = false;
    }
  });
  show();
  return view.root;
}
