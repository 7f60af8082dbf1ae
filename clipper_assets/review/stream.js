/** Server-sent events over fetch, because EventSource cannot send the token in a header. */

import { ApiError } from "./api.js";

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30000;
/** A connection without data for this long is broken: the server sends a comment every 15 s. */
const SILENCE_MS = 45000;

/**
 * Calls `onEvent(type, data)` for each event until the server ends the stream. If the connection breaks or falls silent,
 * calls `onLost()` and reconnects after the last event received, with growing waits. Resolves at the end or when
 * `signal` aborts; rejects if the server refuses the request.
 */
export async function follow(open, { onEvent, onLost, signal }) {
  let lastId = "";
  let wait = FIRST_WAIT_MS;
  while (!signal.aborted) {
    const silence = new SilenceTimer(signal);
    try {
      const response = await open(lastId, silence.signal);
      if (response.status === 204) return;
      for await (const event of parsed(response.body, silence)) {
        lastId = event.id ?? lastId;
        wait = FIRST_WAIT_MS;
        if (event.data) onEvent(event.type, JSON.parse(event.data));
        if (event.type === "result") return;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429) throw error;
      if (!(error instanceof ApiError || error instanceof TypeError || error.name === "AbortError")) throw error;
    } finally {
      silence.end();
    }
    onLost();
    await pause(wait * (0.5 + Math.random() / 2), signal);
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  }
}

/** A signal that aborts if no data arrives for `SILENCE_MS`, or with `outer`. */
class SilenceTimer {
  #controller = new AbortController();
  #timer;

  constructor(outer) {
    this.signal = AbortSignal.any([outer, this.#controller.signal]);
    this.restart();
  }

  restart() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#controller.abort(), SILENCE_MS);
  }

  end() {
    clearTimeout(this.#timer);
    this.#controller.abort();
  }
}

async function* parsed(body, silence) {
  let event = { type: "message", data: "" };
  for await (const line of lines(body, silence)) {
    if (line === "") {
      yield event;
      event = { type: "message", data: "" };
      continue;
    }
    const [, field, value] = line.match(/^([^:]*):? ?(.*)$/);
    if (field === "event") event.type = value;
    else if (field === "id") event.id = value;
    else if (field === "data") event.data += (event.data && "\n") + value;
  }
}

async function* lines(body, silence) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    silence.restart();
    const complete = (rest + part.value).split(/\r\n|\n|\r(?!$)/);
    rest = complete.pop();
    yield* complete;
  }
}

/** Resolves after `ms`, or at once when `signal` aborts. */
export function pause(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}
