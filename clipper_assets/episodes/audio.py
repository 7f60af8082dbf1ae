"""Decodes an episode's audio once: speech for the engines, loudness for the picker and the renderer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ffmpeg

from clipper_assets.episodes.microphones import (
    MAX_MICROPHONES,
    Detection,
    Microphone,
    detect_microphones,
    possible_microphones,
)
from clipper_assets.episodes.phase import FRAME_S, OneChannel, one_channel
from clipper_assets.episodes.properties import Probe
from clipper_assets.media.ffmpeg import FfmpegError, run
from clipper_assets.media.inputs import media_input
from clipper_assets.media.levels import Levels, rms_levels
from clipper_assets.media.loudness import LoudnessTrack, blocks_metered, parse_blocks
from clipper_assets.media.speech import SPEECH_RATE_HZ, load_speech
from clipper_assets.runtime.errors import UploadRefusedError
from clipper_assets.runtime.progress import Report, Stage
from clipper_assets.setting_types import Microphones
from clipper_assets.storage.base import Storage
from clipper_assets.storage.hive import hive_folder
from clipper_assets.storage.lake import LAKE

PROGRAMME_RATE_HZ = 48_000
ENDED_EARLY = "File ended prematurely"
"""ffmpeg's message for a Matroska file without its end."""
SPEECH_FOLDER = "speech"
"""Folder of the lake."""
SPEECH, BLOCKS = "speech.flac", "loudness.txt"

Stream = Any
"""A stream of ffmpeg-python, which carries no types."""


@dataclass(frozen=True)
class Sound:
    """Results of decoding the audio.

    Attributes:
        speech: FLAC file of 16 kHz mono speech.
        duration_s: Length of the episode in seconds.
        loudness: Loudness of 400 ms blocks.
        microphones: Each separate microphone and the FLAC file of its speech; empty if there is one mix.
        decided: Why there are microphones or none, as a phrase.
        only: The channel used instead of both; None for ordinary stereo, mono and microphones.
        broke_off: Whether the recording broke off.
    """

    speech: Path
    duration_s: float
    loudness: LoudnessTrack
    microphones: tuple[tuple[Microphone, Path], ...]
    decided: str
    only: OneChannel | None = None
    broke_off: bool = False


def programme(
    media: Stream, audio_stream: int, microphones: Sequence[Microphone], channel: int | None = None
) -> Stream:
    """The audio of clips as an ffmpeg stream: 48 kHz stereo, gaps in the timestamps filled with silence.

    Microphones are mixed in the centre, unless `audio_stream` is their mix already. `channel` is used alone if given.
    """
    if audio_stream in {microphone.stream for microphone in microphones}:
        voices = [_resampled(_mono(media, microphone), PROGRAMME_RATE_HZ) for microphone in microphones]
        sound = ffmpeg.filter(voices, "amix", inputs=len(voices), normalize=0)
    elif channel is not None:
        sound = _resampled(_mono(media, Microphone(audio_stream, channel)), PROGRAMME_RATE_HZ)
    else:
        sound = _resampled(media[str(audio_stream)], PROGRAMME_RATE_HZ)
    return sound.filter("aformat", channel_layouts="stereo")


def extract(
    storage: Storage,
    key: str,
    probe: Probe,
    folder: Path,
    stage: Stage,
    setting: Microphones,
    joined: Path | None = None,
) -> Sound:
    """Decode the upload's audio stream into `folder`, and with it every track that may be a separate microphone.

    `joined` is a local file that is decoded in place of the upload (see `joined_sound`).

    If the tracks are microphones and none of them is the mix of the others, the audio is decoded again, as their mix;
    if the two channels of a stereo stream cannot be mixed, it is decoded again from one of them.
    Measuring the mix and the tracks in the same pass costs ordinary stereo uploads 2.7 times the CPU, the tracks alone
    1.6 times.

    Sample n of each speech file is n/16000 s after the start of the container, even if the stream starts later. Raises
    UploadRefusedError if the audio cannot be decoded or does not fit `setting`.
    """
    possible = possible_microphones(probe, key, setting)
    media = media_input(joined or storage.media_source(key))
    files = [folder / f"microphone_{number}.flac" for number in range(len(possible))]
    channels = [Microphone(probe.audio_stream, channel) for channel in (0, 1)] if probe.audio_channels == 2 else []
    apart = {each: folder / f"channel_{each.channel}.flac" for each in channels} | dict(
        zip(possible, files, strict=True)
    )
    tracks = [ffmpeg.output(_speech(_mono(media, each)), file.name, acodec="flac") for each, file in apart.items()]
    outputs = [*_outputs(programme(media, probe.audio_stream, ())), *tracks]
    broke_off = _decode(outputs, key, probe, folder, stage("extracting audio"))
    detection = (
        Detection(tuple(range(len(possible))), f"{setting.value}, as set") if possible else Detection((), "one track")
    )
    if possible and setting is Microphones.auto:
        streams = [microphone.stream for microphone in possible]
        mix = streams.index(probe.audio_stream) if len(set(streams)) > 1 else None
        detection = detect_microphones((load_speech(file) for file in files), mix)
    only: OneChannel | None = None
    microphones = tuple((possible[number], files[number]) for number in detection.tracks)
    if any(microphone.stream == probe.audio_stream for microphone, _ in microphones):
        mixed = programme(media, probe.audio_stream, [microphone for microphone, _ in microphones])
        _decode(_outputs(mixed), key, probe, folder, stage("mixing microphones"))
    elif channels and (
        only := one_channel(*(_levels(file) for file in (*(apart[each] for each in channels), folder / SPEECH)))
    ):
        mono = programme(media, probe.audio_stream, (), only.channel)
        _decode(_outputs(mono), key, probe, folder, stage("using one channel"))
    speech, blocks = folder / SPEECH, folder / BLOCKS
    samples = load_speech(speech)
    if not samples.size:
        raise UploadRefusedError(f"the audio of {key} is empty; upload the recording with its sound")
    sound_s = samples.size / SPEECH_RATE_HZ
    duration_s = sound_s if probe.audio_only else probe.duration_s or sound_s
    return Sound(
        speech, duration_s, parse_blocks(blocks), microphones, detection.why, only, broke_off or probe.broke_off
    )


def _levels(speech: Path) -> Levels:
    return rms_levels(load_speech(speech), FRAME_S)


def store(storage: Storage, partition: str, sound: Sound) -> tuple[str, str, tuple[Microphone, ...]]:
    """Write speech and loudness into the lake; returns their keys, and the microphones with their speech keys."""
    folder = f"{LAKE}/{SPEECH_FOLDER}/{hive_folder(partition)}"
    speech_key, loudness_key = f"{folder}/speech.flac", f"{folder}/loudness.parquet"
    storage.put_file(speech_key, sound.speech)
    storage.put_bytes(loudness_key, sound.loudness.to_bytes())
    keys = [f"{folder}/microphone_{number}.flac" for number in range(MAX_MICROPHONES)]
    stored = [
        replace(microphone, speech_key=key) for key, (microphone, _) in zip(keys, sound.microphones, strict=False)
    ]
    for microphone, (_, file) in zip(stored, sound.microphones, strict=True):
        storage.put_file(microphone.speech_key, file)
    for stale in keys[len(stored) :]:
        if storage.exists(stale):
            storage.delete(stale)
    return speech_key, loudness_key, tuple(stored)


def _decode(outputs: Sequence[Stream], key: str, probe: Probe, folder: Path, report: Report) -> bool:
    """Write the outputs; returns whether the upload ends before the end that its structure promises."""
    arguments = ffmpeg.merge_outputs(*outputs).get_args()
    try:
        return ENDED_EARLY in run(arguments, duration_s=probe.duration_s or 0.0, report=report, cwd=folder)
    except FfmpegError as error:
        raise UploadRefusedError(f"the audio of {key} cannot be decoded ({error}); upload an intact file") from None


def _outputs(sound: Stream) -> list[Stream]:
    """Outputs for the speech file and for the loudness of 400 ms blocks."""
    copies = sound.filter_multi_output("asplit")
    blocks = blocks_metered(copies[1], BLOCKS)
    return [ffmpeg.output(_speech(copies[0]), SPEECH, acodec="flac"), ffmpeg.output(blocks, "-", format="null")]


def _speech(stream: Stream) -> Stream:
    return _resampled(stream, SPEECH_RATE_HZ).filter("aformat", sample_fmts="s16", channel_layouts="mono")


def _mono(media: Stream, microphone: Microphone) -> Stream:
    stream = media[str(microphone.stream)]
    if microphone.channel is None:
        return stream.filter("aformat", channel_layouts="mono")
    return stream.filter("channelmap", map=microphone.channel, channel_layout="mono")


def _resampled(stream: Stream, rate_hz: int) -> Stream:
    """The stream at `rate_hz` from time 0 on, with gaps in the timestamps filled with silence."""
    return stream.filter("aresample", rate_hz, **{"async": 1, "first_pts": 0})
