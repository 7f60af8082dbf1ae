"""Engine `transcript_file`: reads the SRT, VTT or JSON file next to the upload and times its words by alignment."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Self

from clipper_assets.media.speech import Samples
from clipper_assets.models.fetch import FetchError, writable_home
from clipper_assets.runtime.asset_names import ALIGNED_TRANSCRIPT
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.runtime.progress import Report, Stage, part
from clipper_assets.setting_types import Device
from clipper_assets.settings import Settings
from clipper_assets.transcript.aligners.auto import Aligners
from clipper_assets.transcript.aligners.base import Aligner, Block, with_times
from clipper_assets.transcript.aligners.pocketsphinx import PocketSphinxAligner
from clipper_assets.transcript.engines.base import Clock, Engine, EngineResult, EngineUnavailableError, Recording
from clipper_assets.transcript.fitting.activity import activity_fit
from clipper_assets.transcript.fitting.check import MIN_TOKENS, check, moved, notes
from clipper_assets.transcript.fitting.listeners import listeners
from clipper_assets.transcript.fitting.text import tokens_of
from clipper_assets.transcript.models import ModelMissingError
from clipper_assets.transcript.timing import Span, fit, interpolation_records
from clipper_assets.transcript.transcript_files import (
    Cue,
    CueWord,
    MalformedTranscriptError,
    Transcript,
    cue_words,
    read_transcript,
)
from clipper_assets.transcript.whisper_models import AUTO, SMALLEST, fastest_on_disk, fetch_whisper

BLOCK_S = 20.0
LONGEST_PAUSE_S = 1.0
"""No block includes a longer pause between cues: speech without text there, such as an advert, would attract words."""
MARGIN_S = 0.5
"""Subtitles may appear this long before their words and stay this long after; alignment includes as much of a pause."""

CONFIRMED_S = 0.2
"""Largest difference between the start of a word by the file and by the aligner: the tolerance by which WhisperX counts
a word as well placed (Bain et al. 2023)."""


class TranscriptFile(Engine):
    """Uses the text of a transcript file that belongs to the recording; word times that it lacks are computed.

    `model` and `models_dir` name the Whisper model that hears pieces of the recording where PocketSphinx does not know
    the language or does not find all of the text; it is fetched if there is none.
    """

    name: ClassVar[str] = "transcript_file"

    aligners: Aligners
    model: str | None = None
    models_dir: str | None = None
    device: Device = Device.auto

    @classmethod
    def configured(cls, settings: Settings) -> Self:
        return cls(
            aligners=Aligners.configured(settings),
            model=settings.whisper_model,
            models_dir=str(settings.models_dir) if settings.models_dir else None,
            device=settings.device,
        )

    def transcribe(self, recording: Recording, stage: Stage) -> EngineResult:
        clock = Clock()
        if recording.transcript_file is None:
            raise EngineUnavailableError(
                "no transcript lies beside the upload; put an .srt, .vtt or .json with the upload's name next to it"
            )
        try:
            transcript = read_transcript(recording.transcript_file, recording.language)
        except MalformedTranscriptError as error:
            raise EngineUnavailableError(str(error)) from error
        language = recording.language or transcript.language or "en"
        end_s = recording.duration_s
        file = recording.transcript_file.name
        clock.stage("read")
        fitting, degraded, facts = self._fitting(recording, transcript, language, stage)
        clock.stage("compare")
        cues = [replace(cue, span=(cue.span[0], min(cue.span[1], end_s))) for cue in fitting if cue.span[0] < end_s]
        if not cues:
            raise EngineUnavailableError(
                f"every cue of {file} lies after the end of the episode ({end_s:.0f} s); is it another episode's?"
            )
        if outside := sum(cue.span[1] > end_s + MARGIN_S for cue in fitting):
            reason = f"{outside} of {len(fitting)} cues of {file} end after the episode and were cut or left out"
            degraded.append(Degraded(ALIGNED_TRANSCRIPT, reason))
        aligner_name = "not needed: the file has a time for every word"
        if any(word.span is None for cue in cues for word in cue.words):
            aligner, why = self.aligners.choose(language)
            clock.stage("load aligner")
            aligner_name = f"{aligner.name if aligner else 'none'}{f' ({why})' if why else ''}"
            if aligner:
                cues = align_cues(aligner, recording.speech, cues, stage("aligning"))
            else:
                degraded.append(Degraded(ALIGNED_TRANSCRIPT, f"the words of {file} are spread over their cues: {why}"))
        elif language == "en":
            cues = confirmed(PocketSphinxAligner(), recording.speech, cues, stage("aligning"))
            aligner_name = "pocketsphinx, which confirms the times that the file has for every word"
        words = fit(cue_words(cues, [[word.span for word in cue.words] for cue in cues]), end_s)
        clock.stage("align")
        return EngineResult(
            words=words,
            language=language,
            model=file,
            stages_s=clock.stages_s,
            degraded=[*degraded, *interpolation_records(words)],
            facts={"aligner": aligner_name, **facts},
        )

    def _fitting(
        self, recording: Recording, transcript: Transcript, language: str, stage: Stage
    ) -> tuple[Sequence[Cue], list[Degraded], dict[str, str | float]]:
        """The cues that are said in the recording, at the times at which they are said; the fallbacks; the metadata.

        Raises EngineUnavailableError if the transcript belongs to another recording.
        """
        tokens = tokens_of(transcript.cues, language)
        not_asked: list[str] = []
        chosen = listeners(
            tokens,
            language,
            detect=recording.language is None,
            find_whisper=lambda: self._whisper(stage, not_asked),
            device=self.device,
        )
        fit = check(recording, tokens, chosen, stage("comparing")) or activity_fit(recording, transcript.cues, tokens)
        name = recording.transcript_file.name if recording.transcript_file else ""
        why = f" ({'; '.join(not_asked)})" if not_asked else ""
        if fit is None:
            reason = f"{name} was used without a comparison with the sound, which was not possible{why}"
            degraded = [Degraded(ALIGNED_TRANSCRIPT, reason)] if len(tokens) >= MIN_TOKENS else []
            return transcript.cues, degraded, {"transcript_check": f"not possible{why}"}
        if not fit.belongs:
            raise EngineUnavailableError(
                f"the words of {name} are not said in the recording; remove it or upload the right one"
            )
        facts: dict[str, str | float] = {
            "transcript_check": f"{fit.evidence}{why}",
            "fitting": round(fit.share, 3),
            "offset_s": round(fit.offset_s, 1),
        }
        degraded = [Degraded(ALIGNED_TRANSCRIPT, reason) for reason in notes(fit, name)]
        return moved(transcript.cues, fit), degraded, facts

    def _whisper(self, stage: Stage, not_asked: list[str]) -> Path | None:
        """The folder of a Whisper model, fetched if there is none; None without a setting.

        If it cannot be fetched, None too; then the reason is added to `not_asked`.
        """
        if self.model is None:
            return None
        models_dir = Path(self.models_dir) if self.models_dir else None
        if folder := fastest_on_disk(self.model, models_dir):
            return folder
        name = SMALLEST if self.model == AUTO else self.model
        try:
            return fetch_whisper(name, writable_home(models_dir), lambda: stage(f"fetching Whisper {name}"))
        except FetchError as error:
            not_asked.append(f"Whisper {name} cannot be fetched: {error.reason}")
        except ModelMissingError as error:
            not_asked.append(str(error))
        return None


def align_cues(aligner: Aligner, speech: Samples, cues: Sequence[Cue], report: Report) -> list[Cue]:
    """The cues with a time for every word that could be aligned.

    Cues with a time for any of their words stay unchanged. The others are aligned in blocks of up to `BLOCK_S`, because
    the times of the cues inside a block may be inexact. If a block fails, its cues are aligned one by one.
    """
    timed = list(cues)
    blocks = cue_blocks(cues)
    failed = _align_blocks(aligner, speech, timed, blocks, part(report, 0, 2))
    _align_blocks(aligner, speech, timed, [[number] for block in failed for number in block], part(report, 1, 2))
    report(1.0)
    return timed


def confirmed(aligner: Aligner, speech: Samples, cues: Sequence[Cue], report: Report) -> list[Cue]:
    """The cues with their times, and those words marked as aligned that the aligner finds at the same times."""
    untimed = [replace(cue, words=[replace(word, span=None) for word in cue.words]) for cue in cues]
    found = align_cues(aligner, speech, untimed, report)
    return [
        replace(cue, words=[_confirmed(word, other) for word, other in zip(cue.words, aligned.words, strict=True)])
        for cue, aligned in zip(cues, found, strict=True)
    ]


def _confirmed(word: CueWord, aligned: CueWord) -> CueWord:
    is_near = word.span and aligned.span and abs(word.span[0] - aligned.span[0]) <= CONFIRMED_S
    return replace(word, timing="aligned") if is_near else word


def _align_blocks(
    aligner: Aligner, speech: Samples, cues: list[Cue], blocks: list[list[int]], report: Report
) -> list[list[int]]:
    """Align blocks of cue numbers, write the word times into `cues`, and return the blocks that failed."""
    failed = []
    requests = [
        Block([text for number in block for text in cues[number].texts], search_span(cues, block)) for block in blocks
    ]
    for block, placement in zip(blocks, aligner.align(speech, requests, report), strict=True):
        if placement is None:
            failed.append(block)
            continue
        words = iter(placement)
        for number in block:
            cues[number] = with_times(cues[number], [next(words) for _ in cues[number].words])
    return failed


def cue_blocks(cues: Sequence[Cue]) -> list[list[int]]:
    """Group consecutive cues without word times (by number) and without a pause longer than `LONGEST_PAUSE_S`.

    Each group is up to `BLOCK_S` long or a single longer cue.
    """
    blocks: list[list[int]] = []
    for number, cue in enumerate(cues):
        if any(word.span for word in cue.words):
            continue
        follows = number > 0 and cue.span[0] - cues[number - 1].span[1] <= LONGEST_PAUSE_S
        if follows and blocks and blocks[-1][-1] == number - 1 and cue.span[1] - cues[blocks[-1][0]].span[0] <= BLOCK_S:
            blocks[-1].append(number)
        else:
            blocks.append([number])
    return blocks


def search_span(cues: Sequence[Cue], block: Sequence[int]) -> Span:
    """The span in which to align a block's words: its cues and up to `MARGIN_S` of the pauses around them."""
    first, last = block[0], block[-1]
    start, end = cues[first].span[0], max(cues[number].span[1] for number in block)
    before = (cues[first - 1].span[1] + start) / 2 if first else 0.0
    after = (cues[last + 1].span[0] + end) / 2 if last + 1 < len(cues) else end + MARGIN_S
    return min(start, max(before, start - MARGIN_S)), max(end, min(after, end + MARGIN_S))
