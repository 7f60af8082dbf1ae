/** The HTTP API, as the page uses it. */

import { sentence } from "./format.js";

const ROOT = new URL("..", import.meta.url);

/** A refusal, or a server out of reach (`status` 0); the message is a sentence for the person. */
export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export class Api {
  #token;
  #options;

  /** `onSignedOut` is called when the token is not, or no longer, taken. */
  constructor(token, onSignedOut) {
    this.#token = token;
    this.onSignedOut = onSignedOut;
  }

  session = () => this.#json("GET", "session");
  episodes = (cursor) => this.#json("GET", cursor ? `episodes?cursor=${encodeURIComponent(cursor)}` : "episodes");
  episode = (key) => this.#json("GET", of(key));
  transcript = (key) => this.#json("GET", of(key, "/transcript"));
  options = () => (this.#options ??= this.#json("GET", "options"));

  edit = (key, clip, edit) => this.#json("PATCH", of(key, `/clips/${clip.clip_index}?aspect=${clip.aspect}`), edit);
  undo = (key, version) => this.#json("POST", of(key, "/edits/undo"), { base_version: version });
  discard = (key, version) => this.#json("DELETE", of(key, "/edits"), { base_version: version });
  render = (key, aspect) => this.#json("POST", of(key, `/render?aspect=${aspect}`));
  retry = (key) => this.#json("POST", of(key, "/retry"));
  remove = (key) => this.#json("DELETE", of(key));
  cancel = (key) => this.#json("DELETE", of(key, "/run"));

  startUpload = (key, file, overwrite) =>
    this.#json("POST", "uploads", { key, size_bytes: file.size, content_type: file.type || null, overwrite });
  finishUpload = (key, id) => this.#json("POST", "uploads/complete", { key, upload_id: id });
  abortUpload = (key, id) => this.#json("POST", "uploads/abort", { key, upload_id: id });

  /** The response whose body is the event stream of an episode, from after the event `lastId`. */
  events(key, lastId, signal) {
    const headers = { Accept: "text/event-stream", ...(lastId && { "Last-Event-ID": lastId }) };
    return this.#answer("GET", of(key, "/events"), { headers, signal, cache: "no-store" });
  }

  async #json(method, path, body) {
    const asked = body && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    const response = await this.#answer(method, path, asked);
    return response.status === 204 ? null : response.json();
  }

  async #answer(method, path, { headers, ...rest } = {}) {
    const authorised = { Authorization: `Bearer ${this.#token}`, ...headers };
    let response;
    try {
      response = await fetch(new URL(path, ROOT), { method, headers: authorised, ...rest });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new ApiError(0, "The server cannot be reached; check the connection and try again.");
    }
    if (response.ok) return response;
    const problem = await response.json().catch(() => ({}));
    if (response.status === 401) this.onSignedOut();
    throw new ApiError(response.status, said(problem, response.status));
  }
}

function of(key, rest = "") {
  return `episodes/${key.split("/").map(encodeURIComponent).join("/")}${rest}`;
}

function said({ detail }, status) {
  if (typeof detail === "string") return sentence(detail);
  return `The server answered ${status}; try again, and if it stays so, ask whoever runs it.`;
}
