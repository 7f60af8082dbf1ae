"""The mutation table: which change makes which result of which episode stale, asked of Dagster itself."""

from collections.abc import Collection
from typing import Any

import dagster as dg
import pytest

from clipper_assets.edits.model import (
    EDITOR,
    ChosenFace,
    Decision,
    EditedClip,
    MarkedSpan,
    ShotChoice,
    StoredDecision,
    UnmarkedSpan,
    WordEdit,
)
from clipper_assets.setting_types import PickerName
from clipper_assets.settings import Settings
from clipper_assets.shows.show import Layout, Show
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.catalogue.staleness import RESULTS, Catalogue

ONE, TWO = "a/one.mp4", "b/two.mp4"
"""The first has a transcript file, the second, of another show, has none."""
TRANSCRIPT, ADVERTS, WINDOWS, CHAPTERS = {"aligned_transcript"}, {"ad_spans"}, {"highlight_windows"}, {"chapters"}
SCENES, CAMERA, CLIPS, NOTHING = {"scenes"}, {"camera_paths"}, {"rendered_clips"}, set[str]()
ASKED = ADVERTS | WINDOWS | CHAPTERS
"""What a language model is asked for."""
AFTER_UPLOAD = set(RESULTS) - {"raw_video", "episode_costs"}


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    storage = DirectoryStorage(root=str(tmp_path_factory.mktemp("catalogue")))
    for key in (ONE, "a/one.srt", TWO):
        storage.put_bytes(key, b"content")
    # Shared fixtures of other tests set shorter windows in the environment.
    settings = Settings.model_validate({"openai_api_key": "a-key", "window_min_s": 30, "window_max_s": 60})
    made = Catalogue(storage, dg.DagsterInstance.ephemeral(), settings)
    made.materialize(ONE, TWO)
    made.sweep()
    expect(made, NOTHING, NOTHING)
    return made


def expect(catalogue: Catalogue, one: set[str], two: set[str], among: Collection[str] = RESULTS) -> None:
    """Check which assets of the first episode are stale, and which of these, or of the clips, in the second."""
    assert catalogue.stale(ONE, among) == one
    assert catalogue.stale(TWO, one | two | CLIPS) == two


def clip(number: int = 0, **changes: Any) -> EditedClip:
    """A clip as it was picked, with changes to its row; changes of its look and decision go to the clip."""
    of_clip = {name: changes.pop(name) for name in ("caption_style", "layout", "judged") if name in changes}
    row = {"clip": number, "start": 1.0, "end": 9.0, "hook": "Hook", "title": "Title", "picker": "heuristic"}
    return EditedClip(window={**row, **changes, **({"picker": EDITOR} if changes else {})}, **of_clip)


def judged(decision: Decision) -> StoredDecision:
    return StoredDecision(decision=decision, sha256="0" * 64)


MARK = MarkedSpan(start=20, end=30)
EDITS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "an approval": ({"clips": [clip(judged=judged(Decision.approved)), clip(1)]}, NOTHING),
    "a rejection": ({"clips": [clip(), clip(1, judged=judged(Decision.rejected))]}, NOTHING),
    "a moved boundary": ({"clips": [clip(start=2.0), clip(1)]}, WINDOWS | CLIPS),
    "another title": ({"clips": [clip(title="New"), clip(1)]}, WINDOWS | CLIPS),
    "another hook": ({"clips": [clip(), clip(1, hook="New")]}, WINDOWS | CLIPS),
    "an added clip": ({"clips": [clip(), clip(1), clip(2, start=40.0, end=50.0)]}, WINDOWS | CLIPS),
    "a corrected word": (
        {"clips": [clip()], "words": [WordEdit(start=2, end=2.4, was="Anna", text="Hannah")]},
        CLIPS,
    ),
    "a clip's caption style": ({"clips": [clip(caption_style="boxed"), clip(1)]}, CLIPS),
    "a clip's layout": ({"clips": [clip(layout="split"), clip(1)]}, CAMERA),
    "a clip's layout with a still camera": ({"clips": [clip(layout="center"), clip(1)]}, CAMERA | SCENES),
    "the camera of a shot": ({"shots": [ShotChoice(start=2, end=5, layout=Layout.fit)]}, CAMERA),
    "the face of a shot": (
        {"shots": [ShotChoice(start=2, end=5, layout=Layout.auto, faces=(ChosenFace(time=3, x=0.2, y=0.4),))]},
        CAMERA,
    ),
    "a marked advert": ({"marked": [MARK]}, WINDOWS | CHAPTERS | CLIPS),
    "an unmarked advert": ({"unmarked": [UnmarkedSpan(start=20, end=30)]}, WINDOWS | CHAPTERS | CLIPS),
}


def test_what_failed_steps_used_makes_nothing_stale(catalogue: Catalogue) -> None:
    for asset in RESULTS:
        spent = {"cpu_seconds": 1.0, "failed": True}
        catalogue.instance.report_runless_asset_event(dg.AssetObservation(asset, partition=ONE, metadata=spent))
    expect(catalogue, NOTHING, NOTHING)


@pytest.mark.parametrize(("changes", "stale"), EDITS.values(), ids=EDITS)
def test_edits(catalogue: Catalogue, changes: dict[str, Any], stale: set[str]) -> None:
    catalogue.edit(ONE, **changes)
    expect(catalogue, stale, NOTHING)
    catalogue.edit(ONE)  # discards all edits
    expect(catalogue, NOTHING, NOTHING, among=stale)


SHOW: dict[str, tuple[str, set[str]]] = {
    "caption_style": ('caption_style = "boxed"', CLIPS),
    "captions": ("captions = { font_size = 90 }", CLIPS),
    "aspect": ('aspect = "1:1"', CLIPS),
    "hook_title": ("hook_title = true", CLIPS),
    "tighten": ("tighten = true", CLIPS),
    "gates": ("gates = { blocking = [] }", CLIPS),
    "layout": ('layout = "split"', CAMERA),
    "layout with a still camera": ('layout = "center"', CAMERA | SCENES),
    "length": ('length = "short"', WINDOWS),
    "length that is the default": ('length = "standard"', NOTHING),
    "max_clips": ("max_clips = 4", WINDOWS),
    "topics": ('topics = "money"', WINDOWS),
    "prompt": ('prompt = "bold"', WINDOWS),
    "prompts": ("prompts = { bold = 1 }", WINDOWS),
    "picker": ('picker = "heuristic"', ASKED),
    "picker that is the default": ('picker = "auto"', NOTHING),
    "picker by its name": ('picker = "openai"', WINDOWS),
    "language": ('language = "de"', TRANSCRIPT),
    "speakers": ("speakers = 2", TRANSCRIPT),
    "speakers from two to four": ('speakers = "2-4"', TRANSCRIPT),
    "owner": ('owner = "team:morning show"', NOTHING),
    "a comment": ("# nothing", NOTHING),
    "a mistake in one field": ('caption_style = "none such"', CLIPS),
    "a mistake in the file": ("layout = ", TRANSCRIPT | ASKED | SCENES | CAMERA | CLIPS),
}


def test_the_table_has_every_setting_of_a_show() -> None:
    assert set(Show.model_fields) <= set(SHOW)


@pytest.mark.parametrize(("text", "stale"), SHOW.values(), ids=SHOW)
def test_show_toml(catalogue: Catalogue, text: str, stale: set[str]) -> None:
    catalogue.write("a/show.toml", text)
    expect(catalogue, stale, NOTHING)
    catalogue.write("a/show.toml", None)
    expect(catalogue, NOTHING, NOTHING, among=stale)


@pytest.mark.parametrize("folder", ["", "a/b/", "b/a/"])
def test_show_toml_of_another_folder(catalogue: Catalogue, folder: str) -> None:
    catalogue.write(f"{folder}show.toml", 'picker = "heuristic"\nlanguage = "de"\nlayout = "center"\ntighten = true')
    assert (catalogue.stale(ONE), catalogue.stale(TWO)) == (NOTHING, NOTHING)
    catalogue.write(f"{folder}show.toml", None)


def test_show_toml_that_is_swapped_while_episodes_wait(catalogue: Catalogue) -> None:
    """What was made before is stale, also in the middle of a run; what is made afterwards is not."""
    waiting, made = "a/three.mp4", {"raw_video"} | TRANSCRIPT | ADVERTS
    catalogue.materialize(waiting, only=made)
    catalogue.write("a/show.toml", 'picker = "heuristic"\nlanguage = "de"\ntighten = true')
    catalogue.materialize(waiting, only=set(RESULTS) - made)
    assert catalogue.stale(waiting) == TRANSCRIPT | ADVERTS
    expect(catalogue, TRANSCRIPT | ASKED | CLIPS, NOTHING)
    catalogue.write("a/show.toml", None)
    assert catalogue.stale(waiting) == WINDOWS | CHAPTERS | CLIPS
    expect(catalogue, NOTHING, NOTHING, among=TRANSCRIPT | ASKED | CLIPS)


FILES: dict[str, tuple[str, str | None, set[str], set[str]]] = {
    "another transcript": ("a/one.srt", "other", TRANSCRIPT, NOTHING),
    "no transcript any more": ("a/one.srt", None, TRANSCRIPT, NOTHING),
    "the first transcript": ("b/two.en.vtt", "new", NOTHING, TRANSCRIPT),
    "names of the show's speakers": ("a/speakers.toml", "A = 'Anna'", TRANSCRIPT, NOTHING),
    "names of the episode's speakers": ("b/Two.speakers.toml", "A = 'Anna'", NOTHING, TRANSCRIPT),
    "a transcript in another language": ("a/one.de.srt", "anderes", NOTHING, NOTHING),
    "a transcript of another recording": ("a/one more.srt", "other", NOTHING, NOTHING),
    "a file that nobody reads": ("a/one.txt", "notes", NOTHING, NOTHING),
}


@pytest.mark.parametrize(("key", "content", "one", "two"), FILES.values(), ids=FILES)
def test_files(catalogue: Catalogue, key: str, content: str | None, one: set[str], two: set[str]) -> None:
    before = catalogue.storage.read_bytes(key).decode() if catalogue.storage.exists(key) else None
    catalogue.write(key, content)
    expect(catalogue, one, two)
    catalogue.write(key, before)
    expect(catalogue, NOTHING, NOTHING, among=one | two)


SETTINGS: dict[str, tuple[dict[str, Any], set[str], set[str]]] = {
    "another speech model": ({"whisper_model": "large-v3"}, NOTHING, TRANSCRIPT),
    "another aligner": ({"align_model": "another"}, TRANSCRIPT, TRANSCRIPT),
    "another language model": ({"openai_model": "another"}, ASKED, ASKED),
    "rules instead of a model": ({"picker": PickerName.heuristic}, ASKED, ASKED),
    "no key": ({"openai_api_key": None}, ASKED, ASKED),
    "a larger context": ({"openai_context_tokens": 200_000}, ADVERTS | WINDOWS, ADVERTS | WINDOWS),
    "longer clips": ({"window_max_s": 80.0}, WINDOWS, WINDOWS),
    "another address": ({"api_port": 9000}, NOTHING, NOTHING),
}


@pytest.mark.parametrize(("changes", "one", "two"), SETTINGS.values(), ids=SETTINGS)
def test_settings(catalogue: Catalogue, changes: dict[str, Any], one: set[str], two: set[str]) -> None:
    before = catalogue.settings
    catalogue.settings = before.model_copy(update=changes)
    catalogue.sweep()
    expect(catalogue, one, two)
    catalogue.settings = before
    catalogue.sweep()
    expect(catalogue, NOTHING, NOTHING, among=one | two)


def test_settings_that_a_show_overrides(catalogue: Catalogue) -> None:
    before = catalogue.settings
    catalogue.write("a/show.toml", 'picker = "openai"\nlanguage = "de"')
    catalogue.materialize(ONE, only=TRANSCRIPT | ASKED)
    catalogue.settings = before.model_copy(update={"picker": PickerName.heuristic, "language": "fr"})
    catalogue.sweep()
    expect(catalogue, NOTHING, TRANSCRIPT | ASKED, among=TRANSCRIPT | ASKED)
    catalogue.settings = before
    catalogue.sweep()
    catalogue.write("a/show.toml", None)
    expect(catalogue, TRANSCRIPT | WINDOWS, NOTHING, among=TRANSCRIPT | ASKED)
    catalogue.materialize(ONE, only=TRANSCRIPT | ASKED)
    expect(catalogue, NOTHING, NOTHING, among=TRANSCRIPT | ASKED)


def test_a_prompt_of_the_deployment(catalogue: Catalogue) -> None:
    catalogue.write("prompts/standard/pick.md", "Pick.")
    catalogue.sweep()
    expect(catalogue, WINDOWS, WINDOWS)
    catalogue.write("prompts/standard/pick.md", None)
    catalogue.sweep()
    expect(catalogue, NOTHING, NOTHING, among=WINDOWS)


def test_a_new_release_of_a_step(catalogue: Catalogue) -> None:
    catalogue.code_versions["camera_paths"] = "earlier"
    catalogue.materialize(ONE, only=CAMERA)
    expect(catalogue, CAMERA, NOTHING)
    del catalogue.code_versions["camera_paths"]
    catalogue.materialize(ONE, only=CAMERA)
    expect(catalogue, NOTHING, NOTHING, among=CAMERA)


def test_a_replaced_upload(catalogue: Catalogue) -> None:
    catalogue.uploads[ONE] = "replaced"
    catalogue.materialize(ONE, only={"raw_video"})
    expect(catalogue, AFTER_UPLOAD, NOTHING)
    del catalogue.uploads[ONE]
    catalogue.materialize(ONE, only={"raw_video"})
    expect(catalogue, NOTHING, NOTHING, among=AFTER_UPLOAD)


def test_a_run_of_the_stale_assets_makes_them_fresh(catalogue: Catalogue) -> None:
    edited = WINDOWS | SCENES | CAMERA | CLIPS
    catalogue.edit(ONE, clips=[clip(start=3.0, layout="center")])
    catalogue.materialize(TWO, only=CLIPS)  # its events are newer than the edit
    expect(catalogue, edited, NOTHING)
    catalogue.materialize(ONE, only=edited | {"episode_costs", "library"})
    expect(catalogue, NOTHING, NOTHING)
    catalogue.write("a/show.toml", 'layout = "center"')
    expect(catalogue, CAMERA | SCENES, NOTHING)
    catalogue.write("a/show.toml", None)
    expect(catalogue, NOTHING, NOTHING, among=edited)
    catalogue.edit(ONE)
    expect(catalogue, edited, NOTHING)
    catalogue.materialize(ONE, only=edited)
    expect(catalogue, NOTHING, NOTHING, among=edited)
