import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from clipper_assets.transcript.aligners.auto import Aligners
from clipper_assets.transcript.engines.base import EngineResult, EngineUnavailableError, Recording
from clipper_assets.transcript.engines.transcript_file import TranscriptFile, cue_blocks, search_span
from clipper_assets.transcript.transcript_files import Cue, CueWord
from clipper_assets.transcript.words import Word
from clipper_assets_tests.transcript.conftest import Bars
from clipper_assets_tests.transcript.scoring import start_errors, word_error_rate

pytestmark = pytest.mark.episodes


def timestamp(seconds: float) -> str:
    minutes, rest = divmod(max(seconds, 0.0), 60)
    return f"00:{int(minutes):02d}:{rest:06.3f}".replace(".", ",")


def write_srt(words: Sequence[Word], file: Path, max_error_s: float = 0.0) -> Path:
    """Write an SRT file with up to eight words of one turn per cue and random time errors of up to `max_error_s`."""
    generator = random.Random(7)
    turns = [[word for word in words if word.segment == turn] for turn in sorted({word.segment for word in words})]
    cues = [turn[first : first + 8] for turn in turns for first in range(0, len(turn), 8)]
    text = ""
    for number, cue in enumerate(cues, start=1):
        start, end = (at + generator.uniform(-max_error_s, max_error_s) for at in (cue[0].start, cue[-1].end))
        text += f"{number}\n{timestamp(start)} --> {timestamp(end)}\n{' '.join(word.text for word in cue)}\n\n"
    file.write_text(text)
    return file


def transcribe(recording: Recording, file: Path) -> EngineResult:
    return TranscriptFile(aligners=Aligners()).transcribe(replace(recording, transcript_file=file), Bars())


def test_words_of_subtitles_are_aligned_although_the_cue_times_are_inexact(
    talk: Recording, truth: list[Word], tmp_path: Path
) -> None:
    """Measured with cue times off by up to 0.4 s: errors of word starts (median, p90, max) are 9, 31 and 322 ms, and of
    word ends 10, 31 and 82 ms.
    """
    result = transcribe(talk, write_srt(truth, tmp_path / "talk.srt", max_error_s=0.4))
    assert [word.text for word in result.words] == [word.text for word in truth]
    assert word_error_rate([word.text for word in truth], [word.text for word in result.words]) == 0.0
    errors = start_errors(truth, result.words)
    assert np.median(errors) < 0.02
    assert np.quantile(errors, 0.9) < 0.05
    assert errors.max() < 0.5
    assert max(abs(word.end - true_word.end) for word, true_word in zip(result.words, truth, strict=True)) < 0.15
    assert result.language == "en"
    assert {word.timing for word in result.words} == {"aligned"}
    assert result.degraded == []


def test_words_that_cannot_be_aligned_are_interpolated_within_their_cue(
    talk: Recording, truth: list[Word], tmp_path: Path
) -> None:
    """A block with an impossible cue is aligned again cue by cue, so that only the impossible cue is interpolated."""
    true_words = [word for word in truth if word.segment == 1]
    impossible = "1\n00:00:06,000 --> 00:00:06,100\nan awful lot of words in a tenth of a second\n\n"
    file = write_srt(true_words, tmp_path / "talk.srt")
    file.write_text(impossible + file.read_text())
    result = transcribe(talk, file)
    assert [word.text for word in result.words if word.timing == "interpolated"] == impossible.splitlines()[2].split()
    assert all(6.0 <= word.start <= 6.1 for word in result.words if word.timing == "interpolated")
    assert start_errors(true_words, [word for word in result.words if word.timing == "aligned"]).max() < 0.2
    (degraded,) = result.degraded
    assert "11 of 24 words" in degraded.reason


def test_without_an_aligner_for_the_language_words_are_spread_over_the_cue_by_length(
    talk: Recording, tmp_path: Path
) -> None:
    file = tmp_path / "talk.de.srt"
    file.write_text("1\n00:00:01,000 --> 00:00:02,000\nja doch, gut\n")
    result = transcribe(talk, file)
    assert result.language == "de"
    assert [(word.text, round(word.start, 2), round(word.end, 2)) for word in result.words] == [
        ("ja", 1.0, 1.2),
        ("doch,", 1.2, 1.7),
        ("gut", 1.7, 2.0),
    ]
    assert "spread over their cues: WhisperX" in result.degraded[0].reason
    assert transcribe(replace(talk, language="en"), file).language == "en"


def test_a_file_with_word_times_needs_no_aligner_for_its_language(talk: Recording, tmp_path: Path) -> None:
    segment = {"start": 1, "end": 2, "text": "ja", "words": [{"word": "ja", "start": 1.2, "end": 1.4}]}
    file = tmp_path / "talk.json"
    file.write_text(json.dumps({"segments": [segment], "language": "de"}))
    result = transcribe(talk, file)
    assert [(word.start, word.end, word.timing) for word in result.words] == [(1.2, 1.4, "given")]
    assert result.degraded == []


def test_word_times_in_the_file_are_kept(talk: Recording, truth: list[Word], tmp_path: Path) -> None:
    timed = [{"word": word.text, "start": word.start + 0.005, "end": word.end} for word in truth[:18]]
    del timed[4]["start"]
    first = {"start": 0.8, "end": 5.8, "text": " ".join(word.text for word in truth[:18]), "words": timed}
    second = {"start": 6.3, "end": 7.6, "text": "Thanks for having me.", "words": []}
    file = tmp_path / "talk.json"
    file.write_text(json.dumps({"segments": [first, second]}))
    result = transcribe(talk, file)
    assert result.words[0].start == truth[0].start + 0.005
    assert [number for number, word in enumerate(result.words) if word.timing == "interpolated"] == [4]
    assert truth[3].start < result.words[4].start < truth[5].start
    assert start_errors(truth[18:22], result.words[18:]).max() < 0.05


def test_times_in_the_file_are_aligned_where_an_aligner_confirms_them(
    talk: Recording, truth: list[Word], tmp_path: Path
) -> None:
    off = dict.fromkeys(range(10, 20), 0.6)
    words = [
        {"word": word.text, "start": word.start + off.get(number, 0.0), "end": word.end + off.get(number, 0.0)}
        for number, word in enumerate(truth)
    ]
    file = tmp_path / "talk.json"
    file.write_text(json.dumps({"language": "english", "text": " ".join(word.text for word in truth), "words": words}))
    result = transcribe(talk, file)
    timing = [word.timing for word in result.words]
    assert timing.count("aligned") > 0.9 * len(truth) - len(off)
    assert set(timing[11:19]) == {"given"}
    assert [word.start for word in result.words[:10]] == pytest.approx([word.start for word in truth[:10]], abs=1e-3)


def test_cues_after_the_end_of_the_episode_are_cut_or_left_out(talk: Recording, tmp_path: Path) -> None:
    file = tmp_path / "talk.fr.srt"
    end = talk.duration_s
    file.write_text(
        f"1\n{timestamp(end - 2)} --> {timestamp(end + 0.2)}\nbon\n\n"
        f"2\n{timestamp(end - 1)} --> {timestamp(end + 5)}\nfin\n\n"
        f"3\n{timestamp(end + 5)} --> {timestamp(end + 6)}\nrien\n"
    )
    result = transcribe(talk, file)
    assert [word.text for word in result.words] == ["bon", "fin"]
    assert max(word.end for word in result.words) == end
    assert "2 of 3 cues" in result.degraded[0].reason


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("talk.srt", "nothing", "talk.srt has no words"),
        ("talk.srt", "1\n00:05:00,000 --> 00:05:01,000\nlate\n", "after the end"),
    ],
)
def test_an_unusable_file_makes_the_engine_unavailable(
    talk: Recording, tmp_path: Path, name: str, content: str, message: str
) -> None:
    file = tmp_path / name
    file.write_text(content)
    with pytest.raises(EngineUnavailableError, match=message):
        transcribe(talk, file)


def test_without_a_file_the_error_says_which_file_to_add(talk: Recording) -> None:
    with pytest.raises(EngineUnavailableError, match=r"put an \.srt"):
        TranscriptFile(aligners=Aligners()).transcribe(talk, Bars())


def test_blocks_are_short_and_extend_only_into_pauses() -> None:
    cues = [Cue([CueWord("word")], span) for span in ((1, 9), (9, 18), (18, 22), (30, 33), (33.4, 60))]
    timed = Cue([CueWord("word", (61.0, 62.0))], (61, 62))
    blocks = cue_blocks([*cues, timed, cues[0]])
    assert blocks == [[0, 1], [2], [3], [4], [6]]
    assert search_span(cues, [0, 1]) == (0.5, 18)
    assert search_span(cues, [2, 3]) == (18, 33.2)
    assert search_span(cues, [4]) == (33.2, 60.5)
