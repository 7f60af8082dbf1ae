/** Signs the user in and shows the view that the address names. */

import { Api, ApiError } from "./api.js";
import { copyOf, write } from "./dom.js";
import { showEpisode } from "./episode.js";
import { folderAndName } from "./format.js";
import { showList } from "./list.js";
import { clearNotice, showError } from "./notice.js";

const TOKEN = "clipper-token";
const REJECTED = "Your token is no longer valid. Sign in again.";
const main = document.getElementById("main");
const session = document.getElementById("session");

let api = null;
let canEdit = false;
let leaving = new AbortController();

function signedOut() {
  sessionStorage.removeItem(TOKEN);
  localStorage.removeItem(TOKEN);
  api = null;
  session.hidden = true;
  route();
}

async function signIn(token, keep) {
  const { access } = await new Api(token, () => {}).session();
  (keep ? localStorage : sessionStorage).setItem(TOKEN, token);
  api = new Api(token, () => {
    showError(REJECTED);
    signedOut();
  });
  canEdit = access !== "read";
  write(document.getElementById("access"), canEdit ? "" : "View only");
  session.hidden = false;
}

function showSignIn() {
  const view = copyOf("sign-in");
  view.form.addEventListener("submit", async (event) => {
    event.preventDefault();
    view.submit.disabled = true;
    try {
      await signIn(view.token.value.trim(), view.keep.checked);
      clearNotice();
      route();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      write(view.fault, error.status === 401 ? "Unknown token. Check it and try again." : error.message);
      view.token.focus();
    } finally {
      view.submit.disabled = false;
    }
  });
  return view.root;
}

/** Shows the view that the address names: `#/`, `#/?<search>`, `#/episodes/<key>` or `#/episodes/<key>?look=<name>`. */
function route() {
  leaving.abort();
  leaving = new AbortController();
  const [, key, options] = location.hash.match(/^#\/episodes\/([^?]+)(?:\?(.*))?$/) ?? [];
  const [, query] = location.hash.match(/^#\/\?(.+)$/) ?? [];
  const page = { api, canEdit, signal: leaving.signal };
  const root = !api ? showSignIn() : key ? showEpisode(page, decodeURIComponent(key), new URLSearchParams(options).get("look") ?? "") : showList(page, new URLSearchParams(query));
  document.title = `${api && key ? folderAndName(decodeURIComponent(key))[1] : "Clipper"} – review`;
  main.replaceChildren(root);
}

function focusTitle() {
  main.querySelector("h1")?.focus({ preventScroll: true });
  scrollTo(0, 0);
}

document.getElementById("sign-out").addEventListener("click", () => {
  clearNotice();
  signedOut();
  focusTitle();
});
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener("hashchange", () => {
  clearNotice();
  route();
  focusTitle();
});

const storedToken = sessionStorage.getItem(TOKEN) ?? localStorage.getItem(TOKEN);
if (storedToken) {
  try {
    await signIn(storedToken, localStorage.getItem(TOKEN) !== null);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    showError(error.status === 401 ? REJECTED : error.message);
  }
}
route();
