from collections.abc import Sequence

import pytest

from clipper_assets.transcript.formats.speaker_labels import Subtitle, split_words, spoken_cues


def words_in(*cues: Sequence[str], step_s: float = 1.0, length_s: float = 1.0) -> list[list[tuple[str | None, str]]]:
    """Speaker and text of every word of each cue; cues begin every `step_s` seconds and last `length_s`."""
    subtitles = [Subtitle((n * step_s, n * step_s + length_s), list(lines)) for n, lines in enumerate(cues)]
    return [[(word.speaker, word.text) for word in cue.words] for cue in spoken_cues(subtitles, None)]


def speakers(*lines: str) -> list[str | None]:
    """The speakers of cues with one line each."""
    return [cue[-1][0] for cue in words_in(*([line] for line in lines))]


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        (["ANN: Hi.", "BOB: Hi.", "So.", "Right.", "ANN: Yes."], ["ANN", "BOB", "BOB", "BOB", "ANN"]),
        (["Ann Lee: Hi.", "Dr. Bob: Hi.", "So.", "Ann Lee: a", "Dr. Bob: b"], [*["Ann Lee", "Dr. Bob"], *["Dr. Bob", "Ann Lee", "Dr. Bob"]]),
        (["Ann: Hi.", "Bob: Yes."], ["Ann", "Bob"]),
        (["HOST: One.", "HOST: Two."], ["HOST", "HOST"]),
        (["ANN: Hi.", "BOB: Tips?", "Remember: sleep."], ["ANN", "BOB", "BOB"]),
        (["- ANN : Hi.", "&gt;&gt; BOB: Yes.", "- No.", "Right."], ["ANN", "BOB", None, None]),
        (["<b>ANN:</b> Hi.", "[sighs] BOB: Yes."], ["ANN", "BOB"]),
        (["Remember: sleep."], [None]),
        (["So.", "Remember: sleep.", "Remember: drink.", "Note: eat.", "Note: run."], [None] * 5),
        (["Remember: sleep.", "So.", "Note: drink."], [None] * 3),
        (["ANN: Hi.", *["So."] * 30, "NOTE: this."], [None] * 32),
        (["the plan: sleep", "the plan: drink"], [None, None]),
        (["At 12:30", "At 12:45"], [None, None]),
        (["[SPEAKER_00]: Hi.", "[Ann Lee]: - Yes.", "So."], ["SPEAKER_00", "Ann Lee", None]),
        (["<v Ann &amp; Co>Hi.</v>", "<v.loud Bob>Yes.", "<v Ann>Hi.</v> So."], ["Ann & Co", "Bob", None]),
    ],
)  # fmt: skip
def test_labels_are_speakers_if_the_file_uses_them_consistently(lines: list[str], named: list[str | None]) -> None:
    assert speakers(*lines) == named


@pytest.mark.parametrize(
    ("ann", "bob", "names"),
    [
        ("Ann Lee (she/her):", "Bob (he/him):", ("Ann Lee", "Bob")),
        ("Ann Lee:", "Bob (Guest):", ("Ann Lee", "Bob")),
        ("Ann (00:12):", "Bob (1:02:03):", ("Ann", "Bob")),
        ("Ann's iPhone:", "bob@example.org:", ("Ann's iPhone", "bob@example.org")),
        ("ann:", "bob:", ("ann", "bob")),
        ("Ann Lee  00:12:", "Bob 00:15:", ("Ann Lee", "Bob")),
        ("Ann Lee\n", "Bob\n", ("Ann Lee", "Bob")),
        ("Ann Lee (00:12)\n", "bob@example.org\n", ("Ann Lee", "bob@example.org")),
        ("Ann Lee [Host]:", "Bob (he/him) (Guest):", ("Ann Lee", "Bob")),
        (
            "Dr. Ann Lee, PhD:",
            "Professor Sir Robert Edward Pike-Lee III:",
            ("Dr. Ann Lee, PhD", "Professor Sir Robert Edward Pike-Lee III"),
        ),
        ("Ann | Acme:", "Bob#1234:", ("Ann | Acme", "Bob#1234")),
        ("Ann 🎙️:", "@bob:", ("Ann 🎙️", "@bob")),
        ("+1 555 123 4567:", "Bob:", ("+1 555 123 4567", "Bob")),
        ("花子：", "太郎：", ("花子", "太郎")),
        ("[Ann Lee]", "[Bob]", ("Ann Lee", "Bob")),
        ("(Ann Lee)", "(Bob)", ("Ann Lee", "Bob")),
        ("Ann Lee -", "Bob -", ("Ann Lee", "Bob")),
        ("Ann →", "Bob →", ("Ann", "Bob")),
    ],
)
def test_labels_as_meeting_tools_write_them(ann: str, bob: str, names: tuple[str, str]) -> None:
    texts = [f"{ann} How are you?", f"{bob} Fine.", f"{bob} And you?", f"{ann} Busy: very busy.", f"{bob} I see."]
    cues = words_in(*(text.replace("\n ", "\n").split("\n") for text in texts))
    assert {speaker for cue in cues for speaker, _ in cue} == set(names)
    assert " ".join(word for cue in cues for _, word in cue) == "How are you? Fine. And you? Busy: very busy. I see."


def test_one_unusual_label_does_not_turn_off_the_others() -> None:
    lines = [*["Ann: One.", "Bob: Two."] * 12, "the room upstairs: Three."]
    assert speakers(*lines)[:24] == ["Ann", "Bob"] * 12


def test_a_telephone_number_does_not_turn_off_the_names_in_capitals() -> None:
    assert speakers(
        "ANN: Hi.", "BOB: Yes.", "+1 555 123 4567: Hello?", "ANN: Who?", "BOB: No.", "+1 555 123 4567: Me."
    ) == [*["ANN", "BOB", "+1 555 123 4567"] * 2]


def test_sounds_in_brackets_are_not_speakers() -> None:
    assert words_in(["[Laughs] Yes."], ["So."], ["[Laughs] No."], ["[Music] Well."], ["[Music] Now."], ["Right."])[
        0
    ] == [(None, "Yes.")]


def test_a_first_line_that_is_no_name_stays_among_the_words() -> None:
    cues = [*[["Ann", "Hello there."], ["Bob", "Good day."]] * 10, ["and what", "a day it is"]]
    assert [word for _, word in words_in(*cues)[-1]] == ["and", "what", "a", "day", "it", "is"]


def test_a_list_with_colons_has_no_speakers() -> None:
    assert speakers("first: mix", "second: bake", "third: eat") == [None] * 3


def test_short_first_lines_are_not_names() -> None:
    cues = [["Come here", "and sit down."], ["Not now", "I am busy."], ["Why not", "and what for?"]]
    assert {speaker for cue in words_in(*cues) for speaker, _ in cue} == {None}


def test_words_before_a_colon_that_are_not_labels_stay_in_the_text() -> None:
    assert words_in(["Remember: sleep."], ["So."])[0] == [(None, "Remember:"), (None, "sleep.")]
    assert words_in(["ANN: Hi.", "BOB: Yes."]) == [[("ANN", "Hi."), ("BOB", "Yes.")]]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["-Hi.", "– Hello."], ["Hi.", "Hello."]),
        (["-5 degrees"], ["-5", "degrees"]),
        (["<font color='red'>3 < 4</font> <br/>and 5 > 2"], ["3 <", "4", "and", "5 >", "2"]),
        (["{\\an8}{\\i1}one{\\i0}\\Ntwo\\hthree"], ["one", "two", "three"]),
        (["AT&T &lt;b&gt; b&notes &#8206;x"], ["AT&T", "<b>", "b&notes", "x"]),
        (["[Applause", "and laughter] Thanks ♪"], ["Thanks"]),
    ],
)
def test_markup_and_sound_descriptions_are_removed(lines: list[str], words: list[str]) -> None:
    (cue,) = words_in(lines)
    assert [text for _, text in cue] == words


def test_repeated_lines_of_rolling_captions_are_read_once() -> None:
    rolling = [["a b"], ["a b"], ["a b", "c"], ["c"], ["c", "d"], ["a b", "c", "d", "e"]]
    assert [[text for _, text in cue] for cue in words_in(*rolling)] == [
        ["a", "b"],
        ["c"],
        ["d"],
        ["a", "b", "c", "d", "e"],
    ]
    three = [["a", "b", "c"], ["b", "c", "d"], ["c", "d", "e"]]
    assert [[text for _, text in cue] for cue in words_in(*three, length_s=1.5)] == [["a", "b", "c"], ["d"], ["e"]]


@pytest.mark.parametrize(
    ("cues", "step_s"),
    [([["No."], ["No."]], 1.0), ([["a"], ["a", "b"]], 1.5), ([["No."], ["No."], ["So."], ["Yes."]], 1.0)],
)
def test_lines_repeated_in_other_captions_are_read_twice(cues: list[list[str]], step_s: float) -> None:
    assert [[text for _, text in cue] for cue in words_in(*cues, step_s=step_s)] == cues or step_s > 1
    assert sum(len(cue) for cue in words_in(*cues, step_s=step_s)) == sum(len(cue) for cue in cues)


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("Bonjour ! Ça va ?", "fr", ["Bonjour !", "Ça", "va ?"]),
        ("今日は天気がいいですね。", None, ["今日は", "天気が", "いいですね。"]),
        ("我们今天用iPhone拍照。", None, ["我们", "今天", "用", "iPhone", "拍照。"]),
        ("我们今天", "en", ["我们", "今天"]),
        ("今日 ！", "ja", ["今日！"]),
        ("วันนี้อากาศดีมาก", None, ["วัน", "นี้", "อากาศ", "ดี", "มาก"]),
        ("He said 今日は today", None, ["He", "said", "今日は", "today"]),
        ("안녕 하세요", None, ["안녕", "하세요"]),
        ("\u202bمساء\u200f \u200eالخير.\u202c \u200f", "ar", ["مساء", "الخير."]),
    ],
)  # fmt: skip
def test_text_is_split_into_words_by_its_script(text: str, language: str | None, words: list[str]) -> None:
    assert split_words(text, language) == words
