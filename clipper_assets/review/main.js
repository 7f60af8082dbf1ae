/** The page as a whole: who is signed in, and which view is shown. */

import { Api, ApiError } from "./api.js";
import { copyOf, write } from "./dom.js";
import { showEpisode } from "./episode.js";
import { folderAndName } from "./format.js";
import { showList } from "./list.js";
import { complain, hush } from "./notice.js";

const TOKEN = "clipper-token";
const main = document.getElementById("main");
const session = document.getElementById("session");

let api = null;
let canEdit = false;
let leave = new AbortController();

function signedOut() {
  sessionStorage.removeItem(TOKEN);
  localStorage.removeItem(TOKEN);
  api = null;
  session.hidden = true;
  route();
}

async function signIn(token, keep) {
  const asked = new Api(token, () => {});
  const { access } = await asked.session();
  (keep ? localStorage : sessionStorage).setItem(TOKEN, token);
  api = new Api(token, () => {
    complain("Your token is not taken any more; sign in again.");
    signedOut();
  });
  canEdit = access !== "read";
  write(document.getElementById("access"), canEdit ? "" : "Looking only");
  session.hidden = false;
}

function showSignIn() {
  const view = copyOf("sign-in");
  view.form.addEventListener("submit", async (event) => {
    event.preventDefault();
    view.submit.disabled = true;
    try {
      await signIn(view.token.value.trim(), view.keep.checked);
      hush();
      route();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      write(view.fault, error.status === 401 ? "This token is not known here; check it." : error.message);
      view.token.focus();
    } finally {
      view.submit.disabled = false;
    }
  });
  return view.root;
}

/** The view that the address names: `#/` or `#/episodes/<key>`. */
function route() {
  leave.abort();
  leave = new AbortController();
  const [, key] = location.hash.match(/^#\/episodes\/(.+)$/) ?? [];
  const page = { api, canEdit, signal: leave.signal };
  const root = !api ? showSignIn() : key ? showEpisode(page, decodeURIComponent(key)) : showList(page);
  document.title = `${api && key ? folderAndName(decodeURIComponent(key))[1] : "Clipper"} – review`;
  main.replaceChildren(root);
}

function focusTitle() {
  main.querySelector("h1")?.focus({ preventScroll: true });
  scrollTo(0, 0);
}

document.getElementById("sign-out").addEventListener("click", () => {
  hush();
  signedOut();
  focusTitle();
});
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener("hashchange", () => {
  hush();
  route();
  focusTitle();
});

const known = sessionStorage.getItem(TOKEN) ?? localStorage.getItem(TOKEN);
if (known) {
  try {
    await signIn(known, localStorage.getItem(TOKEN) !== null);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    complain(error.status === 401 ? "Your token is not taken any more; sign in again." : error.message);
  }
}
route();
