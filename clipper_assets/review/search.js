/** The search box with its hits: in all episodes on the list, in one on its page. */

import { ApiError } from "./api.js";
import { copyOf, element, Keyed, write, writeOrHide } from "./dom.js";
import { ago, clock, dateAndTime, folderAndName, plural, sentence } from "./format.js";
import { makeMaker } from "./maker.js";
import { showError } from "./notice.js";

const FIELDS = ["q", "show", "speaker", "since", "until"];

/**
 * `episode` is the key of the only episode to search, or null. `initial` are the parameters of a search to begin with.
 * `onSearch` is called with the parameters of each search, and with null when the box is cleared; `onAdded` with the key
 * of the episode for which a clip was added.
 */
export function makeSearch(page, { episode = null, initial = null, onSearch = () => {}, onAdded }) {
  const { api, signal } = page;
  const view = copyOf("search");
  const fields = view.form.elements;
  const hits = new Keyed(view.hits, (hit) => `${hit.key} ${hit.sentence.number}`, () => makeHit(page, episode, onAdded));
  let found = [];
  let next = null;
  let asked = 0;

  view.filters.hidden = Boolean(episode);
  write(view.label, episode ? "Search this episode" : "Search all episodes");

  function parameters() {
    const given = FIELDS.map((name) => [name, fields[name].value.trim()]).filter(([, value]) => value);
    if (episode) given.push(["episode", episode]);
    return new URLSearchParams(given);
  }

  async function run(offset) {
    const wanted = parameters();
    const number = (asked += 1);
    if (offset) wanted.set("offset", offset);
    view.root.setAttribute("aria-busy", "true");
    try {
      const answer = await api.search(wanted);
      if (signal.aborted || number !== asked) return;
      found = offset ? [...found, ...answer.hits] : answer.hits;
      next = answer.next_offset;
      show(answer.index);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (number === asked) showError(error.message);
    } finally {
      if (number === asked) view.root.removeAttribute("aria-busy");
    }
  }

  function show(index) {
    hits.show(found);
    view.results.hidden = false;
    view.more.hidden = next === null;
    const count = next === null ? plural(found.length, "passage") : `The ${found.length} best passages`;
    write(view.summary, found.length ? count : "Nothing found. Try fewer or other words, or the beginning of a word with a *.");
    const notes = [];
    if (index.waiting) notes.push(`${plural(index.waiting, "transcript is", "transcripts are")} being indexed; search again in a moment.`);
    if (index.problem) notes.push(sentence(index.problem));
    if (index.skipped.length) notes.push(`Not searched, because the transcript cannot be read: ${index.skipped.map(({ key }) => key).join(", ")}.`);
    writeOrHide(view.note, notes.join(" "));
  }

  view.form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!fields.q.value.trim()) {
      fields.q.focus();
      return;
    }
    onSearch(parameters());
    run(0);
  });
  view.more.addEventListener("click", () => run(next));
  view.clear.addEventListener("click", () => {
    asked += 1;
    found = [];
    hits.show(found);
    view.results.hidden = true;
    for (const name of FIELDS) fields[name].value = "";
    onSearch(null);
    fields.q.focus();
  });

  if (initial?.get("q")) {
    for (const name of FIELDS) fields[name].value = initial.get(name) ?? "";
    view.filters.open = FIELDS.slice(1).some((name) => fields[name].value);
    run(0);
  }
  return view.root;
}

function makeHit(page, episode, onAdded) {
  const view = copyOf("hit");
  let hit = null;
  let maker = null;

  function play() {
    view.player.hidden = false;
    const at = hit.sentence.start;
    if (!view.player.src) {
      view.player.src = hit.source_url;
      view.player.addEventListener("error", () => write(view.fault, "The browser cannot play this recording."), { once: true });
    }
    view.player.currentTime = at;
    view.player.play().catch(() => {});
  }

  view.play.addEventListener("click", play);
  view.make.hidden = !page.canEdit;
  view.make.addEventListener("click", async () => {
    view.make.disabled = true;
    try {
      maker ??= await makeMaker(page, hit, onAdded, () => view.make.focus());
      if (!maker.isConnected) view.root.append(maker);
      maker.hidden = false;
      maker.querySelector("input").focus();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      showError(error.message);
    } finally {
      view.make.disabled = false;
    }
  });

  function update(given) {
    hit = given;
    const [folder, name] = folderAndName(hit.key);
    view.link.hidden = Boolean(episode);
    view.link.href = `#/episodes/${encodeURIComponent(hit.key)}`;
    write(view.folder, folder);
    write(view.name, name);
    write(view.at, clock(hit.sentence.start));
    writeOrHide(view.speaker, hit.sentence.speaker);
    writeOrHide(view.uploaded, episode ? "" : ago(hit.uploaded_at));
    view.uploaded.dateTime = hit.uploaded_at;
    view.uploaded.title = dateAndTime(hit.uploaded_at);
    view.before.replaceChildren(...(hit.before ? [...marked(hit.before), " "] : []));
    view.sentence.replaceChildren(...marked(hit.sentence));
    view.after.replaceChildren(...(hit.after ? [" ", ...marked(hit.after)] : []));
    view.play.setAttribute("aria-label", `Play from ${clock(hit.sentence.start)}`);
  }

  return { root: view.root, update };
}

/** The text of a sentence as nodes, with the found words in `mark` elements. */
function marked({ text, marks }) {
  const characters = [...text];
  const nodes = [];
  let from = 0;
  for (const [start, end] of marks) {
    nodes.push(characters.slice(from, start).join(""), element("mark", {}, characters.slice(start, end).join("")));
    from = end;
  }
  return [...nodes, characters.slice(from).join("")];
}
