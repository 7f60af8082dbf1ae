/** The chapters of an episode: a list of times that play the recording from there, and the files for publishing. */

import { element, write, writeOrHide } from "./dom.js";
import { clock, plural } from "./format.js";
import { announce, showError } from "./notice.js";

/** `view` has the parts of the template `episode`. Returns `show`, which takes the `chapters` of an episode or null. */
export function makeChapters(view) {
  let shown = null;
  const player = view.recording;

  view["chapters-copy"].addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(shown.youtube);
      announce("The chapters are copied. Paste them into the description of the video.");
    } catch {
      showError("The browser does not allow copying here. Select the list and copy it yourself.");
    }
  });

  function playFrom(start) {
    player.currentTime = start;
    player.play().catch(() => showError("The browser cannot play this recording."));
  }

  function show(chapters) {
    view.chapters.hidden = !chapters;
    if (!chapters) return;
    const before = shown;
    shown = chapters;
    write(view["chapters-title"], plural(chapters.chapters.length, "chapter"));
    writeOrHide(view["chapters-summary"], chapters.summary);
    if (JSON.stringify(before?.chapters) !== JSON.stringify(chapters.chapters)) {
      view["chapters-list"].replaceChildren(...chapters.chapters.map(makeChapter));
    }
    if (before?.recording_url !== chapters.recording_url) player.src = chapters.recording_url;
    view["chapters-copy"].hidden = !chapters.youtube;
    for (const kind of ["podcast", "soundbites"]) {
      const url = chapters[`${kind}_url`];
      view[`chapters-${kind}`].hidden = !url;
      if (url) view[`chapters-${kind}`].href = url;
    }
  }

  function makeChapter({ start, title }) {
    const time = clock(Math.floor(start)).replace(/\.0$/, "");
    const play = element("button", { type: "button", className: "quiet", onclick: () => playFrom(start) }, time);
    play.setAttribute("aria-label", `Play from ${time}`);
    return element("li", {}, play, element("span", {}, title));
  }

  return { show };
}
