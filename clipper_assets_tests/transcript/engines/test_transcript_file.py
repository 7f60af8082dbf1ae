import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from clipper_assets.transcript.aligners.auto import Aligners
from clipper_assets.transcript.engines.base import EngineUnavailableError, Heard, Recording
from clipper_assets.transcript.engines.transcript_file import TranscriptFile, cue_blocks, reach
from clipper_assets.transcript.transcript_files import Cue, CueWord
from clipper_assets.transcript.words import Word
from clipper_assets_tests.transcript.conftest import Bars
from clipper_assets_tests.transcript.scoring import start_errors, word_error_rate


def stamp(seconds: float) -> str:
    minutes, rest = divmod(max(seconds, 0.0), 60)
    return f"00:{int(minutes):02d}:{rest:06.3f}".replace(".", ",")


def subtitles(words: Sequence[Word], file: Path, off_by_s: float = 0.0) -> Path:
    """SRT of eight words a cue, never across turns, each time off by up to `off_by_s`."""
    chance = random.Random(7)
    turns = [[word for word in words if word.segment == turn] for turn in sorted({word.segment for word in words})]
    cues = [turn[first : first + 8] for turn in turns for first in range(0, len(turn), 8)]
    text = ""
    for number, cue in enumerate(cues, start=1):
        start, end = (at + chance.uniform(-off_by_s, off_by_s) for at in (cue[0].start, cue[-1].end))
        text += f"{number}\n{stamp(start)} --> {stamp(end)}\n{' '.join(word.text for word in cue)}\n\n"
    file.write_text(text)
    return file


def transcribe(recording: Recording, file: Path) -> Heard:
    return TranscriptFile(aligners=Aligners()).transcribe(replace(recording, transcript_file=file), Bars())


def test_cue_times_become_word_times(talk: Recording, truth: list[Word], tmp_path: Path) -> None:
    """Measured with cue times off by up to 0.4 s: starts off by 9 ms in the median, 31 ms at p90, 322 ms at most; ends
    by 10 ms, 31 ms and 82 ms.
    """
    heard = transcribe(talk, subtitles(truth, tmp_path / "talk.srt", off_by_s=0.4))
    assert [word.text for word in heard.words] == [word.text for word in truth]
    assert word_error_rate([word.text for word in truth], [word.text for word in heard.words]) == 0.0
    errors = start_errors(truth, heard.words)
    assert np.median(errors) < 0.02
    assert np.quantile(errors, 0.9) < 0.05
    assert errors.max() < 0.5
    assert max(abs(word.end - said.end) for word, said in zip(heard.words, truth, strict=True)) < 0.15
    assert heard.language == "en"
    assert {word.timing for word in heard.words} == {"aligned"}
    assert heard.degraded == []


def test_what_cannot_be_aligned_stays_in_its_cue(talk: Recording, truth: list[Word], tmp_path: Path) -> None:
    """A block that holds an impossible cue is tried again cue by cue; only the impossible one is interpolated."""
    said = [word for word in truth if word.segment == 1]
    impossible = "1\n00:00:06,000 --> 00:00:06,100\nan awful lot of words in a tenth of a second\n\n"
    file = subtitles(said, tmp_path / "talk.srt")
    file.write_text(impossible + file.read_text())
    heard = transcribe(talk, file)
    assert [word.text for word in heard.words if word.timing == "interpolated"] == impossible.splitlines()[2].split()
    assert all(6.0 <= word.start <= 6.1 for word in heard.words if word.timing == "interpolated")
    assert start_errors(said, [word for word in heard.words if word.timing == "aligned"]).max() < 0.2
    (degraded,) = heard.degraded
    assert "11 of 24 words" in degraded.reason


def test_other_languages_are_spread_by_length(talk: Recording, tmp_path: Path) -> None:
    file = tmp_path / "talk.de.srt"
    file.write_text("1\n00:00:01,000 --> 00:00:02,000\nja doch, gut\n")
    heard = transcribe(talk, file)
    assert heard.language == "de"
    assert [(word.text, round(word.start, 2), round(word.end, 2)) for word in heard.words] == [
        ("ja", 1.0, 1.2),
        ("doch,", 1.2, 1.7),
        ("gut", 1.7, 2.0),
    ]
    assert "spread over their cues: WhisperX" in heard.degraded[0].reason
    assert transcribe(replace(talk, language="en"), file).language == "en"


def test_another_language_with_word_times_is_not_degraded(talk: Recording, tmp_path: Path) -> None:
    segment = {"start": 1, "end": 2, "text": "ja", "words": [{"word": "ja", "start": 1.2, "end": 1.4}]}
    file = tmp_path / "talk.json"
    file.write_text(json.dumps({"segments": [segment], "language": "de"}))
    heard = transcribe(talk, file)
    assert [(word.start, word.end, word.timing) for word in heard.words] == [(1.2, 1.4, "aligned")]
    assert heard.degraded == []


def test_word_times_in_the_file_are_kept(talk: Recording, truth: list[Word], tmp_path: Path) -> None:
    timed = [{"word": word.text, "start": word.start + 0.005, "end": word.end} for word in truth[:18]]
    del timed[4]["start"]
    first = {"start": 0.8, "end": 5.8, "text": " ".join(word.text for word in truth[:18]), "words": timed}
    second = {"start": 6.3, "end": 7.6, "text": "Thanks for having me.", "words": []}
    file = tmp_path / "talk.json"
    file.write_text(json.dumps({"segments": [first, second]}))
    heard = transcribe(talk, file)
    assert heard.words[0].start == truth[0].start + 0.005
    assert [number for number, word in enumerate(heard.words) if word.timing == "interpolated"] == [4]
    assert truth[3].start < heard.words[4].start < truth[5].start
    assert start_errors(truth[18:22], heard.words[18:]).max() < 0.05


def test_cues_after_the_end_are_cut_or_left_out(talk: Recording, tmp_path: Path) -> None:
    file = tmp_path / "talk.fr.srt"
    end = talk.duration_s
    file.write_text(
        f"1\n{stamp(end - 2)} --> {stamp(end + 0.2)}\nbon\n\n2\n{stamp(end - 1)} --> {stamp(end + 5)}\nfin\n\n"
        f"3\n{stamp(end + 5)} --> {stamp(end + 6)}\nrien\n"
    )
    heard = transcribe(talk, file)
    assert [word.text for word in heard.words] == ["bon", "fin"]
    assert max(word.end for word in heard.words) == end
    assert "2 of 3 cues" in heard.degraded[0].reason


@pytest.mark.parametrize(
    ("name", "content", "wrong"),
    [
        ("talk.srt", "nothing", "talk.srt has no words"),
        ("talk.srt", "1\n00:05:00,000 --> 00:05:01,000\nlate\n", "after the end"),
    ],
)
def test_a_useless_file_makes_the_engine_unavailable(
    talk: Recording, tmp_path: Path, name: str, content: str, wrong: str
) -> None:
    file = tmp_path / name
    file.write_text(content)
    with pytest.raises(EngineUnavailableError, match=wrong):
        transcribe(talk, file)


def test_no_file_says_what_to_do(talk: Recording) -> None:
    with pytest.raises(EngineUnavailableError, match=r"put an \.srt"):
        TranscriptFile(aligners=Aligners()).transcribe(talk, Bars())


def test_blocks_are_short_and_reach_into_pauses_only() -> None:
    cues = [Cue([CueWord("word")], span) for span in ((1, 9), (9, 18), (18, 22), (30, 33), (33.4, 60))]
    timed = Cue([CueWord("word", (61.0, 62.0))], (61, 62))
    blocks = cue_blocks([*cues, timed, cues[0]])
    assert blocks == [[0, 1], [2, 3], [4], [6]]
    assert reach(cues, [0, 1]) == (0.5, 18)
    assert reach(cues, [2, 3]) == (18, 33.2)
    assert reach(cues, [4]) == (33.2, 60.5)
