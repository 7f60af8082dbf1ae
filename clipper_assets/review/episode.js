/** The page of one episode: the progress of its run, and its clips. */

import { makeAdverts } from "./adverts.js";
import { ApiError } from "./api.js";
import { makeChapters } from "./chapters.js";
import { makeClip } from "./clip.js";
import { confirmed, copyOf, element, fillList, Keyed, write, writeOrHide } from "./dom.js";
import { BUSY, coarse, doingNow, folderAndName, lookName, percent, plural, sentence, stateName, stepName, stepStateName } from "./format.js";
import { makeLooks } from "./looks.js";
import { announce, showError } from "./notice.js";
import { makeSearch } from "./search.js";
import { follow } from "./stream.js";

const MOST_LINES = 500;

/** `look` is the name of the look to show first, "" for the default one. */
export function showEpisode(page, key, look) {
  const { api, canEdit, signal } = page;
  const view = copyOf("episode");
  const [folder, name] = folderAndName(key);
  write(view.folder, folder);
  write(view.name, name);
  const steps = new Keyed(view.steps, (step) => step.name, makeStep);
  const chapters = makeChapters(view);
  const clips = new Keyed(view.clips, (clip) => `${clip.look ?? clip.aspect} ${clip.clip_index}`, (clip) => makeClip(page, editor, !clip.look));
  let episode = null;
  let transcript = null;
  let saving = Promise.resolve();

  /** What the cards of the clips use of this episode: its transcript, and how to save an edit. */
  const editor = {
    transcript: () => transcript,
    /** "Clip 0", with its look, or its aspect where the episode has clips in several aspects. */
    nameOf: (clip) => [`Clip ${clip.clip_index}`, clip.look ? lookName(clip.look) : aspects().length > 1 && clip.aspect].filter(Boolean).join(", "),
    edit: (clip, change, done) => save(() => api.edit(key, clip, { base_version: episode.edits.version, ...change }), done),
    /** The version of the edits. */
    version: () => episode.edits.version,
    /** The shots of a clip, also with another choice for one of them; undefined if the API refuses. */
    shots: (clip) => attempt(() => api.shots(key, clip)),
    previewShot: (clip, choice) => attempt(() => api.previewShot(key, clip, choice)),
    chooseShot: (clip, choice, done) => save(() => api.chooseShot(key, clip, { base_version: episode.edits.version, ...choice }), done),
    /** Marks and unmarks passages as adverts. */
    mark: (change, done) => save(() => api.mark(key, { base_version: episode.edits.version, ...change }), done),
  };
  const adverts = makeAdverts(page, editor);
  view.looks.before(adverts.root);
  const looks = makeLooks(page, view, key, look, { attempt, load });

  /** Saves an edit. Edits are sent one after another, since each names the version it is based on. */
  function save(send, done) {
    saving = saving.then(() =>
      attempt(async () => {
        await send();
        await load();
        if (done) announce(done);
      }),
    );
    return saving;
  }

  const search = makeSearch(page, {
    episode: key,
    onAdded: () =>
      attempt(async () => {
        announce("The new clip is being made.");
        await load();
        await watch();
      }),
  });
  view.search.append(search);

  const aspects = () => [...new Set(episode.clip_views.map((clip) => clip.aspect))];
  const changedClips = () => episode.clip_views.filter((clip) => Object.keys(clip.wanted).length);

  async function attempt(work) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 409) await load().catch(() => {});
      showError(error.message);
    }
  }

  async function load() {
    const answer = await api.episode(key);
    const words = answer.links.transcript && (await api.transcript(key));
    await looks.read(answer);
    if (signal.aborted) return;
    episode = answer;
    transcript = words;
    show();
  }

  function show() {
    const busy = BUSY.includes(episode.state);
    write(view.state, stateName(episode.state));
    view.state.dataset.state = episode.state;
    const facts = [];
    if (episode.duration) facts.push(coarse(episode.duration));
    if (aspects().length > 1) {
      for (const aspect of aspects()) {
        const clipsOfAspect = episode.clip_views.filter((clip) => clip.aspect === aspect);
        const ready = clipsOfAspect.filter((clip) => clip.is_publishable).length;
        facts.push(`${plural(clipsOfAspect.length, "clip")} in ${aspect}, ${ready} ready to post`);
      }
    } else if (episode.clips !== null) {
      facts.push(`${plural(episode.clips, "clip")}, ${episode.publishable} ready to post`);
    }
    write(view.facts, facts.join(" · "));
    writeOrHide(view.error, episode.error && sentence(episode.error));
    view.run.classList.toggle("over", !busy);
    steps.show(episode.steps);
    showNow(episode.percent, episode.doing);
    view.cancel.hidden = !(canEdit && ["queued", "running"].includes(episode.state));
    view.retry.hidden = !(canEdit && ["failed", "cancelled"].includes(episode.state));
    view.remove.hidden = !canEdit || ["queued", "running"].includes(episode.state);
    const reasons = [...new Set(episode.degraded.map(({ step, reason }) => `${stepName(step)}: ${reason}`))];
    view.degraded.hidden = !reasons.length;
    write(view["degraded-title"], `${plural(reasons.length, "fallback")} used`);
    fillList(view["degraded-list"], reasons);
    looks.update(episode);
    writeOrHide(view.empty, episode.clip_views.length || episode.state === "failed" ? "" : busy ? "The clips appear here when they are finished." : "This episode has no clips.");
    view.search.hidden = !transcript;
    chapters.show(episode.chapters);
    clips.show(looks.clips() ?? episode.clip_views);
    adverts.update();
    const changed = changedClips();
    const { can_undo: canUndo, new_clips: added, unrendered } = episode.edits;
    const rendering = busy && episode.clip_views.length > 0;
    view.tray.hidden = Boolean(looks.clips()) || !canEdit || !(changed.length || canUndo || unrendered.length || rendering);
    const pending = [];
    if (changed.length) pending.push(`${plural(changed.length, "clip")} changed`);
    if (added.length) pending.push(plural(added.length, "new clip"));
    if (unrendered.length && !pending.length) pending.push("Adverts changed, or a clip undone");
    write(view.changes, rendering ? "Rendering" : pending.length ? `${pending.join(", ")}, not rendered yet` : "All changes are rendered");
    view.bar.hidden = !rendering;
    view.bar.value = episode.percent;
    view.undo.disabled = view.discard.disabled = !canUndo;
    view.render.disabled = busy || !pending.length;
  }

  function showNow(share, doing) {
    write(view.now, BUSY.includes(episode.state) ? [percent(share), doingNow(doing)].filter(Boolean).join(" · ") : "");
    view.bar.value = share;
  }

  /** Follows the run until it ends, then loads its clips. */
  async function watch() {
    view.lines.replaceChildren();
    await follow((lastId, stop) => api.events(key, lastId, stop), {
      signal,
      onLost: () => write(view.now, "Connection lost. Reconnecting."),
      onEvent(kind, data) {
        if (kind === "log") log(data);
        if (kind === "waiting" || kind === "result") return;
        if (!BUSY.includes(episode.state)) return;
        if (episode.state !== "running") {
          episode.state = "running";
          write(view.state, stateName("running"));
          view.state.dataset.state = "running";
          view.cancel.hidden = !canEdit;
          view.remove.hidden = true;
        }
        const step = episode.steps.find(({ name }) => name === (kind === "step" ? data.step.name : data.step));
        if (!episode.steps.length) load();
        if (step && kind === "step") Object.assign(step, data.step);
        if (step && kind === "progress") Object.assign(step, { doing: data.doing, percent: Math.max(step.percent, data.stage_percent) });
        if (step) steps.show(episode.steps);
        if (kind !== "log") showNow(data.percent, step?.doing ? `${step.name}: ${step.doing}` : step?.name);
      },
    });
    if (signal.aborted) return;
    const stateBefore = episode.state;
    await load();
    if (BUSY.includes(stateBefore) && episode.state === "done") announce(`${name}: the clips are ready.`);
  }

  function log({ at, level, step, message }) {
    const line = element("li", {}, element("time", { dateTime: at }, new Date(at).toLocaleTimeString("en-GB")), ` ${step ? `${stepName(step)}: ` : ""}${message}`);
    line.dataset.level = level;
    view.lines.append(line);
    while (view.lines.children.length > MOST_LINES) view.lines.firstElementChild.remove();
  }

  view.cancel.addEventListener("click", async () => {
    if (!(await confirmed("Cancel this run? Steps that have finished are kept.", "Cancel the run"))) return;
    await attempt(async () => {
      await api.cancel(key);
      announce("The run is being cancelled.");
    });
  });
  view.retry.addEventListener("click", () =>
    attempt(async () => {
      view.retry.disabled = true;
      try {
        await api.retry(key);
      } finally {
        view.retry.disabled = false;
      }
      await load();
      await watch();
    }),
  );
  view.remove.addEventListener("click", async () => {
    if (!(await confirmed("Remove this episode, its clips and all edits? This cannot be undone. The recording stays. To get clips again, upload it again.", "Remove the episode"))) return;
    await attempt(async () => {
      await api.remove(key);
      addEventListener("hashchange", () => announce(`${name} is removed.`), { once: true });
      location.hash = "#/";
    });
  });
  view.undo.addEventListener("click", () =>
    attempt(async () => {
      await api.undo(key, episode.edits.version);
      await load();
      announce("The last change is undone.");
    }),
  );
  view.discard.addEventListener("click", async () => {
    if (!(await confirmed("Discard all changes to this episode? The next run picks new clips. You can undo this.", "Discard all"))) return;
    await attempt(async () => {
      await api.discard(key, episode.edits.version);
      await load();
      announce("All changes are discarded.");
    });
  });
  view.render.addEventListener("click", () =>
    attempt(async () => {
      view.render.disabled = true;
      await api.render(key, changedClips()[0]?.aspect ?? episode.edits.unrendered[0]);
      await load();
      await watch();
    }),
  );

  attempt(async () => {
    await load();
    looks.watch();
    await watch();
  });
  return view.root;
}

function makeStep() {
  const view = copyOf("step");
  return {
    root: view.root,
    update(step) {
      view.root.dataset.state = step.state;
      write(view.name, stepName(step.name));
      view.bar.value = step.percent;
      view.bar.setAttribute("aria-label", stepName(step.name));
      write(view.state, step.state === "running" ? percent(step.percent) : stepStateName(step.state));
    },
  };
}
