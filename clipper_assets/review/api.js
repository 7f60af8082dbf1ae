/** A client of the HTTP API. */

import { sentence } from "./format.js";

const ROOT = new URL("..", import.meta.url);

/** An error answer of the API, or an unreachable server (`status` 0). The message is a sentence to show to the user. */
export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export class Api {
  #token;
  #options;

  /** `onSignedOut` is called when the API rejects the token. */
  constructor(token, onSignedOut) {
    this.#token = token;
    this.onSignedOut = onSignedOut;
  }

  session = () => this.#json("GET", "session");
  /** A page of the episodes, or of those of one show; without values, the first one of all. */
  episodes = (cursor, show) => this.#json("GET", `episodes?${new URLSearchParams({ ...(cursor && { cursor }), ...(show && { show }) })}`);
  episode = (key) => this.#json("GET", pathOf(key));
  transcript = (key) => this.#json("GET", pathOf(key, "/transcript"));
  search = (parameters) => this.#json("GET", `search?${parameters}`);
  options = () => (this.#options ??= this.#json("GET", "options"));

  edit = (key, clip, edit) => this.#json("PATCH", pathOf(key, `/clips/${clip.clip_index}?${clip.look ? `look=${encodeURIComponent(clip.look)}` : `aspect=${clip.aspect}`}`), edit);
  shots = (key, clip) => this.#json("GET", shotsOf(key, clip));
  previewShot = (key, clip, choice) => this.#json("POST", shotsOf(key, clip, "/preview"), choice);
  chooseShot = (key, clip, choice) => this.#json("PATCH", shotsOf(key, clip), choice);
  mark = (key, marks) => this.#json("PATCH", pathOf(key, "/adverts"), marks);
  addClip = (key, clip) => this.#json("POST", pathOf(key, "/clips"), clip);

  looks = () => this.#json("GET", "looks");
  filesOfLook = (look) => this.#json("GET", `looks/${encodeURIComponent(look)}`);
  addLook = (look) => this.#json("PUT", `looks/${encodeURIComponent(look)}`);
  removeLook = (look) => this.#json("DELETE", `looks/${encodeURIComponent(look)}`);
  look = (key, look) => this.#json("GET", pathOf(key, `/looks/${encodeURIComponent(look)}`));
  makeLook = (key, look) => this.#json("POST", pathOf(key, `/looks/${encodeURIComponent(look)}`));

  undo = (key, version) => this.#json("POST", pathOf(key, "/edits/undo"), { base_version: version });
  discard = (key, version) => this.#json("DELETE", pathOf(key, "/edits"), { base_version: version });
  render = (key, aspect) => this.#json("POST", pathOf(key, `/render?aspect=${aspect}`));
  retry = (key) => this.#json("POST", pathOf(key, "/retry"));
  remove = (key) => this.#json("DELETE", pathOf(key));
  cancel = (key) => this.#json("DELETE", pathOf(key, "/run"));

  startUpload = (key, file, overwrite) =>
    this.#json("POST", "uploads", { key, size_bytes: file.size, content_type: file.type || null, overwrite });
  finishUpload = (key, id) => this.#json("POST", "uploads/complete", { key, upload_id: id });
  process = (key, options) => this.#json("POST", "process-video", { s3_key: key, ...options });
  abortUpload = (key, id) => this.#json("POST", "uploads/abort", { key, upload_id: id });

  /** The response whose body streams the events of an episode that follow the event `lastId`. */
  events(key, lastId, signal) {
    const headers = { Accept: "text/event-stream", ...(lastId && { "Last-Event-ID": lastId }) };
    return this.#fetch("GET", pathOf(key, "/events"), { headers, signal, cache: "no-store" });
  }

  async #json(method, path, body) {
    const init = body && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    const response = await this.#fetch(method, path, init);
    return response.status === 204 ? null : response.json();
  }

  async #fetch(method, path, { headers, ...rest } = {}) {
    const authorised = { Authorization: `Bearer ${this.#token}`, ...headers };
    let response;
    try {
      response = await fetch(new URL(path, ROOT), { method, headers: authorised, ...rest });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new ApiError(0, "Cannot reach the server. Check the connection and try again.");
    }
    if (response.ok) return response;
    const problem = await response.json().catch(() => ({}));
    if (response.status === 401) this.onSignedOut();
    throw new ApiError(response.status, messageOf(problem, response.status));
  }
}

function pathOf(key, rest = "") {
  return `episodes/${key.split("/").map(encodeURIComponent).join("/")}${rest}`;
}

const shotsOf = (key, clip, rest = "") => pathOf(key, `/clips/${clip.clip_index}/shots${rest}?aspect=${clip.aspect}`);

function messageOf({ detail }, status) {
  if (typeof detail === "string") return sentence(detail);
  return `The server answered with an error (${status}). Try again; if it happens again, tell the operator.`;
}
