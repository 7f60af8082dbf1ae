/** One clip: its player, its measurements, and the controls to edit and approve it. */

import { makeCamera } from "./camera.js";
import { copyOf, element, fillList, write, writeOrHide } from "./dom.js";
import { clock, duration, megabytes, plural, sentence } from "./format.js";
import { makeWords } from "./words.js";

const GATES = { av_offset: "A/V offset", fps: "Frame rate", true_peak: "True peak" };
const FIELDS = {
  start_time: "start",
  end_time: "end",
  hook: "hook",
  title: "title",
  caption_style: "caption style",
  layout: "layout",
  words: "words",
  adverts: "adverts",
  camera: "camera",
};

/**
 * `editor` belongs to the episode: it gives the transcript and saves edits. A clip of another look than the default one
 * can be reviewed, and shows the edits that are made to the default one.
 */
export function makeClip({ api, canEdit, signal }, editor, isDefault) {
  const canChange = canEdit && isDefault;
  const view = copyOf("clip");
  const radios = [...view.verdict.querySelectorAll("input")];
  const form = view.form.elements;
  let clip = null;
  const camera = canChange && makeCamera(view.camera, { signal }, editor, () => clip);
  const words = makeWords(view, { canEdit: canChange, signal }, editor, () => clip);

  view.verdict.hidden = !canEdit;
  view.wording.hidden = view.camera.hidden = !canChange;
  if (canChange) offerOptions();

  async function offerOptions() {
    const { caption_styles: styles, layouts } = await api.options();
    for (const [name, choices] of [["caption_style", styles], ["layout", layouts]]) {
      form[name].replaceChildren(...choices.map((choice) => new Option(choice, choice)));
    }
    if (clip) showChoices();
  }

  for (const radio of radios) {
    radio.addEventListener("change", () =>
      editor.edit(clip, { decision: radio.value }, `${editor.nameOf(clip)} is ${radio.value}.`),
    );
  }
  view.form.addEventListener("submit", (event) => event.preventDefault());
  view.form.addEventListener("change", ({ target }) =>
    editor.edit(clip, { [target.name]: target.value }, `Saved the ${FIELDS[target.name]} of clip ${clip.clip_index}. Render again to see it.`),
  );

  function showChoices() {
    const { wanted } = clip;
    const current = {
      hook: wanted.hook ?? clip.hook,
      title: wanted.title ?? clip.title,
      caption_style: wanted.caption_style ?? clip.caption_style,
      layout: wanted.layout ?? clip.layout.split("+")[0],
    };
    for (const [name, value] of Object.entries(current)) {
      if (form[name] !== document.activeElement && form[name].value !== value) form[name].value = value;
    }
  }

  function update(next) {
    const fileChanged = !clip || clip.sha256 !== next.sha256 || clip.video_url !== next.video_url;
    clip = next;
    const { clip_index: number, wanted } = clip;
    const name = editor.nameOf(clip);
    const variant = clip.look ?? clip.aspect.replace(":", "x");
    view.root.id = `clip-${number}-${variant}`;
    view.root.setAttribute("aria-label", name);
    write(view.number, name);
    write(view.readiness, clip.is_publishable ? "Ready to post" : "Held back");
    view.readiness.dataset.state = clip.is_publishable ? "done" : "failed";
    const unrendered = Object.keys(wanted).map((name) => FIELDS[name]);
    writeOrHide(view.changed, unrendered.length ? `${unrendered.join(", ")}: not rendered yet` : "");
    write(view.hook, wanted.hook ?? clip.hook);
    write(view.title, wanted.title ?? clip.title);
    if (fileChanged) {
      view.video.poster = clip.thumbnail_url;
      view.video.src = clip.video_url;
      view.video.style.aspectRatio = `${clip.width} / ${clip.height}`;
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
    writeOrHide(view.stale, clip.verdict && !clip.verdict.current ? `An earlier version of this clip was ${clip.verdict.decision}. Decide again for this one.` : "");
    writeOrHide(view.decided, !canEdit && clip.verdict ? sentence(clip.verdict.decision) : "");
    view.held.hidden = !clip.held_back.length;
    fillList(view.held, clip.held_back.map(sentence));
    showFigures();
    write(view.reason, sentence(clip.reason));
    write(view.hashtags, clip.hashtags.join(" "));
    showGates();
    view.degraded.hidden = !clip.degraded.length;
    write(view["degraded-title"], `${plural(clip.degraded.length, "fallback")} used`);
    fillList(view["degraded-list"], clip.degraded.map(({ reason }) => sentence(reason)));
    if (canChange) showChoices();
    words.update();
    if (camera) camera.update();
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
    const rows = figures.map(([name, figure]) => element("div", {}, element("dt", {}, name), element("dd", {}, figure)));
    view.figures.replaceChildren(...rows);
  }

  function showGates() {
    const failed = clip.gates.filter((gate) => !gate.passed);
    write(view["gates-title"], failed.length ? `Checks: ${failed.length} of ${clip.gates.length} failed` : `Checks: all ${clip.gates.length} passed`);
    view["gates-list"].replaceChildren(
      ...[...failed, ...clip.gates.filter((gate) => gate.passed)].map((gate) => {
        const figure = gate.figure === null ? "not measurable" : `${gate.figure}`;
        const item = element("li", {}, element("span", { className: "gate-name" }, gateName(gate.gate)), element("span", {}, `${figure} (limit ${gate.limit}${gate.unit ? ` ${gate.unit}` : ""})`), element("span", { className: "gate-verdict" }, gate.passed ? "passed" : gate.blocking ? "failed" : "warning"));
        item.dataset.state = gate.passed ? "passed" : gate.blocking ? "failed" : "warns";
        return item;
      }),
    );
  }

  return { root: view.root, update };
}

const gateName = (gate) => GATES[gate] ?? gate.charAt(0).toUpperCase() + gate.slice(1).replaceAll("_", " ");
