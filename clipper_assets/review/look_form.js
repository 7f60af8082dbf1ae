/** The form that chooses aspect, caption style and language of a look. */

import { copyOf } from "./dom.js";
import { ASPECTS, languageName } from "./format.js";

/** Offered to choose from; the API accepts every ISO 639-1 code. */
const LANGUAGES = "ar bn cs da de el en es fa fi fr he hi hu id it ja ko ms nl no pl pt ro ru sv sw ta th tr uk ur vi zh".split(" ");

/** `onSubmit` is called with the name of the chosen look, and resolves when it is done. */
export function makeLookForm(api, action, onSubmit) {
  const view = copyOf("look-form");
  const fields = view.root.elements;
  view.submit.textContent = action;
  fields.aspect.replaceChildren(...Object.entries(ASPECTS).map(([name, label]) => new Option(label, name)));
  fields.aspect.value = "square";
  const languages = LANGUAGES.map((code) => [languageName(code), code]).sort(([one], [other]) => one.localeCompare(other));
  fields.language.append(...languages.map(([name, code]) => new Option(name, code)));

  async function offerStyles() {
    const { caption_styles: styles } = await api.options();
    fields.style.replaceChildren(...styles.map((style) => new Option(style, style)));
  }

  view.root.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { aspect, style, language } = Object.fromEntries(new FormData(view.root));
    view.submit.disabled = true;
    try {
      await onSubmit([aspect, style, language].filter(Boolean).join("-"));
    } finally {
      view.submit.disabled = false;
    }
  });
  offerStyles();
  return view.root;
}
