from unicodedata import normalize

import pytest

from clipper_assets.transcript.transcript_names import MAX_NAMED, find_transcript

CAFE = "Café über.mp4"


@pytest.mark.parametrize(
    "name",
    [
        "talk.srt",
        "TALK.SRT",
        "Talk.VTT",
        "talk.json",
        "talk.en-US.srt",
        "talk.eng.srt",
        "talk.English.vtt",
        "talk.de.srt",
        "talk.Deutsch.srt",
        "talk.zh-Hans.vtt",
        "talk.mp4.srt",
        "talk.MP4.de.srt",
        "talk.wav.srt",
        "talk.transcript.vtt",
        "talk.en.sdh.srt",
        "talk.auto.srt",
    ],
)
def test_a_transcript_is_found_as_people_name_it(name: str) -> None:
    found = find_transcript("talk.mp4", ["talk.mp4", name, "talk.jpg"], None)
    assert (found.name, found.warnings) == (name, [])


@pytest.mark.parametrize(("video", "file"), [("NFD", "NFC"), ("NFC", "NFD"), ("NFD", "NFD")])
def test_names_are_compared_in_one_unicode_normalization(video: str, file: str) -> None:
    upload, transcript = normalize(video, CAFE), normalize(file, "CAFÉ Über.de.srt")  # type: ignore[arg-type]
    assert find_transcript(upload, [upload, transcript], None).name == transcript


@pytest.mark.parametrize(
    ("names", "language", "chosen"),
    [
        (["talk.vtt", "talk.srt", "talk.json"], None, "talk.srt"),
        (["TALK.SRT", "talk.vtt"], None, "talk.vtt"),
        (["TALK.SRT", "Talk.srt"], None, "TALK.SRT"),
        (["talk.SRT", "talk.vtt"], None, "talk.vtt"),
        (["talk.de.srt", "talk.vtt"], "de", "talk.vtt"),
        (["talk.de.srt", "talk.en.vtt"], None, "talk.en.vtt"),
        (["talk.de.srt", "talk.en.vtt"], "de", "talk.de.srt"),
        (["talk.ger.srt", "talk.en.vtt"], "de-AT", "talk.ger.srt"),
        (["talk.fr.srt", "talk.de.srt"], None, "talk.de.srt"),
        (["talk.en.srt", "talk.mp4.srt"], None, "talk.en.srt"),
        (["talk.de.srt", "talk.mp4.srt"], None, "talk.mp4.srt"),
        (["talk.en.srt"], "de", None),
    ],
)
def test_the_best_of_several_is_used_and_the_others_are_named(
    names: list[str], language: str | None, chosen: str | None
) -> None:
    found = find_transcript("talk.mp4", names, language)
    assert found == find_transcript("talk.mp4", names[::-1], language)
    assert found.name == chosen
    unused = [warning.partition(" was not used as the transcript, because ") for warning in found.warnings]
    assert sorted(name for name, _, _ in unused) == sorted({*names} - {chosen})
    assert {reason for _, _, reason in unused} <= {f"{chosen} was", f"its language is not {language}"}


@pytest.mark.parametrize(
    ("upload", "names", "chosen"),
    [
        ("talk.mp4", ["talk2.srt", "talk2.mp4"], None),
        ("talk.mp4", ["talk.part2.srt", "talk.part2.mp4"], None),
        ("talk.mp4", ["talk.de.srt", "talk.de.mp4"], None),
        ("talk.de.mp4", ["talk.de.srt", "talk.mp4"], "talk.de.srt"),
        ("talk.mp4", ["talk.mov.srt", "talk.mov"], None),
        ("talk.mov", ["talk.mov.srt", "talk.mp4"], "talk.mov.srt"),
        ("talk.mp4", ["talk.wav.srt", "talk.wav"], "talk.wav.srt"),
        ("talk.mp4", ["Talk.srt", "Talk.mp4"], None),
        ("Talk.mp4", ["Talk.srt", "talk.mp4"], "Talk.srt"),
        ("talk.mp4", ["talk.srt", "talk.mov"], "talk.srt"),
        ("ep1.mp4", ["ep2.srt", "ep2.mp4", "ep10.srt", "ep10.mp4"], None),
    ],
)
def test_the_transcript_of_another_recording_is_not_taken(upload: str, names: list[str], chosen: str | None) -> None:
    found = find_transcript(upload, [upload, *names], None)
    assert (found.name, found.warnings) == (chosen, [])


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("talk (1).srt", "rename it to talk.srt if it is"),
        ("talk_final.vtt", "rename it to talk.vtt if it is"),
        ("talk.en.forced.srt", "rename it to talk.srt if it is"),
        ("talk.part2.srt", "rename it to talk.srt if it is"),
        ("tlak.srt", "rename it to talk.srt if it is"),
        ("captions.vtt", "rename it to talk.vtt if it is"),
        ("talk.txt", "export it as talk.srt or talk.vtt if it is"),
        ("TALK.docx", "export it as talk.srt or talk.vtt if it is"),
    ],
)
def test_a_file_that_almost_matches_is_named_and_not_used(name: str, advice: str) -> None:
    found = find_transcript("talk.mp4", ["talk.mp4", name], None)
    assert (found.name, found.warnings) == (None, [f"{name} was not used as the transcript; {advice}"])


@pytest.mark.parametrize("name", ["notes.txt", "show.toml", "talk.jpg", ".talk.srt", "talk", "outro.txt"])
def test_other_files_are_not_named(name: str) -> None:
    assert find_transcript("talk.mp4", ["talk.mp4", name], None).warnings == []


def test_the_list_of_unused_files_is_short() -> None:
    names = [f"talk ({number}).srt" for number in range(2000)]
    warnings = find_transcript("talk.mp4", ["talk.mp4", *names], None).warnings
    assert len(warnings) == MAX_NAMED + 1
    assert warnings[-1] == "1995 more files resemble a transcript and were not used"
