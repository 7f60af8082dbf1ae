/** Formats numbers, times and names for display. */

const STEPS = {
  raw_video: "Upload",
  aligned_transcript: "Transcript",
  ad_spans: "Adverts",
  highlight_windows: "Highlights",
  chapters: "Chapters",
  scenes: "Scenes",
  camera_paths: "Camera",
  rendered_clips: "Clips",
  episode_costs: "Costs",
  library: "Tables",
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
const STEP_STATES = { pending: "To do", running: "", done: "Done", failed: "Failed", kept: "Reused" };
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];
const relative = new Intl.RelativeTimeFormat("en-GB", { numeric: "auto" });

export const BUSY = ["waiting", "queued", "running"];

export const stepName = (name) => STEPS[name] ?? name;
export const stateName = (state) => STATES[state] ?? state;
export const stepStateName = (state) => STEP_STATES[state] ?? state;
export const percent = (figure) => `${Math.floor(figure)} %`;
export const plural = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

/** Turns `aligned_transcript: transcribing` into "Transcript: transcribing". */
export function doingNow(text) {
  if (!text) return "";
  const [step, ...rest] = text.split(": ");
  return [stepName(step), ...rest].join(": ");
}

/** Formats a position in seconds as 1:05.0 or 1:02:05.0. */
export function clock(seconds) {
  const tenths = Math.round(seconds * 10);
  const minutes = Math.floor(tenths / 600);
  const rest = ((tenths % 600) / 10).toFixed(1).padStart(4, "0");
  const hours = Math.floor(minutes / 60);
  return hours ? `${hours}:${String(minutes % 60).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** Formats a length in seconds as 38.1 s, 4 min 5 s or 2 h 3 min. */
export function duration(seconds) {
  if (seconds < 99.95) return `${seconds.toFixed(1)} s`;
  return coarse(seconds);
}

/** Formats a length in seconds without tenths, for lengths that are estimates or long. */
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

/** Says how long ago an ISO 8601 time was, such as "5 minutes ago". */
export function ago(moment) {
  const seconds = (Date.now() - Date.parse(moment)) / 1000;
  const [unit, size] = UNITS.find(([, length]) => seconds >= length) ?? [];
  return unit ? relative.format(-Math.floor(seconds / size), unit) : "just now";
}

export const dateAndTime = (moment) =>
  new Date(moment).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });

/** Splits a key into its folder, with the trailing slash, and its file name. */
export function folderAndName(key) {
  const slash = key.lastIndexOf("/") + 1;
  return [key.slice(0, slash), key.slice(slash)];
}

/** Aspects as the names of looks have them. */
export const ASPECTS = { portrait: "Portrait 9:16", square: "Square 1:1", feed: "Feed 4:5", landscape: "Landscape 16:9" };
const languages = new Intl.DisplayNames("en-GB", { type: "language" });

/** "Spanish" for `es`. */
export function languageName(code) {
  try {
    return languages.of(code);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return code;
  }
}

/** "Square 1:1, marker, Spanish" for `square-marker-es`; caption styles have no hyphens. */
export function lookName(look) {
  const [aspect, style, language] = look.split("-");
  return [ASPECTS[aspect] ?? aspect, style, language && languageName(language)].filter(Boolean).join(", ");
}

/** The name of a show for people: its folder; `.` is the storage root. */
export function showName(show) {
  if (show === ".") return "Without a folder";
  try {
    return decodeURIComponent(show);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return show; // typed into the address
  }
}

/** Turns a phrase of the API into a sentence. A key or file name at its start keeps its case. */
export function sentence(phrase) {
  const text = phrase.trim();
  const [first] = text.split(/[\s,;]/, 1);
  if (/[/_]|\.\w/.test(first)) return text + (/[.!?]$/.test(text) ? "" : ".");
  return text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
}
