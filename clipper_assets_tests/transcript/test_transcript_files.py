"""Sixteen realistic transcript files, which are read completely or rejected in one sentence that names the line."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from clipper_assets.transcript.transcript_files import MalformedTranscriptError, read_transcript

Utterance = tuple[float, float, str | None, str]
"""Words of one speaker in one cue: start and end in seconds, speaker, and the words joined by bars."""

JSON_FORM = 'times are seconds, as in {"segments": [{"start": 0.5, "end": 2, "text": "Hello"}]}'
TIMES_FORM = "write them like 00:00:01,000 --> 00:00:02,500"

READ: list[tuple[str, bytes, str | None, list[Utterance]]] = [
    (
        "bom_crlf_tags.srt",
        b"\xef\xbb\xbf1\r\n00:00:01,500 --> 00:00:03,000\r\n<i>Hello</i>,\r\n{\\an8}you &amp; me!\r\n\r\n"
        b"2\r\n00:00:03,000 --> 00:00:04,000\r\n[Music]\r\n\r\n3\r\n00:00:04,000 --> 00:00:05,000\r\nBye.",
        None,
        [(1.5, 3.0, None, "Hello,|you|&|me!"), (4.0, 5.0, None, "Bye.")],
    ),
    (
        "sloppy.en.srt",
        b"\n\n00:00:01.000 --> 00:00:02.000  X1:40 X2:600\nno number\n2\n0:00:02,000-->0:00:03,000\n\n\nline\n\nmore\n\n\n"
        b"3\n\n1:01,250 --> 1:02,000\n42\n\n7\n",
        "en",
        [(1.0, 2.0, None, "no|number"), (2.0, 3.0, None, "line|more"), (61.25, 62.0, None, "42")],
    ),
    (
        "overlapping_old_mac.srt",
        b"2\r00:00:02,000 --> 00:00:05,000\rsecond\r\r1\r00:00:01,000 --> 00:00:04,000\r- first\r- too\r",
        None,
        [(1.0, 4.0, None, "first|too"), (2.0, 5.0, None, "second")],
    ),
    (
        "two_languages.srt",
        "1\n00:00:01,000 --> 00:00:02,000\nGood evening.\n\u202bمساء الخير.\u202c\n\n"
        "2\n00:00:02,000 --> 00:00:03,000\nWelcome!\n\u200fأهلاً بكم!\u200f\n".encode(),
        None,
        [(1.0, 2.0, None, "Good|evening.|مساء|الخير."), (2.0, 3.0, None, "Welcome!|أهلاً|بكم!")],
    ),
    (
        "right_to_left_utf_16.he.srt",
        "\ufeff1\n\u200e00:00:01,000 --> 00:00:02,000\n\u202b- שלום לכולם.\u202c\n".encode("utf-16-le"),
        "he",
        [(1.0, 2.0, None, "שלום|לכולם.")],
    ),
    (
        "names.srt",
        b"1\n00:00:01,000 --> 00:00:02,000\nANN: Tips?\n- BOB: Two.\n\n2\n00:00:02,000 --> 00:00:03,000\nRemember: sleep.\n",
        None,
        [(1.0, 2.0, "ANN", "Tips?"), (1.0, 2.0, "BOB", "Two."), (2.0, 3.0, "BOB", "Remember:|sleep.")],
    ),
    (
        "voices.vtt",
        b"WEBVTT - A talk\nLanguage: pt-BR\n\nNOTE made by hand\n\nSTYLE\n::cue { color: red }\n\n"
        b"intro\n00:01.000 --> 00:02.000 align:start position:0%\n<v.loud Ann Lee>So <c.big>good</c></v>\n<v Bob>Yes\n\n"
        b"00:00:02.000 --> 00:00:03.000\nBye.\n",
        "pt",
        [(1.0, 2.0, "Ann Lee", "So|good"), (1.0, 2.0, "Bob", "Yes"), (2.0, 3.0, None, "Bye.")],
    ),
    (
        "rolling.en.vtt",
        b"WEBVTT\nKind: captions\n\n00:00:01.000 --> 00:00:02.990 align:start position:0%\n \nhi<00:00:01.500><c> there</c>\n\n"
        b"00:00:02.990 --> 00:00:03.000 align:start position:0%\nhi there\n \n\n"
        b"00:00:03.000 --> 00:00:04.990 align:start position:0%\nhi there\nall<00:00:03.500><c> of</c><c> you</c>\n\n"
        b"00:00:04.990 --> 00:00:05.000 align:start position:0%\nall of you\n \n",
        "en",
        [(1.0, 2.99, None, "hi|there"), (3.0, 4.99, None, "all|of|you")],
    ),
    (
        "whisperx.json",
        b'\xef\xbb\xbf{"segments": [{"start": 0.5, "end": 3, "text": " In 2019, yes", "speaker": "SPEAKER_00",\r\n'
        b'"words": [{"word": "In", "start": 0.5, "end": 0.7}, {"word": "2019,"},'
        b' {"word": "yes", "start": 2, "end": 2.5, "speaker": "SPEAKER_01"}]}], "language": "en"}',
        "en",
        [(0.5, 3.0, "SPEAKER_00", "In|2019,"), (0.5, 3.0, "SPEAKER_01", "yes")],
    ),
    (
        "podcasting.ja.json",
        '{"version": "1.0.0", "segments": [\n'
        '{"speaker": "Luke", "startTime": 2.5, "endTime": 4, "body": "今日は天気がいいですね。"},\n'
        '{"speaker": "Leia", "startTime": 0.5, "endTime": 0.75, "body": "No"}]}'.encode(),
        "ja",
        [(0.5, 0.75, "Leia", "No"), (2.5, 4.0, "Luke", "今日は|天気が|いいですね。")],
    ),
]

REJECTED: list[tuple[str, bytes, str]] = [
    (
        "broken_time.srt",
        b"\xef\xbb\xbf1\r\n00:00:00,000 --> 00:00:01,000\r\nHello\r\n\r\n2\r\n00:00:0x,000 --> 00:00:02,000\r\nyou\r\n",
        f"broken_time.srt, line 6: '00:00:0x,000 --> 00:00:02,000' does not give two times; {TIMES_FORM}",
    ),
    (
        "negative_time.srt",
        b"1\n-00:00:01,000 --> 00:00:01,000\nHello\n",
        "negative_time.srt, line 2: '-00:00:01,000 --> 00:00:01,000' has a negative time; "
        "count times from the start of the recording",
    ),
    (
        "backwards.vtt",
        b"WEBVTT\n\n00:03.000 --> 00:02.000\nHello\n",
        "backwards.vtt, line 3: '00:03.000 --> 00:02.000' ends before it starts; put the earlier time first",
    ),
    (
        "cut_off.json",
        b'{"segments": [\r\n{"start": 0, "end": 1, "text": "Hello"},\r\n{"start": 1, "end"',
        "cut_off.json, line 3: invalid JSON at column 19 (expecting ':' delimiter); export it again",
    ),
    (
        "no_number.json",
        b'{\r\n"segments": [\r\n{"start": 0, "end": 1, "text": "Hello"},\r\n{\r\n"start": NaN, "end": 2, "text": "you"}\r\n]}',
        f"no_number.json, line 4: segments.1.start is nan; it should be a finite number; {JSON_FORM}",
    ),
    (
        "latin_1.fr.srt",
        "1\r\n00:00:01,000 --> 00:00:02,000\r\nDéjà\r\n".encode("latin-1"),
        "latin_1.fr.srt, line 3: the file is not UTF-8 text from here on; save it as UTF-8",
    ),
]


def write(folder: Path, name: str, content: bytes) -> Path:
    file = folder / name
    file.write_bytes(content)
    return file


def utterances_in(file: Path) -> list[Utterance]:
    utterances: list[Utterance] = []
    for cue in read_transcript(file).cues:
        voices: list[tuple[str | None, list[str]]] = []
        for word in cue.words:
            if not voices or voices[-1][0] != word.speaker:
                voices.append((word.speaker, []))
            voices[-1][1].append(word.text)
        utterances += [(*cue.span, speaker, "|".join(texts)) for speaker, texts in voices]
    return utterances


def test_there_are_sixteen_files() -> None:
    assert len({name for name, *_ in [*READ, *REJECTED]}) == 16


@pytest.mark.parametrize(("name", "content", "language", "utterances"), READ, ids=[name for name, *_ in READ])
def test_a_valid_file_is_read(
    tmp_path: Path, name: str, content: bytes, language: str | None, utterances: Sequence[Utterance]
) -> None:
    file = write(tmp_path, name, content)
    assert utterances_in(file) == utterances
    assert read_transcript(file).language == language


@pytest.mark.parametrize(("name", "content", "sentence"), REJECTED, ids=[name for name, *_ in REJECTED])
def test_an_invalid_file_is_rejected_with_its_line(tmp_path: Path, name: str, content: bytes, sentence: str) -> None:
    with pytest.raises(MalformedTranscriptError) as caught:
        read_transcript(write(tmp_path, name, content))
    assert str(caught.value) == sentence


def timestamp(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d},{rest:03d}"


WORDS = st.text("abcdefghijklmnopqrstuvwxyzäéñшגم0123456789'.,?!", min_size=1, max_size=8).filter(
    lambda word: any(char.isalnum() for char in word)
)
LINES = st.lists(WORDS, min_size=1, max_size=6)
TIMES = st.integers(0, 359_999_999)
CUES = st.lists(st.tuples(TIMES, TIMES, st.lists(LINES, min_size=1, max_size=2)), min_size=1, max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CUES, st.sampled_from(["\n", "\r\n", "\r"]), st.booleans(), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_written_subrip_files_are_read_back(
    tmp_path: Path, cues: list[tuple[int, int, list[list[str]]]], newline: str, numbered: bool, encoding: str
) -> None:
    texts = [" ".join(line) for *_, lines in cues for line in lines]
    assume(len(set(texts)) == len(texts))  # a repeated line may be taken for a rolling caption
    blocks = []
    for number, (one, other, lines) in enumerate(cues, start=1):
        head = [str(number)] if numbered else []
        span = f"{timestamp(min(one, other))} --> {timestamp(max(one, other))}"
        blocks.append(newline.join([*head, span, *(" ".join(line) for line in lines)]))
    text = (newline * 2).join(blocks)
    transcript = read_transcript(write(tmp_path, "talk.srt", text.encode(encoding)))
    expected = [
        (min(one, other) / 1000, max(one, other) / 1000, [word for line in lines for word in line])
        for one, other, lines in sorted(cues, key=lambda cue: min(cue[:2]))
    ]
    assert [(*cue.span, cue.texts) for cue in transcript.cues] == expected


PIECES = st.sampled_from([
    "1", "42", "00:00:01,000", "00:02.500", "-00:00:01,000", " --> ", "-->", "--&gt;", "\n", "\n\n", "\r\n", "\r", " ",
    "WEBVTT", "NOTE", "STYLE", "Ann: ", "[SPEAKER_00]: ", "<v Bob>", "<", ">", "&#55296;", "{", "}", "[", "]", "\u202b",
    '"segments"', '"start"', '"end"', '"text"', '"words"', ":", ",", '"a"', "NaN", "1e999", "null", '"\\ud800"',
    '{"segments": [', '{"start": 0, "end": 1, "text": "a"', "今日", "ไทย",
])  # fmt: skip
TEXTS = st.text() | st.lists(PIECES | st.text(max_size=3), max_size=20).map("".join)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(
    TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary(), st.sampled_from(["srt", "vtt", "json"])
)
def test_any_file_is_read_or_rejected_in_one_sentence(tmp_path: Path, content: bytes, suffix: str) -> None:
    file = write(tmp_path, f"talk.{suffix}", content)
    try:
        transcript = read_transcript(file)
    except MalformedTranscriptError as error:
        sentence = str(error)
        assert sentence.startswith(f"talk.{suffix}, line ") or "has no words with times" in sentence
        assert len(sentence.splitlines()) == 1
    else:
        starts = [cue.span[0] for cue in transcript.cues]
        assert starts == sorted(starts)
        assert all(0 <= cue.span[0] <= cue.span[1] and cue.words for cue in transcript.cues)
        assert all(
            word.text.encode() and word.text == word.text.strip() for cue in transcript.cues for word in cue.words
        )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.srt", b"00:00:01,000 --> 00:00:02,000\nHe\x00llo\x07 you\n"),
        ("a.vtt", b"WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nHe\x00llo\x07 you\n"),
        ("a.json", b'{"segments": [{"start": 1, "end": 2, "text": "He\\u0000llo\\u0007 you"}]}'),
        ("b.json", b'{"segments": [{"start": 1, "end": 2, "text": "Hello you", "words": '
         b'[{"word": "He\\u0000llo", "start": 1, "end": 1.5}, {"word": "you\\u0007", "start": 1.5, "end": 2}]}]}'),
    ],
)  # fmt: skip
def test_control_characters_are_removed(tmp_path: Path, name: str, content: bytes) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    assert [cue.texts for cue in read_transcript(file).cues] == [["Hello", "you"]]
