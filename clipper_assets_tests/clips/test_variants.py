import hashlib
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from clipper_assets.clips import variants
from clipper_assets.clips.looks import NamedLook, parse_look
from clipper_assets.clips.manifest import VARIANTS, Manifest
from clipper_assets.clips.removal import remove_look
from clipper_assets.edits.model import Decision, EditedClip, Edits, StoredDecision
from clipper_assets.edits.store import latest_edits, save_edits
from clipper_assets.edits.windows import pinned_clips
from clipper_assets.highlights.window import WINDOWS
from clipper_assets.media.frame import Aspect
from clipper_assets.runs.in_process import failures
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.lake import stored_table
from clipper_assets_tests.conftest import clip_episode
from clipper_assets_tests.support.looks import render_look

pytestmark = pytest.mark.episodes

KEY, FOLDER = "show/cut.mp4", "show/clips/looks/square-marker"


@pytest.fixture
def episode(
    storage: DirectoryStorage,
    instance: dg.DagsterInstance,
    cut: Path,
    short_windows: None,
) -> DirectoryStorage:
    """A storage with the default clips of an episode."""
    folder = Path(storage.root) / "show"
    folder.mkdir()
    shutil.copy(cut, folder / "cut.mp4")
    shutil.copy(cut.with_suffix(".srt"), folder / "cut.srt")
    assert failures(clip_episode(storage, KEY, instance)[1]) == []
    return storage


def contents(storage: DirectoryStorage) -> dict[str, tuple[int, bytes]]:
    """Modification time and bytes of every stored object, except for the library, which has its own tests."""
    root = Path(storage.root)
    files = [file for file in root.rglob("*") if file.is_file() and "library" not in file.parts]
    return {file.relative_to(root).as_posix(): (file.stat().st_mtime_ns, file.read_bytes()) for file in files}


def metadata(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    assert failures(result) == []
    (event,) = result.asset_materializations_for_node("clip_variants")
    return {name: value.value for name, value in event.metadata.items()}


def manifest(storage: DirectoryStorage, key: str = f"{FOLDER}/manifest.json") -> Manifest:
    return Manifest.model_validate_json(storage.read_bytes(key))


def test_a_look_is_made_beside_the_default_clips_and_removed_without_a_trace(
    episode: DirectoryStorage, instance: dg.DagsterInstance
) -> None:
    episode.put_bytes("show/show.toml", b'owner = "anna@example.org"')
    before = contents(episode)
    result = render_look(episode, KEY, instance, "square-marker")
    facts = metadata(result)
    assert (facts["rendered"], facts["caption_style"], facts["aspect"], facts["look"]) == (
        1, "marker", "1:1", "square-marker",
    )  # fmt: skip
    assert facts["owner"] == "anna@example.org"
    assert {check.check_name: check.passed for check in result.get_asset_check_evaluations()}["clips_are_published"]
    made = manifest(episode)
    (clip,) = made.clips
    assert (made.look, clip.look, clip.width, clip.height) == ("square-marker", "square-marker", 1080, 1080)
    assert (clip.key, clip.caption_style) == (f"{FOLDER}/clip_0.mp4", "marker")
    (row,) = stored_table(episode, "clip_variants", VARIANTS, KEY, "square-marker").to_pylist()
    assert (row["episode"], row["look"], row["sha256"]) == (KEY, "square-marker", clip.sha256)
    first = contents(episode)
    assert before.items() <= first.items()

    facts = metadata(render_look(episode, KEY, instance, "square-marker"))
    assert (facts["rendered"], facts["unchanged"]) == (0, 1)
    metadata(render_look(episode, KEY, instance, "feed-pop"))
    assert failures(clip_episode(episode, KEY, instance)[1]) == []
    after = contents(episode)
    assert {key: after[key] for key in first if key.startswith(FOLDER) and key.endswith("clip_0.mp4")} == {
        f"{FOLDER}/clip_0.mp4": first[f"{FOLDER}/clip_0.mp4"]
    }
    assert after["show/clips/clip_0.mp4"] == before["show/clips/clip_0.mp4"]

    remove_look(episode, KEY, "feed-pop")
    left = contents(episode)
    assert not [key for key in left if "feed-pop" in key]
    assert {key for key in after if "feed-pop" not in key} == set(left)
    remove_look(episode, KEY, "square-marker")
    assert not [path for path in Path(episode.root).rglob("*look*") if path.name not in {"catalogue"}]
    assert contents(episode).keys() == before.keys()


def test_runs_of_looks_and_of_the_default_clips_at_the_same_time_change_nothing_of_each_other(
    episode: DirectoryStorage, instance: dg.DagsterInstance
) -> None:
    before = contents(episode)
    looks = ["square-marker", "portrait-pop"]
    with ThreadPoolExecutor(3) as pool:
        # Each with its own instance, because threads cannot write to one SQLite database in memory.
        running = [pool.submit(render_look, episode, KEY, dg.DagsterInstance.ephemeral(), look) for look in looks]
        default = pool.submit(clip_episode, episode, KEY, instance)
        assert [failures(each.result()) for each in running] == [[], []]
        assert failures(default.result()[1]) == []
    after = contents(episode)
    of_looks = {look: {key: stored for key, stored in after.items() if look in key} for look in looks}
    assert after.keys() == before.keys() | of_looks[looks[0]].keys() | of_looks[looks[1]].keys()
    rewritten = {"show/clips/manifest.json", "show/clips/chapters.json", "show/clips/soundbites.xml"}
    assert {key for key in before if key.startswith("show/clips/") and after[key] != before[key]} <= rewritten
    for look in looks:
        (clip,) = manifest(episode, f"show/clips/looks/{look}/manifest.json").clips
        data = of_looks[look][f"show/clips/looks/{look}/clip_0.mp4"][1]
        assert (clip.look, clip.sha256) == (look, hashlib.sha256(data).hexdigest())
    (clip,) = manifest(episode, "show/clips/manifest.json").clips
    assert (clip.look, clip.aspect) == (None, Aspect.portrait)


def test_an_unknown_look_and_one_that_was_removed_meanwhile_are_refused(
    episode: DirectoryStorage, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(episode)
    (sentence,) = failures(render_look(episode, KEY, instance, "square-comic"))
    assert sentence.startswith("unknown look 'square-comic'; name it <aspect>-<caption style>, such as square-marker")

    def removed(look: str) -> NamedLook:
        instance.delete_dynamic_partition("looks", look)
        return parse_look(look)

    monkeypatch.setattr(variants, "parse_look", removed)
    assert failures(render_look(episode, KEY, instance, "square-marker")) == [
        "the look square-marker was removed; add it again to make clips in it"
    ]
    assert contents(episode) == before


def test_a_look_has_decisions_of_its_own_and_keeps_its_caption_style(
    episode: DirectoryStorage, instance: dg.DagsterInstance
) -> None:
    metadata(render_look(episode, KEY, instance, "square-marker"))
    square = manifest(episode).clips[0].sha256
    (clip,) = pinned_clips(latest_edits(episode, KEY), stored_table(episode, "highlight_windows", WINDOWS, KEY))

    def decided(version: int, **changes: Any) -> None:
        edited: EditedClip = clip.model_copy(update={"caption_style": "neon", **changes})
        assert save_edits(episode, instance, KEY, Edits(version=version, clips=[edited]))
        facts = metadata(render_look(episode, KEY, instance, "square-marker"))
        assert (facts["rendered"], facts["caption_style"]) == (0, "marker")

    default = StoredDecision(decision=Decision.approved, sha256="another file")
    decided(1, judged=default)
    assert manifest(episode).clips[0].review is None
    decided(
        2, judged=default, judged_looks={"square-marker": StoredDecision(decision=Decision.rejected, sha256=square)}
    )
    assert manifest(episode).held_back == {0: ["rejected by a person"]}
    decided(3, judged=StoredDecision(decision=Decision.rejected, sha256="another file"))
    assert manifest(episode).held_back == {0: ["rejected by a person"]}
