"""Our pipeline, with the code of the assets: analyse the windows, direct the camera, plan and render each clip."""

import os
from pathlib import Path

import pyarrow as pa

from benchmarks.source import Episode, Window
from clipper_assets.camera.analysis.analyse import Analysis, analyse  # noqa: TID253  # not part of what is measured
from clipper_assets.camera.direction.director import direct  # noqa: TID253
from clipper_assets.camera.direction.path import CameraPath
from clipper_assets.captions.styles import load_style
from clipper_assets.clips.look import Look
from clipper_assets.clips.plan import plan_clip
from clipper_assets.clips.rendering.encoders import Encoder
from clipper_assets.clips.rendering.render import render_clip
from clipper_assets.highlights.window import Window as HighlightWindow
from clipper_assets.media.frame import FRAMES, Aspect
from clipper_assets.shows.show import Layout
from clipper_assets.transcript.words import sentences

LOOK = Look(load_style("classic"), FRAMES[Aspect.portrait])
"""Captions and frame of the previous service, so that both pipelines draw the same."""
LOSSLESS = Encoder("libx264", (("preset", "ultrafast"), ("qp", "0"), ("profile:v:0", "high444")))
"""A lossless encoder, which keeps the frames as the renderer draws them, as the reference for VMAF."""


LR_ASD = "LR-ASD"
"""What the name of the analysis contains if it found the speaker by the model."""


def look(episode: Episode, url: str, models_dir: Path | None) -> CameraPath:
    """Analyses the episode's window with the models of `models_dir` or the cache, and directs the camera by `auto`.

    Raises RuntimeError if LR-ASD is missing.
    """
    analysis = _analysed(episode, url, models_dir)
    if LR_ASD not in analysis.method:
        raise RuntimeError("LR-ASD is missing: run `clipper models`, or name the models' folder in CLIPPER_MODELS_DIR")
    return direct(analysis.scenes[0], Layout.auto)


def look_without_models(episode: Episode, url: str) -> CameraPath:
    """Analyses the window without any model, even if one is cached."""
    os.environ["XDG_CACHE_HOME"] = os.devnull
    return direct(_analysed(episode, url, None).scenes[0], Layout.auto)


def _analysed(episode: Episode, url: str, models_dir: Path | None) -> Analysis:
    spans, speech = [(episode.window.start_s, episode.window.end_s)], episode.load_speech()
    return analyse(spans, episode.source, url, episode.words, speech, models_dir, _ignore_progress)


def make_clip(episode: Episode, url: str, camera: CameraPath, encoder: Encoder, folder: Path) -> Path:
    """Renders the clip of the window into the new folder `folder`. Raises RuntimeError if a fallback was used."""
    folder.mkdir()
    plan = plan_clip(_highlight(episode.window, episode.words), episode.words, episode.source, LOOK, camera)
    rendered = render_clip(plan, episode.source, url, encoder, folder, _ignore_progress)
    if rendered.degraded:
        raise RuntimeError("; ".join(fallback.reason for fallback in rendered.degraded))
    return rendered.files["mp4"]


def _highlight(window: Window, words: pa.Table) -> HighlightWindow:
    """Returns the window as highlight_windows has it, with the sentences inside it."""
    numbers = [
        sentence.number
        for sentence in sentences(words)
        if window.start_s <= sentence.start and sentence.end <= window.end_s
    ]
    return HighlightWindow(
        episode="",
        clip=0,
        start=window.start_s,
        end=window.end_s,
        first_sentence=min(numbers),
        last_sentence=max(numbers),
        virality_score=1.0,
        hook="",
        title="",
        reason="",
        picker="",
    )


def _ignore_progress(share: float) -> None:
    """A progress callback that does nothing."""
