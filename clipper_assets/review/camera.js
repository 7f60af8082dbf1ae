/** The camera of a clip, shot by shot: who is shown in which layout, previewed at once on a small video. */

import { copyOf, element, write, writeOrHide } from "./dom.js";
import { clock, sentence } from "./format.js";
import { makePreview } from "./preview.js";

const LAYOUTS = { auto: "Automatic", speaker: "One person", split: "Two people", grid: "Three or four", screen: "Slides and face", fit: "Whole picture", center: "Middle" };
/** How many faces each layout shows, if any are chosen; as the API has it. */
const FACES = { auto: [1], speaker: [1], split: [2], grid: [3, 4], screen: [1], fit: [], center: [] };
const AUTOMATIC = { layout: "auto", people: [] };

/** The layout for this many chosen people, where the present one does not show as many. */
function layoutFor(count, layout) {
  if (FACES[layout].includes(count) || (!count && layout !== "auto")) return layout;
  return ["auto", "auto", "split", "grid", "grid"][count];
}

/** `details` is the section of a clip's card; `clipNow()` returns the clip that the card shows at present. */
export function makeCamera(details, { signal }, editor, clipNow) {
  const view = copyOf("camera");
  const preview = makePreview(view, signal);
  details.append(view.root);
  let camera = null;
  let start = null;
  let draft = null;
  let asked = 0;
  let loaded = "";

  const shotNow = () => camera?.shots.find((shot) => shot.start === start) ?? camera?.shots[0];
  const kept = (shot) => ({ layout: shot.chosen ?? "auto", people: shot.chosen_people });
  const isSame = (one, other) => one.layout === other.layout && [...one.people].sort().join() === [...other.people].sort().join();

  async function load() {
    loaded = stateNow();
    const answer = await editor.shots(clipNow());
    if (answer && !signal.aborted) show(answer);
  }

  function show(answer) {
    camera = answer;
    draft = kept(shotNow());
    preview.show(camera, shotNow());
    render();
  }

  const stateNow = () => `${editor.version()} ${clipNow().sha256}`;

  /** Shows what a draft would look like; an answer that a later draft overtook is dropped. */
  async function tryOut(next) {
    draft = next;
    render();
    const number = (asked += 1);
    const { start: from, end } = shotNow();
    const answer = isSame(draft, kept(shotNow())) ? camera : await editor.previewShot(clipNow(), { start: from, end, ...draft });
    if (number !== asked || !answer || signal.aborted) return;
    const inside = answer.shots.find((shot) => shot.start <= from + 0.01 && from + 0.01 < shot.end);
    preview.show(answer, { start: from, end });
    const reasons = answer.unmet.filter((reason) => !camera.unmet.includes(reason));
    write(view.why, sentence([inside?.why, ...reasons].filter(Boolean).join("; ")));
  }

  function togglePerson(person) {
    const people = draft.people.includes(person) ? draft.people.filter((other) => other !== person) : [...draft.people, person].slice(-4);
    tryOut({ layout: layoutFor(people.length, draft.layout), people });
  }

  function chooseLayout(layout) {
    const people = FACES[layout].includes(draft.people.length) ? draft.people : FACES[layout].includes(1) ? draft.people.slice(0, 1) : [];
    tryOut({ layout, people });
  }

  function keep(choice, done) {
    const { start: from, end } = shotNow();
    editor.chooseShot(clipNow(), { start: from, end, ...choice }, `${done} Render again to see it in the clip.`);
  }
  view.keep.addEventListener("click", () => keep(draft, "The camera of the shot is kept."));
  view.automatic.addEventListener("click", () => keep(AUTOMATIC, "The camera of the shot is automatic again."));
  view.reset.addEventListener("click", () => tryOut(kept(shotNow())));

  /** Buttons stay in place while their state changes, so that the focus stays, too. */
  function buttons(parent, items, make, paint) {
    const keys = items.map((item) => JSON.stringify(item.key)).join();
    if (parent.dataset.keys !== keys) {
      parent.dataset.keys = keys;
      parent.replaceChildren(...items.map(make));
    }
    items.forEach((item, place) => paint(parent.children[place], item));
  }

  function render() {
    const shot = shotNow();
    buttons(view.shots, camera.shots.map((each) => ({ key: each.start, shot: each })), makeShot, (button, { shot: each }) => {
      button.setAttribute("aria-pressed", each === shot);
      button.classList.toggle("by-hand", each.chosen !== null);
      button.style.flexGrow = each.end - each.start;
      write(button.lastElementChild, `${LAYOUTS[each.layout]}${each.chosen === null ? "" : ", chosen"}`);
    });
    const people = shot.in_view.map((person) => camera.people.find((each) => each.person === person));
    writeOrHide(view.nobody, people.length ? "" : "No face was found in this shot.");
    buttons(view.people, people.map((each) => ({ key: [each.person, each.chip_url], person: each })), makePerson, (button, { person: each }) =>
      button.setAttribute("aria-pressed", draft.people.includes(each.person)),
    );
    const layouts = Object.keys(LAYOUTS).filter((layout) => layout === "auto" || !FACES[layout].length || FACES[layout][0] <= people.length);
    buttons(view.layouts, layouts.map((layout) => ({ key: layout })), makeLayout, (button, { key: layout }) =>
      button.setAttribute("aria-pressed", draft.layout === layout),
    );
    const changed = !isSame(draft, kept(shot));
    view.keep.disabled = view.reset.disabled = !changed;
    view.automatic.hidden = shot.chosen === null;
    view.canvas.setAttribute("aria-label", `Preview of the camera: ${LAYOUTS[draft.layout]}`);
    write(view.span, `${clock(shot.start)} to ${clock(shot.end)}`);
    if (!changed) write(view.why, sentence(shot.why));
  }

  function makeShot({ shot }) {
    const button = element("button", { type: "button", className: "shot" }, element("span", { className: "time" }, clock(shot.start)), element("span"));
    button.addEventListener("click", () => {
      start = shot.start;
      show(camera);
    });
    return button;
  }

  function makePerson({ person: { person, chip_url: url } }) {
    const name = `Person ${person}`;
    const face = url ? element("img", { src: url, alt: "", width: 56, height: 56 }) : element("span", { className: "no-face" }, `${person}`);
    const button = element("button", { type: "button", className: "person", title: name }, face);
    button.setAttribute("aria-label", name);
    button.addEventListener("click", () => togglePerson(person));
    return button;
  }

  function makeLayout({ key: layout }) {
    const button = element("button", { type: "button", className: "small" }, LAYOUTS[layout]);
    button.addEventListener("click", () => chooseLayout(layout));
    return button;
  }

  details.addEventListener("toggle", () => (details.open ? load() : preview.pause()));
  return {
    /** Loads the shots again if the edits or the file changed since. */
    update() {
      view.root.setAttribute("aria-label", `Camera of ${editor.nameOf(clipNow())}`);
      if (details.open && loaded !== stateNow()) load();
    },
  };
}
