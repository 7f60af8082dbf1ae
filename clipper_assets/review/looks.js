/** The looks of an episode: a switch between them, what is being made, and the form for another one. */

import { ApiError } from "./api.js";
import { element, Keyed, write, writeOrHide } from "./dom.js";
import { lookName, percent, sentence } from "./format.js";
import { makeLookForm } from "./look_form.js";
import { announce } from "./notice.js";
import { pause } from "./stream.js";

const POLL_MS = 2000;
const STATES = { waiting: "Not made", queued: "Queued", failed: "Failed", cancelled: "Cancelled", damaged: "Damaged" };
const NOTES = {
  waiting: "This episode has no clips in this look yet.",
  queued: "These clips are made next.",
  running: "These clips are being made.",
  done: "A decision is about the clip of this look alone. To change text, words or ends, edit the default clips and render them, then make these again.",
  failed: "These clips could not be made.",
  cancelled: "The run was cancelled.",
};
const isBeingMade = ({ state }) => ["queued", "running"].includes(state);
const isMade = ({ clips }) => clips !== null;

/**
 * `view` has the parts of the template `episode`, `initial` is the name of the look to show first, "" for the default
 * one. `attempt` and `load` belong to the page of the episode: they show errors, and load it again.
 */
export function makeLooks({ api, canEdit, signal }, view, key, initial, { attempt, load }) {
  const choices = new Keyed(view["look-choices"], (each) => each.look, makeChoice);
  /** All looks that there are, as this episode has them; the clips of the chosen one, or why these cannot be read. */
  let looks = [];
  let clips = [];
  let problem = "";
  let name = initial;
  let watching = false;
  const chosen = () => looks.find(({ look }) => look === name) ?? null;

  view["look-another"].hidden = !canEdit;
  if (canEdit) view["look-form"].append(makeLookForm(api, "Make these clips", add));
  view["look-make"].addEventListener("click", () => make(name));

  function makeChoice({ look }) {
    const radio = element("input", { type: "radio", name: "look", value: look });
    const state = element("span", { className: "chip" });
    radio.addEventListener("change", () => {
      choose(look);
      attempt(load);
    });
    return {
      root: element("label", { className: "look-choice" }, radio, element("span", {}, look ? lookName(look) : "Default"), state),
      update(each) {
        radio.checked = look === name;
        write(state, each.label);
        state.dataset.state = each.state;
      },
    };
  }

  /** Chooses the look to show. The address names it, so that a link or a reload shows it again. */
  function choose(look) {
    name = look;
    history.replaceState(null, "", `#/episodes/${encodeURIComponent(key)}${look ? `?${new URLSearchParams({ look })}` : ""}`);
  }

  function add(look) {
    return attempt(async () => {
      await api.addLook(look);
      await makeClips(look);
    });
  }

  const make = (look) => attempt(() => makeClips(look));

  async function makeClips(look) {
    await api.makeLook(key, look);
    choose(look);
    await load();
    announce(`${lookName(look)}: the clips are being made.`);
    watch();
  }

  /** Loads the episode again and again until no look of it is being made. */
  async function watch() {
    if (watching) return;
    watching = true;
    let making = [];
    await attempt(async () => {
      while (!signal.aborted) {
        const ready = looks.filter((each) => each.state === "done" && making.includes(each.look));
        if (ready.length) announce(`${ready.map((each) => lookName(each.look)).join("; ")}: the clips are ready.`);
        making = looks.filter(isBeingMade).map((each) => each.look);
        if (!making.length) break;
        await pause(POLL_MS, signal);
        if (!signal.aborted) await load();
      }
    });
    watching = false;
  }

  /** Reads the looks that there are, and the clips of the chosen one. */
  async function read(episode) {
    const offered = (await api.looks()).looks;
    const known = new Map(episode.looks.map((each) => [each.look, each]));
    const missing = { state: "waiting", percent: 0, error: null, clips: null, publishable: null };
    looks = offered.map(({ look, error }) => ({ ...(known.get(look) ?? { ...missing, look }), invalid: error }));
    if (name && !chosen()) choose("");
    const look = name;
    let found = [];
    problem = "";
    try {
      if (look && isMade(chosen())) found = (await api.look(key, look)).clip_views;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      problem = error.message;
    }
    if (look === name) clips = found; // else a later call reads those of the look that was chosen meanwhile
  }

  function update(episode) {
    view.looks.hidden = !episode.clip_views.length || (!canEdit && !looks.length);
    const ready = episode.clip_views.filter((clip) => clip.is_publishable).length;
    const standard = { look: "", state: "done", label: `${ready} of ${episode.clip_views.length} ready` };
    choices.show([standard, ...looks.map((each) => ({ ...each, label: labelOf(each) }))]);
    view["look-switch"].hidden = !looks.length;
    const current = chosen();
    view.look.hidden = !current;
    if (!current) return;
    const making = isBeingMade(current);
    write(view["look-now"], NOTES[current.state] ?? "");
    const fault = current.error ?? current.invalid;
    writeOrHide(view["look-error"], problem || (fault && !making ? sentence(fault) : ""));
    view["look-bar"].hidden = !making;
    view["look-bar"].value = current.percent;
    view["look-bar"].setAttribute("aria-label", `Progress of ${lookName(current.look)}`);
    view["look-make"].hidden = !canEdit || making || Boolean(current.invalid);
    write(view["look-make"], current.state === "failed" ? "Try again" : isMade(current) ? "Make again" : "Make these clips");
  }

  /** The clips to show instead of the default ones; null for these. */
  return { read, update, watch, clips: () => (chosen() ? clips : null) };
}

function labelOf(each) {
  if (each.state === "running") return percent(each.percent);
  return each.state === "done" ? `${each.publishable} of ${each.clips} ready` : (STATES[each.state] ?? each.state);
}
