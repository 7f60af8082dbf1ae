/** One clip: its player, what was found about it, and what a person makes of it. */

import { copyOf, element, fillList, write, writeOrHide } from "./dom.js";
import { clock, duration, megabytes, plural, sentence } from "./format.js";
import { makeWords } from "./words.js";

const GATES = { av_offset: "A/V offset", fps: "Frame rate", true_peak: "True peak" };
const CHANGED = {
  start_time: "start",
  end_time: "end",
  hook: "hook",
  title: "title",
  caption_style: "caption style",
  layout: "layout",
  words: "words",
};

/** `desk` is the episode's: its transcript, and where changes are saved. */
export function makeClip({ api, canEdit, signal }, desk) {
  const view = copyOf("clip");
  const radios = [...view.verdict.querySelectorAll("input")];
  const form = view.form.elements;
  let clip = null;
  const words = makeWords(view, { canEdit, signal }, desk, () => clip);

  view.verdict.hidden = !canEdit;
  view.wording.hidden = !canEdit;
  if (canEdit) offerOptions();

  async function offerOptions() {
    const { caption_styles: styles, layouts } = await api.options();
    for (const [name, choices] of [["caption_style", styles], ["layout", layouts]]) {
      form[name].replaceChildren(...choices.map((choice) => new Option(choice, choice)));
    }
    if (clip) showChoices();
  }

  for (const radio of radios) {
    radio.addEventListener("change", () =>
      desk.edit(clip, { decision: radio.value }, `${desk.nameOf(clip)} is ${radio.value}.`),
    );
  }
  view.form.addEventListener("submit", (event) => event.preventDefault());
  view.form.addEventListener("change", ({ target }) =>
    desk.edit(clip, { [target.name]: target.value }, `The ${CHANGED[target.name]} of clip ${clip.clip_index} is saved; render again to see it.`),
  );

  function showChoices() {
    const { wanted } = clip;
    const now = {
      hook: wanted.hook ?? clip.hook,
      title: wanted.title ?? clip.title,
      caption_style: wanted.caption_style ?? clip.caption_style,
      layout: wanted.layout ?? clip.layout.split("+")[0],
    };
    for (const [name, value] of Object.entries(now)) {
      if (form[name] !== document.activeElement && form[name].value !== value) form[name].value = value;
    }
  }

  function update(next) {
    const fresh = !clip || clip.sha256 !== next.sha256 || clip.video_url !== next.video_url;
    clip = next;
    const { clip_index: number, wanted } = clip;
    const name = desk.nameOf(clip);
    const variant = clip.aspect.replace(":", "x");
    view.root.id = `clip-${number}-${variant}`;
    view.root.setAttribute("aria-label", name);
    write(view.number, name);
    write(view.fate, clip.is_publishable ? "May be posted" : "Held back");
    view.fate.dataset.state = clip.is_publishable ? "done" : "failed";
    const changed = Object.keys(wanted).map((name) => CHANGED[name]);
    writeOrHide(view.changed, changed.length ? `${changed.join(", ")}: not rendered yet` : "");
    write(view.hook, wanted.hook ?? clip.hook);
    write(view.title, wanted.title ?? clip.title);
    if (fresh) {
      view.video.poster = clip.thumbnail_url;
      view.video.src = clip.video_url;
      view.video.setAttribute("aria-label", `${name}: ${clip.hook}`);
    }
    for (const kind of ["mp4", "srt", "vtt"]) {
      view[kind].href = kind === "mp4" ? clip.video_url : clip[`${kind}_url`];
      view[kind].download = `clip_${number}_${variant}.${kind}`;
    }
    for (const radio of radios) {
      radio.name = `verdict-${number}-${variant}`;
      radio.checked = clip.verdict?.decision === radio.value && clip.verdict.current;
    }
    writeOrHide(view.stale, clip.verdict && !clip.verdict.current ? `You ${clip.verdict.decision} another version of this clip.` : "");
    writeOrHide(view.decided, !canEdit && clip.verdict ? sentence(clip.verdict.decision) : "");
    view.held.hidden = !clip.held_back.length;
    fillList(view.held, clip.held_back.map(sentence));
    showFigures();
    write(view.reason, sentence(clip.reason));
    write(view.hashtags, clip.hashtags.join(" "));
    showGates();
    view.degraded.hidden = !clip.degraded.length;
    write(view["degraded-title"], `Done in a lesser way: ${plural(clip.degraded.length, "thing")}`);
    fillList(view["degraded-list"], clip.degraded.map(({ reason }) => sentence(reason)));
    if (canEdit) showChoices();
    words.update();
  }

  function showFigures() {
    const figures = [
      ["Score", `${clip.virality_score.toFixed(1)} of 10`],
      ["Length", duration(clip.duration)],
      ["In the episode", `${clock(clip.start_time)} to ${clock(clip.end_time)}`],
      ["Picture", `${clip.width} × ${clip.height}, ${clip.fps.toFixed(0)} fps, ${clip.layout}`],
      ["Captions", clip.caption_style],
      ["Size", megabytes(clip.bytes)],
    ];
    if (clip.loudness_lufs !== null) figures.push(["Loudness", `${clip.loudness_lufs.toFixed(1)} LUFS`]);
    const shown = figures.map(([name, figure]) => element("div", {}, element("dt", {}, name), element("dd", {}, figure)));
    view.figures.replaceChildren(...shown);
  }

  function showGates() {
    const failed = clip.gates.filter((gate) => !gate.passed);
    write(view["gates-title"], failed.length ? `Checks: ${failed.length} of ${clip.gates.length} not passed` : `Checks: all ${clip.gates.length} passed`);
    view["gates-list"].replaceChildren(
      ...[...failed, ...clip.gates.filter((gate) => gate.passed)].map((gate) => {
        const found = gate.figure === null ? "not measurable" : `${gate.figure}`;
        const item = element("li", {}, element("span", { className: "gate-name" }, gateName(gate.gate)), element("span", {}, `${found} (limit ${gate.limit}${gate.unit ? ` ${gate.unit}` : ""})`), element("span", { className: "gate-verdict" }, gate.passed ? "passed" : gate.blocking ? "not passed" : "warns"));
        item.dataset.state = gate.passed ? "passed" : gate.blocking ? "failed" : "warns";
        return item;
      }),
    );
  }

  return { root: view.root, update };
}

const gateName = (gate) => GATES[gate] ?? gate.charAt(0).toUpperCase() + gate.slice(1).replaceAll("_", " ");
