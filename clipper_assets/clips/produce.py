"""Renders the clips that are missing, several at once, and publishes each one completely or not at all."""

import hashlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from clipper_assets.camera.scene import Scene
from clipper_assets.clips.cuts import Span
from clipper_assets.clips.gates.figures import Figures, PlannedFormat
from clipper_assets.clips.gates.measure import PlannedContent, measure_clip
from clipper_assets.clips.gates.verdicts import Limits, blocked_by, verdicts
from clipper_assets.clips.gates.words import cut_word_s
from clipper_assets.clips.looks import Rendition
from clipper_assets.clips.manifest import Captions, Clip
from clipper_assets.clips.plan import ClipPlan
from clipper_assets.clips.previews import Chip, face_chips, publish_preview
from clipper_assets.clips.records import record_key, recorded
from clipper_assets.clips.rendering.encoders import NVENC, X264, Encoder
from clipper_assets.clips.rendering.render import Rendered, render_clip
from clipper_assets.clips.shares import Shares
from clipper_assets.edits.model import StoredDecision
from clipper_assets.episodes.source import RawVideo
from clipper_assets.highlights.window import Window
from clipper_assets.media.ffmpeg import FfmpegError
from clipper_assets.runtime.asset_names import RENDERED_CLIPS
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.runtime.progress import Report
from clipper_assets.runtime.spend import holding_gpu
from clipper_assets.shows.show import Layout
from clipper_assets.storage.base import Storage

CHECKS_OF_THE_ENCODER = ("clip_format", "clip_picture")
"""Asset checks whose gates a faulty hardware encoder may fail: the rest depends on sound, captions and the plan."""


@dataclass(frozen=True)
class Job:
    """One clip to produce: its plan, its window, the encoder, and the inputs of the gates.

    `spoken` are the episode's words in and around the clip, in seconds from its start. `speaker_share`, `alone_share`
    and `advert_s` are explained in `PlannedContent`. `judged` is what a person decided about a file of this clip.
    `scene` has the faces that can be chosen by hand; None where the camera follows nobody.
    """

    plan: ClipPlan
    window: Window
    encoder: Encoder
    spoken: Sequence[Span] = ()
    speaker_share: float | None = None
    alone_share: float | None = None
    advert_s: float = 0.0
    judged: StoredDecision | None = None
    scene: Scene | None = None

    @cached_property
    def spec(self) -> str:
        return self.plan.spec


@dataclass(frozen=True)
class Produced:
    """All clips in the order of their jobs, how many of them were rendered, and the errors of those that failed."""

    clips: list[Clip]
    rendered: int
    failed: dict[int, str] = field(default_factory=dict)


def produce_clips(
    jobs: Sequence[Job],
    source: RawVideo,
    storage: Storage,
    folder: str,
    *,
    rendition: Rendition,
    limits: Limits,
    workers: int,
    report: Report,
    log: Callable[[str], None],
    check_upload: Callable[[], None],
) -> Produced:
    """Produce the clips of all `jobs` in `folder`; unchanged ones are kept. Each has its verdicts by `limits`.

    A clip that cannot be decoded or encoded is left out, unless that is true of all: then its error is raised.
    `check_upload` raises where the upload changed meanwhile: a clip of it is not published. Raises what that or
    rendering raised, after the clips in progress have been stopped; clips already finished stay.
    """
    import av

    finished = {
        job.plan.index: clip for job in jobs if (clip := _unchanged(job, source.episode, storage, folder, rendition))
    }
    for index in finished:
        log(f"clip_{index}: unchanged, not rendered again")
    if not (missing := [job for job in jobs if job.plan.index not in finished]):
        report(1.0)
    shares = Shares(len(missing), report)

    def produce(job: Job) -> Clip:
        with tempfile.TemporaryDirectory(prefix="clipper-") as work:
            url, report_share = storage.media_source(source.media_key), shares.of(job.plan.index)
            proxy = rendition.look is None  # the camera of a look is that of the default clips
            rendered, figures = _rendered(job, source, url, limits, Path(work), report_share, proxy=proxy)
            clip, chips = _clip(job, rendition, rendered, figures, storage, folder), _chips(job, rendered)
            check_upload()
            clip = _publish(storage, source.episode, clip, rendered, chips)
        log(f"clip_{job.plan.index}: rendered, {clip.bytes / 1e6:.1f} MB")
        return clip

    failed: dict[int, str] = {}
    on_gpu = any(job.encoder == NVENC for job in missing)
    with holding_gpu() if on_gpu else nullcontext(), ThreadPoolExecutor(workers) as pool:
        futures = {pool.submit(produce, job): job.plan.index for job in missing}
        try:
            for future in as_completed(futures):
                try:
                    finished[futures[future]] = future.result()
                except (FfmpegError, av.FFmpegError) as error:
                    check_upload()
                    failed[futures[future]] = str(error)
                    log(f"clip_{futures[future]} could not be rendered: {error}")
                    if len(failed) == len(jobs):
                        raise
        except BaseException:
            shares.cancelled.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    made = [_judged(finished[job.plan.index], job, limits) for job in jobs if job.plan.index in finished]
    return Produced(made, len(missing) - len(failed), failed)


def _unchanged(job: Job, episode: str, storage: Storage, folder: str, rendition: Rendition) -> Clip | None:
    """The clip that an earlier run rendered by the same plan, with the fields that need no rendering made new."""
    clip = recorded(storage, episode, rendition, job.plan.index)
    if clip is None or clip.spec != job.spec or clip.key != f"{folder}/clip_{job.plan.index}.mp4":
        return None
    texts = _of_window(job.window, clip.rendering_fallbacks)
    return clip.model_copy(update={**texts, "figures": _still_true(clip.figures, job)})


def kept_clip(
    job: Job, episode: str, storage: Storage, folder: str, rendition: Rendition, limits: Limits
) -> Clip | None:
    """The clip that `produce_clips` would keep, as the manifest would list it; None if it would render the clip."""
    clip = _unchanged(job, episode, storage, folder, rendition)
    return _judged(clip, job, limits) if clip else None


def _judged(clip: Clip, job: Job, limits: Limits) -> Clip:
    review = job.judged.review(clip.sha256) if job.judged else None
    return clip.model_copy(update={"gates": verdicts(clip.figures, limits), "review": review})


def _of_window(window: Window, rendering: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Fields that a clip copies from its window; `degraded` has the picker's fallbacks, then those of `rendering`."""
    return {
        **{name: getattr(window, name) for name in ("hook", "title", "reason", "hashtags")},
        "virality_score": round(window.virality_score, 2),
        "degraded": [*window.degraded, *rendering],
    }


def _rendered(
    job: Job, source: RawVideo, url: str, limits: Limits, work: Path, report: Report, *, proxy: bool
) -> tuple[Rendered, Figures]:
    """Render a clip and measure it; if a hardware encoder made a file with faults, libx264 encodes it again."""

    def render(encoder: Encoder) -> tuple[Rendered, Figures]:
        folder = work / encoder.name
        folder.mkdir()
        rendered = render_clip(job.plan, source, url, encoder, folder, report, proxy=proxy)
        return rendered, _figures(job, rendered)

    rendered, figures = render(job.encoder)
    if job.encoder.is_hardware and (faults := _faults_of_encoder(figures, limits)):
        reason = f"the file of {job.encoder.name} {' and '.join(faults)}, so libx264 was used"
        rendered, figures = render(X264)
        rendered = replace(rendered, degraded=(Degraded(RENDERED_CLIPS, reason), *rendered.degraded))
    return rendered, figures


def _faults_of_encoder(figures: Figures, limits: Limits) -> list[str]:
    """What is wrong with a file, as phrases, by the blocking gates that an encoder can fail."""
    gates = [gate for gate in limits.gates if gate.check in CHECKS_OF_THE_ENCODER]
    return blocked_by(verdicts(figures, replace(limits, gates=gates)))


def _clip(job: Job, rendition: Rendition, rendered: Rendered, figures: Figures, storage: Storage, folder: str) -> Clip:
    plan = job.plan
    stem = f"{folder}/clip_{plan.index}"
    video = rendered.files["mp4"]
    with video.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    return Clip(
        **_of_window(job.window, [fallback.as_dict() for fallback in rendered.degraded]),
        clip_index=plan.index,
        start_time=round(plan.start_s, 3),
        end_time=round(plan.end_s, 3),
        duration=round(figures.duration_s, 3),
        key=f"{stem}.mp4",
        url=storage.uri(f"{stem}.mp4"),
        width=figures.width_px,
        height=figures.height_px,
        fps=figures.fps,
        bytes=figures.size_bytes,
        sha256=sha256,
        loudness_lufs=figures.loudness_lufs,
        true_peak_dbtp=figures.true_peak_dbtp,
        captions=Captions(srt=f"{stem}.srt", vtt=f"{stem}.vtt", language=plan.language),
        thumbnail=f"{stem}.jpg",
        aspect=rendition.aspect,
        look=rendition.look,
        layout="+".join(layout.value for layout in plan.camera.layouts),
        caption_style=plan.style.name,
        encoder=job.encoder.name,
        spec=job.spec,
        figures=figures,
    )


def _chips(job: Job, rendered: Rendered) -> list[Chip]:
    return face_chips(rendered.proxy, job.scene, job.plan.start_s) if rendered.proxy and job.scene else []


def _figures(job: Job, rendered: Rendered) -> Figures:
    plan, captions = job.plan, job.plan.captions
    return measure_clip(
        f"file:{rendered.files['mp4']}",
        PlannedFormat(
            width_px=plan.frame.width_px, height_px=plan.frame.height_px, fps=plan.fps, duration_s=plan.duration_s
        ),
        PlannedContent(
            pages=captions.pages,
            boxes=[each.box for each in captions.boxes],
            safe=plan.frame.safe,
            spoken=job.spoken,
            missing_captions=rendered.missing_captions,
            missing_letters=captions.missing_glyphs,
            letters_px=captions.smallest_em_px,
            screens=[
                span for layout in (Layout.screen, Layout.fit) for span in plan.camera.spans(layout, plan.duration_s)
            ],
            speaker_share=job.speaker_share,
            alone_share=job.alone_share,
            advert_s=job.advert_s,
        ),
    )


def _still_true(figures: Figures, job: Job) -> Figures:
    """The figures of an unchanged clip; those that depend on words, faces or adverts, not on the file, are new."""
    newer = {
        "speaker_share": job.speaker_share,
        "alone_share": job.alone_share,
        "cut_word_s": cut_word_s(job.spoken, figures.duration_s),
        "advert_s": job.advert_s,
    }
    return Figures.model_validate(figures.model_dump() | newer)


def _publish(storage: Storage, partition: str, clip: Clip, rendered: Rendered, chips: Sequence[Chip]) -> Clip:
    """Store the files of a clip and then its record; returns the clip with its preview."""
    record = record_key(partition, clip.rendition, clip.clip_index)
    storage.delete(record)
    stem = clip.key.removesuffix(".mp4")
    for suffix, file in rendered.files.items():
        storage.put_file(f"{stem}.{suffix}", file)
    if rendered.proxy:
        preview = publish_preview(storage, partition, clip.rendition, clip.clip_index, rendered.proxy, chips)
        clip = clip.model_copy(update={"preview": preview})
    storage.put_bytes(record, clip.model_dump_json(indent=2).encode())
    return clip
