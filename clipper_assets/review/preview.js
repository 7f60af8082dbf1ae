/** Draws what the camera shows: rectangles of a small video of the recording on a canvas. */

import { write, writeOrHide } from "./dom.js";

const CANVAS_WIDTH = 320;
const WITHOUT_VIDEO = "Render this clip again to preview its camera here. You can choose it all the same.";

const between = (before, after, share) =>
  Object.fromEntries(Object.keys(after).map((side) => [side, before[side] + share * (after[side] - before[side])]));

/** The panels that a camera shows at a time, in seconds of the episode. */
export function panelsAt(camera, time) {
  const pictures = camera.shots.flatMap((shot) => shot.pictures);
  const after = pictures.findLastIndex((picture) => picture.time <= time + 1e-6);
  const [picture, before] = [pictures[Math.max(after, 0)], pictures[Math.max(after - 1, 0)]];
  const share = picture.ease ? Math.min((time - picture.time) / picture.ease, 1) : 1;
  if (share >= 1 || before.panels.length !== picture.panels.length) return picture.panels;
  const eased = share * share * (3 - 2 * share);
  return picture.panels.map((panel, place) => ({ ...panel, source: between(before.panels[place].source, panel.source, eased) }));
}

/** The preview of a panel. Repeats the shown stretch while it plays. */
export function makePreview(view, signal) {
  const { canvas, video, play } = view;
  const context = canvas.getContext("2d");
  let camera = null;
  let span = null;

  play.addEventListener("click", () => (video.paused ? video.play().catch(() => {}) : video.pause()));
  for (const event of ["play", "pause"]) video.addEventListener(event, () => write(play, video.paused ? "Play" : "Pause"), { signal });
  for (const event of ["loadeddata", "seeked", "timeupdate"]) video.addEventListener(event, draw, { signal });
  video.addEventListener("play", frame, { signal });

  /** Draws each frame while the video plays. */
  function frame() {
    if (signal.aborted || video.paused) return;
    if (video.currentTime + camera.video_start >= span.end - 0.02) video.currentTime = span.start - camera.video_start;
    draw();
    requestAnimationFrame(frame);
  }

  function draw() {
    if (!camera || video.readyState < 2) return;
    const time = Math.min(Math.max(video.currentTime + camera.video_start, span.start), span.end - 0.001);
    const panels = panelsAt(camera, time);
    const scale = canvas.width / camera.frame_width;
    context.fillRect(0, 0, canvas.width, canvas.height);
    if (panels.length === 1 && panels[0].frame.height < camera.frame_height - 1) drawBackdrop();
    for (const { source, frame: place } of panels) drawPart(source, place.left * scale, place.top * scale, place.width * scale, place.height * scale);
    canvas.dataset.shown = JSON.stringify(panels.map(({ source }) => source));
  }

  function drawPart({ left, top, width, height }, ...place) {
    const [x, y] = [video.videoWidth / camera.width, video.videoHeight / camera.height];
    context.drawImage(video, left * x, top * y, width * x, height * y, ...place);
  }

  /** The blurred, darker copy behind the whole picture. */
  function drawBackdrop() {
    const { width, height, frame_width: wide, frame_height: tall } = camera;
    const share = Math.min(width / wide, height / tall);
    const crop = { left: (width - wide * share) / 2, top: (height - tall * share) / 2, width: wide * share, height: tall * share };
    context.filter = "blur(6px) brightness(0.8)";
    drawPart(crop, 0, 0, canvas.width, canvas.height);
    context.filter = "none";
  }

  return {
    /** Shows a stretch of a clip with this camera, from its start on if another stretch was shown before. */
    show(next, stretch) {
      const isNew = span?.start !== stretch.start || camera?.video_url !== next.video_url;
      [camera, span] = [next, stretch];
      canvas.width = CANVAS_WIDTH;
      canvas.height = Math.round((CANVAS_WIDTH * camera.frame_height) / camera.frame_width);
      writeOrHide(view.missing, camera.video_url ? "" : WITHOUT_VIDEO);
      canvas.hidden = play.hidden = !camera.video_url;
      if (!camera.video_url) return;
      if (video.src !== new URL(camera.video_url, location.href).href) video.src = camera.video_url;
      if (isNew) video.currentTime = Math.max((span.start + span.end) / 2 - camera.video_start, 0);
      draw();
    },
    pause: () => video.pause(),
  };
}
