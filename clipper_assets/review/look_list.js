/** The looks that there are for all episodes: to add one, or to remove one with all its clips. */

import { ApiError } from "./api.js";
import { confirmed, element, Keyed, writeOrHide } from "./dom.js";
import { lookName, plural, sentence } from "./format.js";
import { makeLookForm } from "./look_form.js";
import { announce, showError } from "./notice.js";

/** `view` has the parts of the template `list`. */
export function makeLookList(api, view) {
  const items = new Keyed(view["look-items"], (each) => each.look, makeItem);
  view.looks.hidden = false;
  view["look-form"].append(makeLookForm(api, "Add this look", add));
  view.looks.addEventListener("toggle", () => view.looks.open && attempt(load));

  async function attempt(work) {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      showError(error.message);
    }
  }

  async function load() {
    const { looks } = await api.looks();
    items.show(looks);
    writeOrHide(view["look-none"], looks.length ? "" : "There is only the default look.");
  }

  function makeItem({ look }) {
    const name = lookName(look);
    const fault = element("span", { className: "fault" });
    const button = element("button", { type: "button" }, "Remove");
    button.setAttribute("aria-label", `Remove ${name}`);
    button.addEventListener("click", () => attempt(() => remove(look, name)));
    return {
      root: element("li", {}, element("span", {}, name), fault, button),
      update: ({ error }) => writeOrHide(fault, error && sentence(error)),
    };
  }

  function add(look) {
    return attempt(async () => {
      await api.addLook(look);
      await load();
      announce(`${lookName(look)} is added. Choose it on the page of an episode.`);
    });
  }

  async function remove(look, name) {
    const { episodes, files } = await api.filesOfLook(look);
    const what = files ? `${plural(files, "file")} of ${plural(episodes, "episode")} will be deleted` : "It has no files";
    if (!(await confirmed(`Remove ${name}? ${what}. The default clips stay. This cannot be undone.`, "Remove this look"))) return;
    await api.removeLook(look);
    await load();
    announce(`${name} is removed.`);
  }
}
