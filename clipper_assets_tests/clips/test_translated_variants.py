"""A look in another language: refused without a key, translated once, left out without a usable answer."""

import shutil
from pathlib import Path

import dagster as dg
import pytest

from clipper_assets.clips.removal import remove_look
from clipper_assets.edits.model import Edits, WordEdit
from clipper_assets.edits.store import save_edits
from clipper_assets.runs.in_process import failures
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.lake import stored_table
from clipper_assets.transcript.words import WORDS
from clipper_assets_tests.clips.test_variants import KEY, contents, manifest, metadata
from clipper_assets_tests.conftest import clip_episode
from clipper_assets_tests.support.looks import render_look
from clipper_assets_tests.support.model_server import KEY as API_KEY
from clipper_assets_tests.support.model_server import ModelServer, completion
from clipper_assets_tests.support.translator import in_pseudo_spanish, lines_of, translator

pytestmark = pytest.mark.episodes

LOOK, FOLDER = "square-marker-es", "show/clips/looks/square-marker-es"


def test_a_look_in_another_language(
    storage: DirectoryStorage,
    instance: dg.DagsterInstance,
    cut: Path,
    short_windows: None,
    model_server: ModelServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    folder = Path(storage.root) / "show"
    folder.mkdir()
    shutil.copy(cut, folder / "cut.mp4")
    shutil.copy(cut.with_suffix(".srt"), folder / "cut.srt")
    (folder / "show.toml").write_text("hook_title = true\n")
    assert failures(clip_episode(storage, KEY, instance)[1]) == []
    default = contents(storage)
    assert failures(render_look(storage, KEY, instance, LOOK)) == [
        "captions in Spanish are translated by a language model, but OPENAI_API_KEY is not set; "
        "set it for better picks and translated captions"
    ]
    assert contents(storage) == default
    metadata(render_look(storage, KEY, instance, "square-marker-en"))  # spoken, so nothing to translate
    remove_look(storage, KEY, "square-marker-en")

    monkeypatch.setenv("OPENAI_API_KEY", API_KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", model_server.url)
    model_server.replies = [translator(in_pseudo_spanish)]
    facts = metadata(render_look(storage, KEY, instance, LOOK))
    assert (facts["rendered"], facts["tokens_in"], facts["tokens_out"]) == (1, 1000, 100)
    (request,) = model_server.requests
    said = lines_of(request)
    (clip,) = manifest(storage, f"{FOLDER}/manifest.json").clips
    assert (clip.hook, clip.title) == tuple(in_pseudo_spanish(said[number]) for number in list(said)[-2:])
    assert clip.captions.language == "es"
    assert clip.publishable
    srt = storage.read_bytes(clip.captions.srt).decode()
    assert all(in_pseudo_spanish(word) in srt for word in said[1].split())
    assert storage.read_bytes(clip.captions.vtt).startswith(b"WEBVTT\nLanguage: es\n")
    assert default.items() <= contents(storage).items()

    facts = metadata(render_look(storage, KEY, instance, "square-pop-es"))
    assert (facts["rendered"], facts["tokens_in"], len(model_server.requests)) == (1, 0, 1)
    assert metadata(render_look(storage, KEY, instance, LOOK))["rendered"] == 0

    word = next(
        row
        for row in stored_table(storage, "aligned_transcript", WORDS, KEY).to_pylist()
        if clip.start_time <= row["start"] < clip.end_time
    )
    edit = WordEdit(start=word["start"], end=word["end"], was=word["text"], text="Wherefore")
    assert save_edits(storage, instance, KEY, Edits(version=1, words=[edit]))
    model_server.replies = [completion("I cannot translate this.")]
    (sentence,) = failures(render_look(storage, KEY, instance, LOOK))
    assert sentence.startswith(f"no clip of the look {LOOK} has captions to show: gpt-4o-mini sent an invalid answer")
    assert "Wherefore" in str(lines_of(model_server.requests[-1]))

    for look in (LOOK, "square-pop-es"):
        remove_look(storage, KEY, look)
    left = contents(storage).keys() - default.keys()
    assert {key for key in left if not key.startswith("lake/edits/")} == set()
