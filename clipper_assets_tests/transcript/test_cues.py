import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipper_assets.transcript.cues import (
    Cue,
    CueWord,
    MalformedTranscriptError,
    cue_words,
    read_transcript,
    said_words,
    transcript_keys,
    transcript_of,
)


def written(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_subrip(tmp_path: Path) -> None:
    text = (
        "\ufeff1\n00:00:01,500 --> 00:00:03,000\n<i>Hello</i>,\n{\\an8}you &amp; me!\n\n"
        "2\n00:00:03,000 --> 00:00:04,000\n[Music] ♪\n\n"
        "3\n00:00:04,000 --> 00:00:05,250\n[SPEAKER_01]: - Bonjour !\n"
    )
    transcript = read_transcript(written(tmp_path, "talk.fr.srt", text))
    assert transcript.language == "fr"
    first, second = transcript.cues
    assert first == Cue([CueWord("Hello,"), CueWord("you"), CueWord("&"), CueWord("me!")], (1.5, 3.0))
    assert second == Cue([CueWord("Bonjour !", speaker="SPEAKER_01")], (4.0, 5.25))


def test_webvtt_voices_are_speakers(tmp_path: Path) -> None:
    text = (
        "WEBVTT - A talk\n\nNOTE made by hand\n\nSTYLE\n::cue { color: red }\n\n"
        "intro\n00:01.000 --> 00:02.000 align:start\n<v.loud Ann Lee>So <c.big>good</c></v>\n"
        "<v Bob>Yes<00:01.500> it<00:01.700> is\n\n"
        "NOTE the second\nis short\n\n"
        "last one\n00:00:02.000 --> 00:00:03.000\nBye.\n"
    )
    transcript = read_transcript(written(tmp_path, "talk.vtt", text))
    first, second = transcript.cues
    assert [(word.text, word.speaker) for word in first.words] == [
        ("So", "Ann Lee"),
        ("good", "Ann Lee"),
        ("Yes", "Bob"),
        ("it", "Bob"),
        ("is", "Bob"),
    ]
    assert first.span == (1.0, 2.0)
    assert second.texts == ["Bye."]
    assert transcript.language is None


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


def test_whisperx_json_loses_no_word(tmp_path: Path) -> None:
    transcript = read_transcript(written(tmp_path, "talk.json", json.dumps(WHISPERX)))
    assert transcript.language == "en"
    first, second = transcript.cues
    assert first.words[0] == CueWord("In", (0.5, 0.7), "SPEAKER_00", 0.9)
    assert first.words[1] == CueWord("2019,", None, "SPEAKER_00")
    assert first.words[2].speaker == "SPEAKER_01"
    assert second.words == [CueWord("Not"), CueWord("aligned.")]
    words = cue_words(transcript.cues, [[word.span for word in cue.words] for cue in transcript.cues])
    assert [(word.text, word.timing) for word in words[:3]] == [
        ("In", "aligned"),
        ("2019,", "interpolated"),
        ("we", "aligned"),
    ]
    assert (words[1].start, words[1].end) == (0.7, 1.5)
    assert (words[-1].segment, words[-1].end) == (1, 4.0)


def test_words_that_the_aligner_left_out_are_kept() -> None:
    segment = {"start": 0, "end": 3, "text": "we saw 5 cats — twice", "words": [
        {"word": "we", "start": 0, "end": 1},
        {"word": "saw", "start": 1, "end": 2},
        {"word": "cats", "start": 2, "end": 3},
    ]}  # fmt: skip
    (cue,) = transcript_of({"segments": [segment]}).cues
    assert [(word.text, word.span) for word in cue.words] == [
        ("we", (0, 1)),
        ("saw", (1, 2)),
        ("5", None),
        ("cats —", None),
        ("twice", None),
    ]


def test_a_language_without_spaces_keeps_the_aligners_words() -> None:
    segment = {"start": 0, "end": 1, "text": "你好", "words": [
        {"word": "你", "start": 0, "end": 0.5}, {"word": "好", "start": 0.5, "end": 1}
    ]}  # fmt: skip
    (cue,) = transcript_of({"segments": [segment]}).cues
    assert cue.texts == ["你", "好"]


def test_podcasting_json(tmp_path: Path) -> None:
    content = {"version": "1.0.0", "segments": [
        {"speaker": "Darth Vader", "startTime": 2.5, "endTime": 4.0, "body": "I find your lack"},
        {"speaker": "Luke", "startTime": 0.5, "endTime": 0.75, "body": "No"},
    ]}  # fmt: skip
    early, late = read_transcript(written(tmp_path, "talk.json", json.dumps(content))).cues
    assert early == Cue([CueWord("No", speaker="Luke")], (0.5, 0.75))
    assert late.span == (2.5, 4.0)
    assert {word.speaker for word in late.words} == {"Darth Vader"}


@pytest.mark.parametrize(
    ("name", "content", "wrong"),
    [
        ("a.json", b"{", "not a transcript"),
        ("a.json", b"[1]", "not a transcript"),
        ("a.json", b'{"segments": [{"start": "x", "end": 1, "text": "a"}]}', "segments.0.start"),
        ("a.json", b'{"segments": [{"start": NaN, "end": 1, "text": "a"}]}', "segments.0.start"),
        ("a.json", b'{"segments": []}', "no words"),
        ("a.srt", b"hello", "no words"),
        ("a.vtt", b"WEBVTT\n", "no words"),
        ("a.srt", "1\n00:00:01,000 --> 00:00:02,000\né".encode("latin-1"), "UTF-8"),
        ("a.doc", b"hello", "not a transcript"),
    ],
)
def test_a_malformed_file_is_named(tmp_path: Path, name: str, content: bytes, wrong: str) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(MalformedTranscriptError) as caught:
        read_transcript(file)
    assert name in str(caught.value)
    assert wrong in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.text())
def test_no_letter_or_digit_of_a_text_is_lost(text: str) -> None:
    def heard(text: str) -> str:
        return "".join(char for char in text if char.isalnum())

    assert heard("".join(said_words(text))) == heard(text)
    assert all(word.strip() for word in said_words(text))


def test_transcripts_lie_beside_the_upload() -> None:
    assert transcript_keys("test1/a.b.mp4", None) == [
        "test1/a.b.srt",
        "test1/a.b.vtt",
        "test1/a.b.json",
        "test1/a.b.en.srt",
        "test1/a.b.en.vtt",
        "test1/a.b.en.json",
    ]
    assert "test1/a.b.de.srt" in transcript_keys("test1/a.b.mp4", "de")
