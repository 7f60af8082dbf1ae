import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clipper_assets.clips import produce
from clipper_assets.clips.manifest import Clip, record_key
from clipper_assets.clips.produce import Produced, produce_clips
from clipper_assets.clips.rendering.encoders import NVENC
from clipper_assets.clips.rendering.render import render_clip
from clipper_assets.edits.model import Decision, Judged, Review
from clipper_assets.episodes.watch import UploadWatch
from clipper_assets.media.ffmpeg import FfmpegError
from clipper_assets.media.frame import FRAMES, Aspect
from clipper_assets.runtime.errors import UploadRefusedError
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.clips.card_clip import job, produced, uploaded
from clipper_assets_tests.clips.gates.limits import limits_of
from clipper_assets_tests.support.media import source_of


@pytest.fixture
def file(storage: DirectoryStorage) -> Path:
    return uploaded(storage)


def times(storage: DirectoryStorage, clips: list[Clip]) -> dict[str, int]:
    return {key: (Path(storage.root) / key).stat().st_mtime_ns for clip in clips for key in clip.keys}


def test_only_what_changed_is_rendered_again(storage: DirectoryStorage, file: Path) -> None:
    first = produced(storage, [job(file, 0), job(file, 1, start_s=2.0)])
    assert [clip.clip_index for clip in first.clips] == [0, 1]
    assert first.rendered == 2
    before = times(storage, first.clips)
    again = produced(storage, [job(file, 0), job(file, 1, start_s=2.0)])
    assert again == Produced(first.clips, 0)
    assert times(storage, again.clips) == before
    changed = produced(storage, [job(file, 0), job(file, 1, start_s=2.0, text="one 2")])
    assert (changed.rendered, changed.clips[0]) == (1, first.clips[0])
    assert changed.clips[1].spec != first.clips[1].spec
    assert times(storage, changed.clips[:1]).items() <= before.items()
    assert not times(storage, changed.clips[1:]).items() & before.items()


def test_the_record_tells_of_the_published_bytes(storage: DirectoryStorage, file: Path) -> None:
    (clip,) = produced(storage, [job(file, frame=FRAMES[Aspect.portrait])]).clips
    video = storage.read_bytes(clip.key)
    assert (clip.bytes, clip.sha256) == (len(video), hashlib.sha256(video).hexdigest())
    recorded = Clip.model_validate_json(storage.read_bytes(record_key("show/a.mp4", Aspect.portrait, 0)))
    assert recorded.model_copy(update={"gates": clip.gates}) == clip
    assert (clip.width, clip.height, clip.fps, clip.duration) == (1080, 1920, 25.0, 2.0)
    assert clip.url == storage.uri("show/clips/clip_0.mp4")


def test_new_words_about_a_clip_need_no_new_clip(storage: DirectoryStorage, file: Path) -> None:
    old = job(file)
    produced(storage, [old])
    fallback = {"step": "highlight_windows", "reason": "no key"}
    window = replace(old.window, hook="new", virality_score=9.0, degraded=[fallback])
    again = produced(storage, [produce.Job(old.plan, window, old.encoder)])
    assert again.rendered == 0
    assert (again.clips[0].hook, again.clips[0].virality_score, again.clips[0].degraded) == ("new", 9.0, [fallback])


def test_other_limits_need_no_new_clip(storage: DirectoryStorage, file: Path) -> None:
    large = job(file, frame=FRAMES[Aspect.portrait])
    (clip,) = produced(storage, [large], limits_of(blocking=["bytes"])).clips
    assert clip.publishable
    again = produced(storage, [large], limits_of(blocking=["bytes"], bytes=1))
    assert again.rendered == 0
    (held,) = again.clips
    assert not held.publishable
    assert held.blocked_by == ["has 1 MB"]


def test_a_camera_that_looks_away_by_what_is_known_now_holds_an_unchanged_clip_back(
    storage: DirectoryStorage, file: Path
) -> None:
    limits = limits_of(blocking=["speaker", "whole_words"])
    seen = replace(job(file), speaker_share=1.0)
    assert produced(storage, [seen], limits).clips[0].publishable
    again = produced(storage, [replace(seen, speaker_share=0.5, spoken=[(-0.5, 0.5)])], limits)
    assert again.rendered == 0
    assert again.clips[0].blocked_by == [
        "shows who speaks only 50% of the time",
        "cuts 0.50 s into a word at an end",
    ]


def test_a_word_that_ends_the_captions_early_holds_the_clip_back(storage: DirectoryStorage, file: Path) -> None:
    limits = limits_of(blocking=["captions_missing"])
    assert produced(storage, [job(file, text="one two three")], limits).clips[0].publishable
    (held,) = produced(storage, [job(file, text="one t\0wo three")], limits).clips
    assert held.blocked_by == ["lacks 2 of its burned captions"]


def test_a_missing_sidecar_is_made_again(storage: DirectoryStorage, file: Path) -> None:
    (clip,) = produced(storage, [job(file)]).clips
    storage.delete(clip.captions.vtt)
    assert produced(storage, [job(file)]).rendered == 1
    assert storage.exists(clip.captions.vtt)


def test_another_encoder_keeps_the_file_and_its_approval(storage: DirectoryStorage, file: Path) -> None:
    (clip,) = produced(storage, [job(file)]).clips
    approved = Judged(decision=Decision.approved, sha256=clip.sha256)
    again = produced(storage, [replace(job(file), encoder=NVENC, judged=approved)])
    assert again.rendered == 0
    assert again.clips[0].review == Review(decision=Decision.approved, current=True)


@pytest.mark.parametrize(("decision", "holds"), [(Decision.rejected, True), (Decision.approved, False)])
def test_a_rejection_outlives_the_file_and_an_approval_does_not(
    storage: DirectoryStorage, file: Path, decision: Decision, holds: bool
) -> None:
    (clip,) = produced(storage, [job(file)]).clips
    judged = Judged(decision=decision, sha256=clip.sha256)
    (changed,) = produced(storage, [replace(job(file, text="one 2"), judged=judged)]).clips
    assert changed.review == Review(decision=decision, current=holds)
    assert ("rejected by a person" in changed.blocked_by) is (decision is Decision.rejected)


def test_clips_of_another_folder_are_not_taken(storage: DirectoryStorage, file: Path) -> None:
    produced(storage, [job(file)])
    elsewhere = produce_clips(
        [job(file)],
        replace(source_of(file), key="show/a.mp4", episode="show/a.mp4"),
        storage,
        "show/clips/a",
        aspect=Aspect.portrait,
        limits=limits_of(),
        workers=1,
        report=lambda _: None,
        log=lambda _: None,
        check_upload=lambda: None,
    )
    assert elsewhere.rendered == 1
    assert elsewhere.clips[0].key == "show/clips/a/clip_0.mp4"


def test_a_clip_that_cannot_be_made_leaves_finished_ones_and_nothing_of_itself(
    storage: DirectoryStorage, file: Path
) -> None:
    (good,) = produced(storage, [job(file)]).clips
    before = times(storage, [good])
    impossible = job(file, 1, start_s=4.0, frame=replace(FRAMES[Aspect.portrait], width_px=1))
    with pytest.raises(FfmpegError):
        produced(storage, [job(file), impossible])
    assert times(storage, [good]) == before
    files = {path.name for path in (file.parent / "clips").iterdir()}
    assert files == {"clip_0.mp4", "clip_0.srt", "clip_0.vtt", "clip_0.jpg"}


def test_a_record_never_speaks_of_files_that_are_being_replaced(
    storage: DirectoryStorage, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    produced(storage, [job(file)])
    whole = DirectoryStorage.put_file

    def full_disk(storage: DirectoryStorage, key: str, local: Path) -> None:
        if key.endswith(".srt"):
            raise OSError("no space left on device")
        whole(storage, key, local)

    monkeypatch.setattr(DirectoryStorage, "put_file", full_disk)
    with pytest.raises(OSError, match="no space left"):
        produced(storage, [job(file, text="one 2")])
    assert not storage.exists(record_key("show/a.mp4", Aspect.portrait, 0))


def test_a_stopped_run_stops_its_renders(storage: DirectoryStorage, file: Path) -> None:
    def stop(share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        produce_clips(
            [job(file)], source_of(file), DirectoryStorage(root=str(file.parent)), "clips",
            aspect=Aspect.portrait, limits=limits_of(), workers=1, report=stop, log=lambda _: None,
            check_upload=lambda: None,
        )  # fmt: skip
    assert not (file.parent / "clips").exists()


def test_a_clip_of_an_upload_that_changed_while_it_was_rendered_is_not_published(
    storage: DirectoryStorage, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_upload = UploadWatch(storage, "show/a.mp4", storage.fingerprint("show/a.mp4")).check
    render, whole = render_clip, file.read_bytes()

    def exchanged(*arguments: Any) -> Any:
        rendered = render(*arguments)
        file.write_bytes(whole + b"more")
        return rendered

    monkeypatch.setattr(produce, "render_clip", exchanged)
    with pytest.raises(UploadRefusedError, match="was replaced or removed"):
        produced(storage, [job(file)], check_upload=check_upload)
    assert storage.stat("show/clips/clip_0.mp4") is None
    assert storage.stat(record_key("show/a.mp4", Aspect.portrait, 0)) is None


def test_an_upload_that_was_only_touched_is_the_same(storage: DirectoryStorage, file: Path) -> None:
    check_upload = UploadWatch(storage, "show/a.mp4", storage.fingerprint("show/a.mp4")).check
    os.utime(file, (0, 0))
    check_upload()
