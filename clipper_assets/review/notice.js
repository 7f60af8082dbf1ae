/** One sentence at a time for the person, seen and heard. It stays until the next, another page or "Dismiss". */

const box = document.getElementById("notice");
const text = document.getElementById("notice-text");
const said = document.getElementById("said");
const complained = document.getElementById("complained");

/** Something went as it should. */
export function say(sentence) {
  show(sentence, "good");
  said.textContent = sentence;
}

/** Something did not. */
export function complain(sentence) {
  show(sentence, "bad");
  complained.textContent = sentence;
}

export function hush() {
  box.hidden = true;
  said.textContent = complained.textContent = "";
}

function show(sentence, tone) {
  hush();
  text.textContent = sentence;
  box.dataset.tone = tone;
  box.hidden = false;
}

document.getElementById("notice-close").addEventListener("click", hush);
