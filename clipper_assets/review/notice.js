/** Shows one message at a time, also to screen readers, until the next message, another page or "Dismiss". */

const box = document.getElementById("notice");
const text = document.getElementById("notice-text");
const status = document.getElementById("status-text");
const alert = document.getElementById("alert-text");

/** Shows that something succeeded. */
export function announce(sentence) {
  show(sentence, "good");
  status.textContent = sentence;
}

/** Shows what went wrong. */
export function showError(sentence) {
  show(sentence, "bad");
  alert.textContent = sentence;
}

export function clearNotice() {
  box.hidden = true;
  status.textContent = alert.textContent = "";
}

function show(sentence, tone) {
  clearNotice();
  text.textContent = sentence;
  box.dataset.tone = tone;
  box.hidden = false;
}

document.getElementById("notice-close").addEventListener("click", clearNotice);
