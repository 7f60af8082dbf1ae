import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clipper_assets.clips import produce
from clipper_assets.clips.looks import Rendition
from clipper_assets.clips.manifest import Clip
from clipper_assets.clips.produce import Produced, produce_clips
from clipper_assets.clips.records import record_key
from clipper_assets.clips.rendering.encoders import NVENC, Encoder
from clipper_assets.clips.rendering.render import render_clip
from clipper_assets.edits.model import Decision, Review, StoredDecision
from clipper_assets.episodes.watch import UploadWatch
from clipper_assets.media.ffmpeg import FfmpegError
from clipper_assets.media.frame import FRAMES, Aspect
from clipper_assets.runtime.errors import UploadRefusedError
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.clips.card_clip import job, produced, uploaded
from clipper_assets_tests.clips.gates.limits import limits_of
from clipper_assets_tests.support.media import source_of

pytestmark = pytest.mark.episodes


@pytest.fixture
def file(storage: DirectoryStorage) -> Path:
    return uploaded(storage)


def modification_times(storage: DirectoryStorage, clips: list[Clip]) -> dict[str, int]:
    return {key: (Path(storage.root) / key).stat().st_mtime_ns for clip in clips for key in clip.keys}


def test_only_changed_clips_are_rendered_again(storage: DirectoryStorage, file: Path) -> None:
    first = produced(storage, [job(file, 0), job(file, 1, start_s=2.0)])
    assert [clip.clip_index for clip in first.clips] == [0, 1]
    assert first.rendered == 2
    before = modification_times(storage, first.clips)
    again = produced(storage, [job(file, 0), job(file, 1, start_s=2.0)])
    assert again == Produced(first.clips, 0)
    assert modification_times(storage, again.clips) == before
    changed = produced(storage, [job(file, 0), job(file, 1, start_s=2.0, text="one 2")])
    assert (changed.rendered, changed.clips[0]) == (1, first.clips[0])
    assert changed.clips[1].spec != first.clips[1].spec
    assert modification_times(storage, changed.clips[:1]).items() <= before.items()
    assert not modification_times(storage, changed.clips[1:]).items() & before.items()


def test_the_record_describes_the_published_file(storage: DirectoryStorage, file: Path) -> None:
    (clip,) = produced(storage, [job(file, frame=FRAMES[Aspect.portrait])]).clips
    video = storage.read_bytes(clip.key)
    assert (clip.bytes, clip.sha256) == (len(video), hashlib.sha256(video).hexdigest())
    recorded = Clip.model_validate_json(storage.read_bytes(record_key("show/a.mp4", Rendition(Aspect.portrait), 0)))
    assert recorded.model_copy(update={"gates": clip.gates}) == clip
    assert (clip.width, clip.height, clip.fps, clip.duration) == (1080, 1920, 25.0, 2.0)
    assert clip.url == storage.uri("show/clips/clip_0.mp4")


def test_a_new_hook_score_or_fallback_does_not_render_the_clip_again(storage: DirectoryStorage, file: Path) -> None:
    old = job(file)
    produced(storage, [old])
    fallback = {"step": "highlight_windows", "reason": "no key"}
    window = replace(old.window, hook="new", virality_score=9.0, degraded=[fallback])
    again = produced(storage, [produce.Job(old.plan, window, old.encoder)])
    assert again.rendered == 0
    assert (again.clips[0].hook, again.clips[0].virality_score, again.clips[0].degraded) == ("new", 9.0, [fallback])


def test_changed_limits_do_not_render_the_clip_again(storage: DirectoryStorage, file: Path) -> None:
    large = job(file, frame=FRAMES[Aspect.portrait])
    (clip,) = produced(storage, [large], limits_of(blocking=["bytes"])).clips
    assert clip.publishable
    again = produced(storage, [large], limits_of(blocking=["bytes"], bytes=1))
    assert again.rendered == 0
    (held_back,) = again.clips
    assert not held_back.publishable
    assert held_back.blocked_by == ["has a file size of 1 MB"]


def test_new_speaker_and_word_data_can_hold_back_an_unchanged_clip(storage: DirectoryStorage, file: Path) -> None:
    limits = limits_of(blocking=["speaker", "alone", "whole_words"])
    shows_speaker = replace(job(file), speaker_share=1.0, alone_share=1.0)
    assert produced(storage, [shows_speaker], limits).clips[0].publishable
    changed = replace(shows_speaker, speaker_share=0.5, alone_share=0.4, spoken=[(-0.5, 0.5)])
    again = produced(storage, [changed], limits)
    assert again.rendered == 0
    assert again.clips[0].blocked_by == [
        "shows the current speaker only 50% of the time",
        "shows other people besides the wanted ones 60% of the time",
        "cuts 0.50 s into a word at its start or end",
    ]


def test_marking_and_unmarking_an_advert_changes_the_verdict_of_an_unchanged_clip(
    storage: DirectoryStorage, file: Path
) -> None:
    limits = limits_of(blocking=["advert"])
    made = [produced(storage, [replace(job(file), advert_s=seconds)], limits) for seconds in (0.0, 12.04, 0.0)]
    assert [each.rendered for each in made] == [1, 0, 0]
    assert [each.clips[0].blocked_by for each in made] == [[], ["shows 12.0 s of an advert"], []]


def test_a_nul_in_a_caption_holds_the_clip_back(storage: DirectoryStorage, file: Path) -> None:
    limits = limits_of(blocking=["captions_missing"])
    assert produced(storage, [job(file, text="one two three")], limits).clips[0].publishable
    (held_back,) = produced(storage, [job(file, text="one t\0wo three")], limits).clips
    assert held_back.blocked_by == ["is missing 2 of its planned captions"]


def test_a_clip_with_a_missing_sidecar_is_rendered_again(storage: DirectoryStorage, file: Path) -> None:
    (clip,) = produced(storage, [job(file)]).clips
    storage.delete(clip.captions.vtt)
    assert produced(storage, [job(file)]).rendered == 1
    assert storage.exists(clip.captions.vtt)


def test_changing_the_encoder_keeps_the_file_and_its_approval(storage: DirectoryStorage, file: Path) -> None:
    (clip,) = produced(storage, [job(file)]).clips
    approved = StoredDecision(decision=Decision.approved, sha256=clip.sha256)
    again = produced(storage, [replace(job(file), encoder=NVENC, judged=approved)])
    assert again.rendered == 0
    assert again.clips[0].review == Review(decision=Decision.approved, current=True)


def test_libx264_replaces_a_hardware_encoder_whose_file_fails_a_gate(storage: DirectoryStorage, file: Path) -> None:
    wrong_pixels = Encoder("libx264rgb", (("preset", "ultrafast"), ("profile:v:0", "high444")))
    (clip,) = produced(storage, [replace(job(file), encoder=wrong_pixels)]).clips
    assert clip.figures.pixel_format == "yuv420p"
    assert [fallback["reason"] for fallback in clip.degraded] == [
        "the file of libx264rgb is h264 gbrp, aac 48000 Hz 2 channels instead of h264 yuv420p, aac 48000 Hz 2 channels,"
        " so libx264 was used"
    ]


@pytest.mark.parametrize(("decision", "still_applies"), [(Decision.rejected, True), (Decision.approved, False)])
def test_a_rejection_applies_to_the_next_rendering_and_an_approval_does_not(
    storage: DirectoryStorage, file: Path, decision: Decision, still_applies: bool
) -> None:
    (clip,) = produced(storage, [job(file)]).clips
    judged = StoredDecision(decision=decision, sha256=clip.sha256)
    (changed,) = produced(storage, [replace(job(file, text="one 2"), judged=judged)]).clips
    assert changed.review == Review(decision=decision, current=still_applies)
    assert ("rejected by a person" in changed.blocked_by) is (decision is Decision.rejected)


def test_a_clip_in_another_folder_is_not_reused(storage: DirectoryStorage, file: Path) -> None:
    produced(storage, [job(file)])
    in_other_folder = produce_clips(
        [job(file)],
        replace(source_of(file), key="show/a.mp4", episode="show/a.mp4"),
        storage,
        "show/clips/a",
        rendition=Rendition(Aspect.portrait),
        limits=limits_of(),
        workers=1,
        report=lambda _: None,
        log=lambda _: None,
        check_upload=lambda: None,
    )
    assert in_other_folder.rendered == 1
    assert in_other_folder.clips[0].key == "show/clips/a/clip_0.mp4"


def impossible(file: Path, index: int) -> produce.Job:
    """A job that no encoder can do."""
    return job(file, index, start_s=2.0, frame=replace(FRAMES[Aspect.portrait], width_px=1))


def test_a_failed_clip_leaves_no_files_and_does_not_affect_the_others(storage: DirectoryStorage, file: Path) -> None:
    (finished,) = produced(storage, [job(file)]).clips
    before = modification_times(storage, [finished])
    again = produced(storage, [job(file), impossible(file, 1), job(file, 2)])
    assert [clip.clip_index for clip in again.clips] == [0, 2]
    assert (again.rendered, list(again.failed)) == (1, [1])
    assert again.failed[1].startswith("ffmpeg exited with code ")
    assert modification_times(storage, [finished]) == before
    assert not list((file.parent / "clips").glob("clip_1.*"))


def test_a_run_whose_clips_all_fail_fails(storage: DirectoryStorage, file: Path) -> None:
    with pytest.raises(FfmpegError):
        produced(storage, [impossible(file, 0), impossible(file, 1)])


def test_an_upload_that_was_replaced_is_not_reported_as_a_failed_clip(storage: DirectoryStorage, file: Path) -> None:
    check_upload = UploadWatch(storage, "show/a.mp4", storage.fingerprint("show/a.mp4")).check
    jobs = [job(file), impossible(file, 1)]
    file.write_bytes(file.read_bytes() + b"more")
    with pytest.raises(UploadRefusedError, match="was replaced or removed"):
        produced(storage, jobs, check_upload=check_upload)


def test_the_record_is_deleted_before_its_files_are_replaced(
    storage: DirectoryStorage, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    produced(storage, [job(file)])
    put_file = DirectoryStorage.put_file

    def put_file_until_disk_is_full(storage: DirectoryStorage, key: str, local: Path) -> None:
        if key.endswith(".srt"):
            raise OSError("no space left on device")
        put_file(storage, key, local)

    monkeypatch.setattr(DirectoryStorage, "put_file", put_file_until_disk_is_full)
    with pytest.raises(OSError, match="no space left"):
        produced(storage, [job(file, text="one 2")])
    assert not storage.exists(record_key("show/a.mp4", Rendition(Aspect.portrait), 0))


def test_an_interrupted_run_stops_rendering(storage: DirectoryStorage, file: Path) -> None:
    def stop(share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        produce_clips(
            [job(file)], source_of(file), DirectoryStorage(root=str(file.parent)), "clips",
            rendition=Rendition(Aspect.portrait), limits=limits_of(), workers=1, report=stop, log=lambda _: None,
            check_upload=lambda: None,
        )  # fmt: skip
    assert not (file.parent / "clips").exists()


def test_a_clip_is_not_published_if_its_upload_changed_during_rendering(
    storage: DirectoryStorage, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_upload = UploadWatch(storage, "show/a.mp4", storage.fingerprint("show/a.mp4")).check
    original = file.read_bytes()

    def render_and_replace_upload(*arguments: Any, **options: Any) -> Any:
        rendered = render_clip(*arguments, **options)
        file.write_bytes(original + b"more")
        return rendered

    monkeypatch.setattr(produce, "render_clip", render_and_replace_upload)
    with pytest.raises(UploadRefusedError, match="was replaced or removed"):
        produced(storage, [job(file)], check_upload=check_upload)
    assert storage.stat("show/clips/clip_0.mp4") is None
    assert storage.stat(record_key("show/a.mp4", Rendition(Aspect.portrait), 0)) is None


def test_a_new_modification_time_alone_does_not_change_an_upload(storage: DirectoryStorage, file: Path) -> None:
    check_upload = UploadWatch(storage, "show/a.mp4", storage.fingerprint("show/a.mp4")).check
    os.utime(file, (0, 0))
    check_upload()
