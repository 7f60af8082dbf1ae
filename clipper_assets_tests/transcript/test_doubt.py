from clipper_assets.transcript.doubt import Decoded, compression_ratio, doubt_records, mark_doubts, removal_records
from clipper_assets.transcript.transcript_files import Cue, CueWord
from clipper_assets.transcript.words import Word


def decoded(text: str, log_probability: float = -0.2, silence: float | None = 0.1, seconds: float = 20.0) -> Decoded:
    return Decoded(0, Cue([CueWord(word) for word in text.split()], (60.0, 60.0 + seconds)), log_probability, silence)


def doubts(*heard: Decoded) -> list[str | None]:
    words = [Word(word, 0.0, 1.0, n) for n, chunk in enumerate(heard) for word in chunk.cue.texts]
    return [word.doubt for word in mark_doubts(words, heard)]


def test_text_that_whisper_takes_for_silence_is_invented() -> None:
    assert decoded("Thanks for watching!", log_probability=-1.5, silence=0.9).is_invented
    assert not decoded("Thanks for watching!", log_probability=-1.5, silence=0.5).is_invented
    assert not decoded("Thanks for watching!", log_probability=-0.5, silence=0.9).is_invented
    assert not decoded("Thanks for watching!", log_probability=-1.5, silence=None).is_invented


def test_more_words_than_anybody_can_say_are_invented() -> None:
    assert decoded(" ".join(["word"] * 12), seconds=1.0).is_invented
    assert not decoded(" ".join(["word"] * 10), seconds=1.0).is_invented


def test_invented_text_is_recorded_with_its_time() -> None:
    (record,) = removal_records([decoded("Thanks for watching!", seconds=2.0)])
    assert "60.0 to 62.0 s" in record.reason
    assert "'Thanks for watching!'" in record.reason


def test_words_of_an_unsure_chunk_are_marked() -> None:
    assert doubts(decoded("all is well"), decoded("so it seems", log_probability=-1.1)) == [None] * 3 + ["unsure"] * 3


def test_a_loop_is_marked_but_not_the_words_before_it() -> None:
    speech, loop = "it was a fine day", "thank you so much " * 12
    assert doubts(decoded(speech), decoded(loop)) == [None] * 5 + ["repeated"] * 48
    in_one_chunk = doubts(decoded(f"{speech} {loop}", seconds=30.0))
    assert set(in_one_chunk[-40:]) == {"repeated"}


def test_ordinary_speech_is_not_marked_as_repeated() -> None:
    text = (
        "Well, the first winter we burned every single loaf, and the neighbors still came back. Why do you think they "
        "came back? Because we told them the truth. No, no, no, I mean it. We put a sign in the window."
    )
    assert compression_ratio(text) < 2
    assert set(doubts(decoded(text))) == {None}


def test_words_with_doubts_are_recorded() -> None:
    words = [Word("a", 0, 1, 0), Word("b", 1, 2, 0, doubt="unsure"), Word("c", 2, 3, 0, doubt="repeated")]
    assert [record.reason.split(" (")[0] for record in doubt_records(words)] == [
        "1 of 3 words are marked 'unsure'",
        "1 of 3 words are marked 'repeated'",
    ]
    assert doubt_records(words[:1]) == []
