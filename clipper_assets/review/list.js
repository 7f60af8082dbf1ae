/** The page that lists all episodes, the newest first, with an upload box. */

import { ApiError } from "./api.js";
import { copyOf, Keyed, write, writeOrHide } from "./dom.js";
import { ago, BUSY, dateAndTime, doingNow, folderAndName, percent, plural, showName, stateName } from "./format.js";
import { makeLookList } from "./look_list.js";
import { showError } from "./notice.js";
import { makeSearch } from "./search.js";
import { pause } from "./stream.js";
import { uploadBox } from "./upload.js";

const BUSY_MS = 2000;
const IDLE_MS = 10000;

/** `initial` are the parameters of the address: those of a search to begin with, or the `show` whose episodes to list. */
export function showList(page, initial) {
  const { api, canEdit, signal } = page;
  const view = copyOf("list");
  const rows = new Keyed(view.episodes, (episode) => episode.key, makeRow);
  let pages = 1;
  let next = null;
  let chosen = (!initial.get("q") && initial.get("show")) || "";

  async function load() {
    const show = chosen;
    const episodes = [];
    let cursor = null;
    for (let page = 0; page < pages && (page === 0 || cursor); page += 1) {
      const answer = await api.episodes(cursor, show);
      episodes.push(...answer.episodes);
      offerShows(answer.shows);
      cursor = answer.next_cursor;
    }
    if (signal.aborted || show !== chosen) return false;
    next = cursor;
    rows.show(episodes);
    view.more.hidden = !next;
    write(view.count, episodes.length ? `${episodes.length}${next ? " shown" : ""}` : "");
    writeOrHide(
      view.empty,
      episodes.length ? "" : chosen ? "This show has no episodes." : "No episodes yet. Upload a recording, or copy one into the storage; it appears here within seconds.",
    );
    return episodes.some((episode) => BUSY.includes(episode.state));
  }

  /** Offers all shows to choose from, once there are several. */
  function offerShows(shows) {
    const offered = chosen && !shows.includes(chosen) ? [...shows, chosen] : shows;
    view.filter.hidden = offered.length < 2 && !chosen;
    if (offered.join("\n") === [...view.show.options].slice(1).map(({ value }) => value).join("\n")) return;
    view.show.replaceChildren(new Option("All shows", ""), ...offered.map((show) => new Option(showName(show), show)));
    view.show.value = chosen;
  }

  const address = () => (chosen ? `#/?${new URLSearchParams({ show: chosen })}` : "#/");

  async function attempt() {
    try {
      return await load();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      showError(error.message);
      return false;
    }
  }

  async function keepFresh() {
    while (!signal.aborted) {
      const busy = await attempt();
      await pause(busy ? BUSY_MS : IDLE_MS, signal);
    }
  }

  view.more.addEventListener("click", () => {
    pages += 1;
    attempt();
  });
  view.show.addEventListener("change", () => {
    chosen = view.show.value;
    pages = 1;
    history.replaceState(null, "", address());
    attempt();
  });
  if (canEdit) {
    uploadBox(view, api);
    makeLookList(api, view);
  }
  view.browse.hidden = Boolean(initial.get("q"));
  view.search.replaceWith(
    makeSearch(page, {
      initial,
      onSearch(parameters) {
        view.browse.hidden = Boolean(parameters);
        // The address keeps the search, so that "back" returns to it from an episode.
        history.replaceState(null, "", parameters ? `#/?${parameters}` : address());
      },
      onAdded: (key) => (location.hash = `#/episodes/${encodeURIComponent(key)}`),
    }),
  );
  keepFresh();
  return view.root;
}

function makeRow() {
  const view = copyOf("episode-row");
  return {
    root: view.root,
    update(episode) {
      const [folder, name] = folderAndName(episode.key);
      write(view.folder, folder);
      write(view.name, name);
      view.link.href = `#/episodes/${encodeURIComponent(episode.key)}`;
      view.thumb.hidden = !episode.thumbnail_url;
      if (episode.thumbnail_url && view.thumb.getAttribute("src") !== episode.thumbnail_url) {
        view.thumb.src = episode.thumbnail_url;
      }
      write(view.outcome, outcome(episode));
      write(view.state, stateName(episode.state));
      view.state.dataset.state = episode.state;
      const moment = episode.finished_at ?? episode.started_at;
      writeOrHide(view.time, moment && ago(moment));
      if (moment) {
        view.time.dateTime = moment;
        view.time.title = dateAndTime(moment);
      }
      view.meter.classList.toggle("idle", !BUSY.includes(episode.state));
      view.bar.value = episode.percent;
      view.bar.setAttribute("aria-label", `Progress of ${name}`);
      write(view.doing, doingNow(episode.doing));
      write(view.percent, percent(episode.percent));
    },
  };
}

function outcome({ state, clips, publishable, error }) {
  if (state === "failed") return error ?? "The run failed.";
  if (error) return error;
  if (clips === null) return state === "done" ? "No clips" : "No clips yet";
  if (publishable === clips) return `${plural(clips, "clip")}, all ready to post`;
  return `${plural(clips, "clip")}, ${publishable} ready to post`;
}
