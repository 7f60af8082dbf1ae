"""The clips of an episode in another language: what is asked, kept, left out and refused."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from clipper_assets.clips.translation.model import UntranslatedError
from clipper_assets.clips.translation.stored import FILE, read_translations, write_translations
from clipper_assets.clips.translation.texts import ClipTexts, Line, Translation, clip_texts
from clipper_assets.clips.translation.translate import Translations, translate_clips
from clipper_assets.llm.language_model import LanguageModel
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.transcript.words import Word, words_table
from clipper_assets_tests.support.model_server import ModelServer, Reply, completion, error
from clipper_assets_tests.support.translator import in_pseudo_spanish, lines_of, translator
from clipper_assets_tests.support.windows import window_of

CLIPS = {
    number: ClipTexts("en", {number: Line("Ann", f"We bake {name} in winter.")}, f"Bake {name}", name)
    for number, name in enumerate(["bread", "cake", "biscuits"])
}
SPANISH = translator(in_pseudo_spanish)


def translate(
    server: ModelServer, *replies: Any, language: str = "es", kept: dict[str, Translation] | None = None
) -> Translations:
    server.replies, server.requests = list(replies), []
    model = LanguageModel(base_url=server.url, max_retries=0)
    return translate_clips(CLIPS, language, model, kept or {}, lambda share: None)


def test_each_clip_is_asked_for_once_and_never_again(model_server: ModelServer, storage: DirectoryStorage) -> None:
    made = translate(model_server, SPANISH)
    assert made.by_clip[1].sentences == {1: "Weado bakeado cakeado inado winterado."}
    assert (len(model_server.requests), made.usage.tokens_in, made.usage.tokens_out) == (3, 3000, 300)
    folder = "lake/clip_records/episode=e/looks/square-pop-es"
    write_translations(storage, folder, made.by_recipe)
    kept = read_translations(storage, ["lake/nothing", folder])
    again = translate(model_server, kept=kept)
    assert (again.by_clip, again.by_recipe, model_server.requests) == (made.by_clip, made.by_recipe, [])
    assert again.usage.tokens_in == 0
    translate(model_server, SPANISH, kept=kept, language="pt")
    assert len(model_server.requests) == 3


def test_nothing_is_asked_for_what_is_kept_or_spoken(
    monkeypatch: pytest.MonkeyPatch, model_server: ModelServer
) -> None:
    kept = dict(translate(model_server, SPANISH).by_recipe)
    monkeypatch.delenv("OPENAI_API_KEY")
    assert len(translate(model_server, kept=kept).by_clip) == 3
    spoken = translate(model_server, language="en")
    assert (spoken.by_clip, spoken.untranslated, model_server.requests) == ({}, {}, [])
    sentence = (
        "captions in Spanish are translated by a language model, but OPENAI_API_KEY is not set; "
        "set it for better picks and translated captions"
    )
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        translate(model_server)


def test_a_clip_without_a_usable_answer_is_left_out(model_server: ModelServer) -> None:
    def all_but_cake(request: dict[str, Any]) -> Reply:
        return completion("No.") if "cake" in str(lines_of(request)) else SPANISH(request)

    made = translate(model_server, all_but_cake)
    assert sorted(made.by_clip) == [0, 2]
    assert made.untranslated == {1: 'gpt-4o-mini sent an invalid answer: it has no JSON list "translations"'}
    assert len(made.by_recipe) == 2


@pytest.mark.parametrize("status", [400, 422])
def test_a_server_that_refuses_a_text_is_asked_about_the_others(model_server: ModelServer, status: int) -> None:
    def refusing(request: dict[str, Any]) -> Reply:
        return error(status) if "bread" in str(lines_of(request)) else SPANISH(request)

    made = translate(model_server, refusing)
    assert sorted(made.by_clip) == [1, 2]
    assert f"answered with HTTP status {status}" in made.untranslated[0]


@pytest.mark.parametrize("status", [401, 503])
def test_a_server_that_is_down_is_asked_no_more(model_server: ModelServer, status: int) -> None:
    with pytest.raises(UntranslatedError, match=f"HTTP status {status}"):
        translate(model_server, error(status))
    assert len(model_server.requests) == 1
    made = translate(model_server, SPANISH, error(status))
    assert (sorted(made.by_clip), sorted(made.untranslated), len(model_server.requests)) == ([0], [1, 2], 2)
    assert made.usage.tokens_in == 1000


@pytest.mark.parametrize("content", [b"", b"[]", b'{"a": 1}', b"\xff", b"{" * 100_000])
def test_kept_translations_that_cannot_be_read_are_asked_for_again(
    storage: DirectoryStorage, tmp_path: Path, content: bytes
) -> None:
    storage.put_bytes(f"folder/{FILE}", content)
    assert read_translations(storage, ["folder"]) == {}


def test_the_texts_of_a_window_are_its_sentences_with_speakers() -> None:
    said = [("Hi", "Ann"), ("there.", "Ann"), ("Bread\0", None), ("lasts.", None), ("Bye.", "Bob")]
    words = [Word(text, n, n + 0.5, 0, speaker=speaker) for n, (text, speaker) in enumerate(said)]
    table = words_table("e", words, [0, 0, 1, 1, 2], "en", {})
    texts = clip_texts(window_of(first_sentence=0, last_sentence=1, hook="Bread\nlasts", title=""), table)
    assert texts.sentences == {0: Line("Ann", "Hi there."), 1: Line("speaker", "Bread lasts.")}
    assert (texts.language, texts.hook, [line.label for line in texts.lines]) == (
        "en",
        "Bread lasts",
        ["Ann", "speaker", "hook"],
    )
    assert clip_texts(window_of(hook="", title=""), pa.Table.slice(table, 0, 0)).lines == []
