/** Figures and names as a person reads them. */

const STEPS = {
  raw_video: "Upload",
  aligned_transcript: "Transcript",
  highlight_windows: "Highlights",
  scenes: "Scenes",
  camera_paths: "Camera",
  rendered_clips: "Clips",
};
const STATES = {
  waiting: "Waiting",
  queued: "Queued",
  running: "In progress",
  done: "Done",
  failed: "Failed",
  cancelled: "Cancelled",
  damaged: "Damaged",
};
const STEP_STATES = { pending: "To do", running: "", done: "Done", failed: "Failed", kept: "Kept" };
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];
const relative = new Intl.RelativeTimeFormat("en-GB", { numeric: "auto" });

export const BUSY = ["waiting", "queued", "running"];

export const stepName = (name) => STEPS[name] ?? name;
export const stateName = (state) => STATES[state] ?? state;
export const stepStateName = (state) => STEP_STATES[state] ?? state;
export const percent = (figure) => `${Math.floor(figure)} %`;
export const plural = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

/** `aligned_transcript: transcribing` as "Transcript: transcribing". */
export function doingNow(text) {
  if (!text) return "";
  const [step, ...rest] = text.split(": ");
  return [stepName(step), ...rest].join(": ");
}

/** Seconds of an episode as 1:05.0 or 1:02:05.0. */
export function clock(seconds) {
  const tenths = Math.round(seconds * 10);
  const minutes = Math.floor(tenths / 600);
  const rest = ((tenths % 600) / 10).toFixed(1).padStart(4, "0");
  const hours = Math.floor(minutes / 60);
  return hours ? `${hours}:${String(minutes % 60).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** How long something takes: 38.1 s, 4 min 5 s, 2 h 3 min. */
export function duration(seconds) {
  if (seconds < 99.95) return `${seconds.toFixed(1)} s`;
  return coarse(seconds);
}

/** The same where tenths would be false precision. */
export function coarse(seconds) {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

export function megabytes(bytes) {
  if (bytes < 1e5) return `${Math.ceil(bytes / 1e3)} kB`;
  const size = bytes / 1e6;
  return size < 1000 ? `${size.toFixed(1)} MB` : `${(size / 1000).toFixed(2)} GB`;
}

/** How long ago a moment was, from its ISO text. */
export function ago(moment) {
  const seconds = (Date.now() - Date.parse(moment)) / 1000;
  const [unit, size] = UNITS.find(([, length]) => seconds >= length) ?? [];
  return unit ? relative.format(-Math.floor(seconds / size), unit) : "just now";
}

export const dateAndTime = (moment) =>
  new Date(moment).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });

/** A key as its folder, with the slash, and its name. */
export function folderAndName(key) {
  const slash = key.lastIndexOf("/") + 1;
  return [key.slice(0, slash), key.slice(slash)];
}

/** What the API says in a phrase, as a sentence. A key or file name at its beginning stays as it is written. */
export function sentence(phrase) {
  const text = phrase.trim();
  const [first] = text.split(/[\s,;]/, 1);
  if (/[/_]|\.\w/.test(first)) return text + (/[.!?]$/.test(text) ? "" : ".");
  return text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
}
