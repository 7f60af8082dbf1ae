"""Engine `pocketsphinx`: an English recogniser with its model in its wheel; used if nothing better can run."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from clipper_assets.media.speech import SPEECH_RATE_HZ, Samples
from clipper_assets.runtime.asset_names import ALIGNED_TRANSCRIPT
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.runtime.progress import Stage, part
from clipper_assets.transcript.aligners.pocketsphinx import FRAME_S, is_filler, pcm16
from clipper_assets.transcript.engines.base import Clock, Engine, EngineResult, EngineUnavailableError, Recording
from clipper_assets.transcript.timing import Span, fit
from clipper_assets.transcript.vad import speech_spans
from clipper_assets.transcript.words import Word

if TYPE_CHECKING:
    from pocketsphinx import Decoder

ROUGH = Degraded(
    ALIGNED_TRANSCRIPT,
    "PocketSphinx gets 33 to 45 % of the words of real speech wrong; for a good transcript put an .srt or .vtt beside "
    "the upload, or a faster-whisper model into CLIPPER_MODELS_DIR (or let it reach the model hub), or "
    "pip install 'clipper_assets[whisperx]'",
)

PAUSE_MS, PAD_MS = 300, 150
"""Pause that ends an utterance, and padding around it. On the sample (399 words) these give 51 word errors; Whisper's
shorter pause and wider padding give 67.
"""


class PocketSphinx(Engine):
    """Needs no download or GPU; its result is always reported as degraded."""

    name: ClassVar[str] = "pocketsphinx"

    def transcribe(self, recording: Recording, stage: Stage) -> EngineResult:
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
            for span in speech_spans(speech, PAUSE_MS, PAD_MS):
                segment = words[-1].segment + 1 if words else 0
                words_of_span = [Word(*timed, segment) for timed in _recognised(decoder, speech, span)]
                words += recording.with_microphone(track, words_of_span)
                part(report, track, len(recording.tracks))(span[1] * SPEECH_RATE_HZ / len(speech))
        report(1.0)
        clock.stage("transcribe")
        return EngineResult(
            words=fit(words, recording.duration_s),
            language="en",
            model="en-us",
            stages_s=clock.stages_s,
            degraded=[ROUGH],
        )


def _recognised(decoder: "Decoder", speech: Samples, span: Span) -> Iterator[tuple[str, float, float]]:
    """Yield the words in a span of speech with their start and end in seconds."""
    first, end = (round(edge_s * SPEECH_RATE_HZ) for edge_s in span)
    decoder.start_utt()
    decoder.process_raw(pcm16(speech[first:end]), no_search=False, full_utt=True)
    decoder.end_utt()
    for entry in decoder.seg() or ():
        if not is_filler(entry.word):
            # The second pronunciation of a word is written "word(2)".
            text = re.sub(r"\(\d+\)$", "", entry.word)
            yield text, span[0] + entry.start_frame * FRAME_S, span[0] + (entry.end_frame + 1) * FRAME_S
