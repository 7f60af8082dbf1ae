"""Decodes an episode's sound once: speech for the engines, loudness for the picker and the renderer."""

from dataclasses import dataclass
from pathlib import Path

import ffmpeg

from clipper_assets.episodes.ffmpeg import FfmpegError, run
from clipper_assets.episodes.lake import LAKE
from clipper_assets.episodes.loudness import LoudnessTrack, parse_ebur128
from clipper_assets.episodes.partitions import hive_folder
from clipper_assets.episodes.probe import Probe, UploadRefusedError
from clipper_assets.episodes.speech import SPEECH_RATE_HZ, load_speech
from clipper_assets.episodes.storage import Storage
from clipper_assets.progress import Report

PROGRAMME_RATE_HZ = 48_000


@dataclass(frozen=True)
class Sound:
    """What one decode of the audio gave: the speech file, its length and the loudness track."""

    speech: Path
    duration_s: float
    loudness: LoudnessTrack


def programme(stream: ffmpeg.nodes.FilterableStream) -> ffmpeg.nodes.FilterableStream:
    """The sound as a clip carries it: 48 kHz stereo, gaps in the timestamps filled with silence."""
    return stream.filter("aresample", PROGRAMME_RATE_HZ, **{"async": 1, "first_pts": 0}).filter(
        "aformat", channel_layouts="stereo"
    )


def extract(storage: Storage, key: str, probe: Probe, folder: Path, report: Report) -> Sound:
    """Decode the chosen audio stream once into `folder`.

    Sample n of the speech file is n/16000 s after the start of the container, whatever the stream's own start. Raises
    UploadRefusedError where the sound cannot be decoded.
    """
    speech, blocks = folder / "speech.flac", folder / "loudness.txt"
    halves = ffmpeg.input(storage.media_source(key))[str(probe.audio_stream)].filter_multi_output("asplit")
    mono = (
        halves[0]
        .filter("aresample", SPEECH_RATE_HZ, **{"async": 1, "first_pts": 0})
        .filter("aformat", sample_fmts="s16", channel_layouts="mono")
    )
    measured = (
        programme(halves[1])
        .filter("ebur128", metadata=1, framelog="quiet")
        .filter("ametadata", mode="print", key="lavfi.r128.M", file=blocks.name)
    )
    outputs = ffmpeg.merge_outputs(
        ffmpeg.output(mono, speech.name, acodec="flac"), ffmpeg.output(measured, "-", format="null")
    )
    try:
        run(outputs.get_args(), duration_s=probe.duration_s or 0.0, report=report, cwd=folder)
    except FfmpegError as error:
        raise UploadRefusedError(f"the sound of {key} cannot be decoded ({error}); upload an intact video") from None
    samples = load_speech(speech)
    if not samples.size:
        raise UploadRefusedError(f"the sound of {key} is empty; upload the video with its sound")
    return Sound(speech, probe.duration_s or samples.size / SPEECH_RATE_HZ, parse_ebur128(blocks))


def store(storage: Storage, partition: str, sound: Sound) -> tuple[str, str]:
    """Put speech and loudness into the lake; returns their object keys."""
    folder = f"{LAKE}/speech/{hive_folder(partition)}"
    speech_key, loudness_key = f"{folder}/speech.flac", f"{folder}/loudness.parquet"
    storage.put_file(speech_key, sound.speech)
    storage.put_bytes(loudness_key, sound.loudness.to_bytes())
    return speech_key, loudness_key
