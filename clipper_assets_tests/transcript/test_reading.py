import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipper_assets.transcript.transcript_files import (
    CueWord,
    MalformedTranscriptError,
    cue_words,
    read_transcript,
    split_words,
)


def write(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


WHISPERX = {
    "segments": [
        {
            "start": 0.5,
            "end": 3.0,
            "text": " In 2019, we left.",
            "speaker": "SPEAKER_00",
            "words": [
                {"word": "In", "start": 0.5, "end": 0.7, "score": 0.9},
                {"word": "2019,"},
                {"word": "we", "start": 1.5, "end": 1.7, "score": 0.8, "speaker": "SPEAKER_01"},
                {"word": "left.", "start": 1.7, "end": 2.9, "score": 0.7},
            ],
        },
        {"start": 3.0, "end": 4.0, "text": "Not aligned.", "words": []},
    ],
    "language": "en-US",
}


def test_whisperx_json_is_read_with_all_its_words(tmp_path: Path) -> None:
    transcript = read_transcript(write(tmp_path, "talk.json", json.dumps(WHISPERX)))
    assert transcript.language == "en"
    first, second = transcript.cues
    assert first.words[0] == CueWord("In", (0.5, 0.7), "SPEAKER_00", 0.9)
    assert first.words[1] == CueWord("2019,", None, "SPEAKER_00")
    assert first.words[2].speaker == "SPEAKER_01"
    assert second.words == [CueWord("Not"), CueWord("aligned.")]
    words = cue_words(transcript.cues, [[word.span for word in cue.words] for cue in transcript.cues])
    assert [(word.text, word.timing) for word in words[:3]] == [
        ("In", "given"),
        ("2019,", "interpolated"),
        ("we", "given"),
    ]
    assert (words[1].start, words[1].end) == (0.7, 1.5)
    assert (words[-1].segment, words[-1].end) == (1, 4.0)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.doc", b"hello", "a.doc is not a transcript"),
        ("a.srt", b"", "no words"),
        ("a.srt", b"hello", "no words"),
        ("a.vtt", b"WEBVTT\n", "no words"),
        ("a.json", b'{"segments": []}', "no words"),
        (
            "a.srt",
            "1\n00:00:01,000 --> 00:00:02,000\na\U0001f600".encode("utf-16")[:-2],
            "line 3: the file is not UTF-16",
        ),
    ],
)
def test_a_file_without_a_transcript_is_rejected(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(MalformedTranscriptError, match=message):
        read_transcript(file)


@pytest.mark.parametrize(
    ("name", "declared", "given", "language"),
    [
        ("ep.srt", None, None, None),
        ("ep.en.srt", None, None, "en"),
        ("ep.pt-BR.vtt", None, None, "pt"),
        ("ep.zh-Hant-TW.vtt", None, None, "zh"),
        ("ep.yue.vtt", None, None, "yue"),
        ("ep.final.vtt", None, None, None),
        ("ep.eng.srt", None, None, "en"),
        ("ep.Deutsch.srt", None, None, "de"),
        ("ep.pt_BR.captions.vtt", None, None, "pt"),
        ("ep.en.vtt", "Español", None, "es"),
        ("ep.en.vtt", "Brazilian Portuguese", None, "pt"),
        ("ep.en.vtt", "auto", None, "en"),
        ("ep.en.vtt", "de-AT", None, "de"),
        ("ep.en.vtt", "de", "fr", "fr"),
    ],
)
def test_the_language_is_given_by_the_caller_else_the_file_else_its_name(
    tmp_path: Path, name: str, declared: str | None, given: str | None, language: str | None
) -> None:
    header = f"WEBVTT\nLanguage: {declared}\n\n" if declared else ""
    file = write(tmp_path, name, f"{header}00:00:01.000 --> 00:00:02.000\nHello\n")
    assert read_transcript(file, given).language == language


@given(st.text() | st.text("今日は天气วันนี้ab。 "), st.sampled_from([None, "en", "ja", "th"]))
def test_splitting_into_words_keeps_every_letter_and_digit(text: str, language: str | None) -> None:
    def letters_and_digits(text: str) -> str:
        return "".join(char for char in text if char.isalnum())

    assert letters_and_digits("".join(split_words(text, language))) == letters_and_digits(text)
    assert all(word.strip() for word in split_words(text, language))
