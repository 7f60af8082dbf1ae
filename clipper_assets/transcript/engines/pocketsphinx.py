"""Engine `pocketsphinx`: the last resort, an English recogniser whose model lies inside its wheel."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import webrtcvad

from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples
from clipper_assets.runtime.asset_names import ALIGNED_TRANSCRIPT
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.runtime.progress import Stage, part
from clipper_assets.transcript.aligners.pocketsphinx import FRAME_S, is_filler, pcm16
from clipper_assets.transcript.engines.base import Clock, Engine, EngineUnavailableError, Heard, Recording
from clipper_assets.transcript.timing import fit
from clipper_assets.transcript.words import Word

if TYPE_CHECKING:
    from pocketsphinx import Decoder

ROUGH = Degraded(
    ALIGNED_TRANSCRIPT,
    "PocketSphinx gets 33 to 45 % of the words of real speech wrong; for a good transcript put an .srt or .vtt beside "
    "the upload, or a faster-whisper model into CLIPPER_MODELS_DIR (or let it reach the model hub), or "
    "pip install 'clipper_assets[whisperx]'",
)

VAD_FRAME_S = 0.03
VAD_MODE = 2
"""0 lets everything through, 3 filters hardest (https://github.com/wiseman/py-webrtcvad)."""
PAUSE_S = 0.3
MAX_UTTERANCE_S = 30.0


class PocketSphinx(Engine):
    """Always there, needs nothing, and is always reported as degraded."""

    name: ClassVar[str] = "pocketsphinx"

    def transcribe(self, recording: Recording, stage: Stage) -> Heard:
        from pocketsphinx import Decoder

        if recording.language not in (None, "en"):
            raise EngineUnavailableError(
                f"PocketSphinx's model is English and the episode is in {recording.language!r}"
            )
        clock = Clock()
        decoder = Decoder(loglevel="FATAL")
        clock.stage("load")
        report = stage("transcribing")
        words: list[Word] = []
        for track, speech in enumerate(recording.tracks):
            for start, end in utterances(speech):
                segment = words[-1].segment + 1 if words else 0
                heard = _recognised(decoder, speech, start, end)
                words += recording.said_on(track, [Word(*timed, segment) for timed in heard])
                part(report, track, len(recording.tracks))(end / len(speech))
        report(1.0)
        clock.stage("transcribe")
        return Heard(
            words=fit(words, recording.duration_s),
            language="en",
            model="en-us",
            stages_s=clock.stages_s,
            degraded=[ROUGH],
        )


def _recognised(decoder: "Decoder", speech: Samples, start: int, end: int) -> Iterator[tuple[str, float, float]]:
    """The words between two samples, and when each is said, in seconds."""
    decoder.start_utt()
    decoder.process_raw(pcm16(speech[start:end]), no_search=False, full_utt=True)
    decoder.end_utt()
    origin_s = start / SPEECH_RATE_HZ
    for entry in decoder.seg() or ():
        if not is_filler(entry.word):
            # The second pronunciation of a word is written "word(2)".
            text = re.sub(r"\(\d+\)$", "", entry.word)
            yield text, origin_s + entry.start_frame * FRAME_S, origin_s + (entry.end_frame + 1) * FRAME_S


def utterances(speech: Samples) -> list[tuple[int, int]]:
    """First and last sample (excluded) of each utterance, at most `MAX_UTTERANCE_S` long, in order.

    An utterance ends at a pause of `PAUSE_S`; one that grows too long ends at the last unvoiced frame of its second
    half, or where it is if there is none.
    """
    vad = webrtcvad.Vad(VAD_MODE)
    size = round(VAD_FRAME_S * SPEECH_RATE_HZ)
    pcm = pcm16(speech)
    voiced = np.array(
        [vad.is_speech(pcm[2 * at : 2 * (at + size)], SPEECH_RATE_HZ) for at in range(0, len(speech) - size + 1, size)]
    )
    pause, longest = round(PAUSE_S / VAD_FRAME_S), int(MAX_UTTERANCE_S / VAD_FRAME_S)
    margin = pause // 2
    found: list[tuple[int, int]] = []
    for frame in np.flatnonzero(voiced):
        if found and frame - found[-1][1] < pause:
            found[-1] = (found[-1][0], int(frame) + 1)
        else:
            found.append((max(0, int(frame) - margin), int(frame) + 1))
        start, end = found[-1]
        limit = start + longest - margin
        if end > limit:
            quiet = np.flatnonzero(~voiced[start + longest // 2 : limit])
            cut = start + longest // 2 + int(quiet[-1]) if len(quiet) else limit
            found[-1:] = [(start, cut), (cut, end)]
    ends = [min(end + margin, start) for (_, end), (start, _) in pairwise([*found, (len(speech), 0)])]
    return [(start * size, min(end * size, len(speech))) for (start, _), end in zip(found, ends, strict=True)]
