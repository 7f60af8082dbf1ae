/** Uploads files to the storage in parts: several parts at a time, each retried if it fails. */

import { ApiError } from "./api.js";
import { confirmed, copyOf, write } from "./dom.js";
import { coarse, megabytes, percent } from "./format.js";
import { announce, showError } from "./notice.js";
import { pause } from "./stream.js";

const AT_ONCE = 3;
const TRIES = 5;
const SPEED_MS = 5000;

/** Connects the upload box of the list to its file picker and drop area. */
export function uploadBox(view, api) {
  view.drop.hidden = false;
  // Transcripts first: a run starts as soon as its recording has arrived, and uses the transcript it finds then.
  const addFiles = (files) =>
    [...files]
      .sort((one, other) => isTranscript(other) - isTranscript(one))
      .forEach((file) => view.uploads.append(makeUpload(file, api)));
  view.picker.addEventListener("change", () => {
    addFiles(view.picker.files);
    view.picker.value = "";
  });
  view.drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    view.drop.classList.add("over");
  });
  view.drop.addEventListener("dragleave", () => view.drop.classList.remove("over"));
  view.drop.addEventListener("drop", (event) => {
    event.preventDefault();
    view.drop.classList.remove("over");
    addFiles(event.dataTransfer.files);
  });
}

const isTranscript = (file) => /\.(srt|vtt)$/i.test(file.name);

function makeUpload(file, api) {
  const view = copyOf("upload");
  write(view.name, file.name);
  view.key.value = `${file.name.replace(isTranscript(file) ? /(\.[a-z]{2})?\.[^.]*$/i : /\.[^.]*$/, "")}/${file.name}`;
  view.which.hidden = isTranscript(file);
  view.drop.addEventListener("click", () => view.root.remove());
  view.form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const key = view.key.value.trim();
    view.form.hidden = true;
    view.transfer.hidden = false;
    write(view.title, key);
    view.bar.setAttribute("aria-label", `Upload of ${file.name}`);
    try {
      await new Transfer(file, key, api, view).run();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      showError(error.message);
      view.form.hidden = false;
      view.transfer.hidden = true;
    }
  });
  return view.root;
}

class Transfer {
  #sent = new Map();
  #samples = [];
  #sending = new AbortController();
  #cancelled = false;
  #resume = null;

  constructor(file, key, api, view) {
    Object.assign(this, { file, key, api, view });
  }

  async run() {
    const { api, file, key, view } = this;
    const { upload_id: id, parts } = await this.#begin();
    view.pause.addEventListener("click", () => this.#pauseOrResume());
    view.cancel.addEventListener("click", () => {
      this.#cancelled = true;
      this.#sending.abort();
      this.#resume?.();
    });
    const waiting = [...parts];
    const worker = async () => {
      for (let part = waiting.shift(); part && !this.#cancelled; part = waiting.shift()) await this.#send(part);
    };
    try {
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
    } catch (error) {
      this.#sending.abort();
      await api.abortUpload(key, id);
      throw error;
    }
    if (this.#cancelled) {
      await api.abortUpload(key, id);
      view.root.remove();
      announce(`The upload of ${file.name} was cancelled.`);
      return;
    }
    const { status_url: isEpisode } = await api.finishUpload(key, id);
    view.bar.value = 100;
    write(view.figures, `${megabytes(file.size)} uploaded`);
    view.pause.hidden = view.cancel.hidden = true;
    view.open.hidden = !isEpisode;
    view.open.href = `#/episodes/${encodeURIComponent(key)}`;
    if (isEpisode) await this.#process();
    announce(isEpisode ? `${file.name} is uploaded. Its clips are made next.` : `${file.name} is uploaded. It is used as the transcript of the recording with the same name.`);
  }

  /** Requests a run with the options of the form. Without options the run starts by itself. */
  async #process() {
    const options = Object.fromEntries([...new FormData(this.view.form)].filter(([name, value]) => name !== "key" && value));
    if (options.max_clips) options.max_clips = Number(options.max_clips);
    if (!Object.keys(options).length) return;
    try {
      await this.api.process(this.key, options);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      showError(error.message);
    }
  }

  /** Starts the upload; if the name is taken, asks whether to replace the existing file. */
  async #begin() {
    const { api, file, key } = this;
    try {
      return await api.startUpload(key, file, false);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 409) throw error;
      if (!(await confirmed(`${key} already exists. Replace it with this file?`, "Replace it"))) throw error;
      return api.startUpload(key, file, true);
    }
  }

  async #send(part) {
    for (let attempt = 1; ; attempt += 1) {
      if (this.#resume) await this.#paused;
      if (this.#cancelled) return;
      try {
        return await this.#put(part);
      } catch (error) {
        if (this.#cancelled) return;
        this.#sent.set(part.number, 0);
        if (error.name === "AbortError") continue;
        if (attempt === TRIES) throw error;
        await pause(500 * 2 ** attempt, this.#sending.signal);
      }
    }
  }

  /** Sends one part by XMLHttpRequest, because fetch does not report upload progress. */
  #put(part) {
    const signal = this.#sending.signal;
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      const stop = () => request.abort();
      signal.addEventListener("abort", stop, { once: true });
      request.open("PUT", new URL(part.url, new URL("..", import.meta.url)));
      request.upload.addEventListener("progress", (event) => this.#count(part.number, event.loaded));
      request.addEventListener("loadend", () => signal.removeEventListener("abort", stop));
      request.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
      request.addEventListener("error", () => reject(new ApiError(0, "The upload was interrupted. Check the connection and try again.")));
      request.addEventListener("load", () => {
        if (request.status < 300) {
          this.#count(part.number, part.size_bytes);
          resolve();
        } else {
          reject(new ApiError(request.status, `The storage refused a part of the file (${request.status}). Try again.`));
        }
      });
      request.send(this.file.slice(part.offset, part.offset + part.size_bytes));
    });
  }

  #pauseOrResume() {
    if (this.#resume) {
      this.#resume();
      this.#resume = null;
      write(this.view.pause, "Pause");
      return;
    }
    this.#paused = new Promise((resolve) => (this.#resume = resolve));
    this.#sending.abort();
    this.#sending = new AbortController();
    this.#samples = [];
    write(this.view.pause, "Resume");
    write(this.view.figures, "Paused");
  }

  #paused = null;

  #count(number, bytes) {
    this.#sent.set(number, bytes);
    const sent = [...this.#sent.values()].reduce((sum, size) => sum + size, 0);
    const now = performance.now();
    this.#samples.push([now, sent]);
    while (this.#samples[0][0] < now - SPEED_MS && this.#samples.length > 2) this.#samples.shift();
    const [since, before] = this.#samples[0];
    const speed = now > since ? (1000 * Math.max(sent - before, 0)) / (now - since) : 0;
    const share = (100 * sent) / this.file.size;
    this.view.bar.value = share;
    const figures = [percent(share), `${megabytes(sent)} of ${megabytes(this.file.size)}`];
    if (speed) figures.push(`${(speed / 1e6).toFixed(1)} MB/s`, `${coarse((this.file.size - sent) / speed)} left`);
    write(this.view.figures, figures.join(" · "));
  }
}
