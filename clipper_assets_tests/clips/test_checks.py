from pathlib import Path

import dagster as dg
import pytest

from clipper_assets.clips.checks import gate_checks, gate_results, gates_by_check, published
from clipper_assets.clips.gates.verdicts import verdicts
from clipper_assets.clips.manifest import Captions, Clip
from clipper_assets.media.frame import Aspect
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.clips.gates.limits import limits_of
from clipper_assets_tests.clips.gates.test_verdicts import GOOD

LATE_AND_FAST = {"late_speech_s": 0.5, "reading_speed_cps": 40.0}


@pytest.fixture
def clip(storage: DirectoryStorage) -> Clip:
    """A published clip, whose files have 1000 bytes each."""
    stem = "show/clips/clip_0"
    for suffix in ("mp4", "srt", "vtt", "jpg"):
        storage.put_bytes(f"{stem}.{suffix}", b"x" * 1000)
    return Clip(
        clip_index=0, start_time=0, end_time=30, duration=30, hook="h", title="t", reason="r", hashtags=[],
        virality_score=5, key=f"{stem}.mp4", url="file:///clip_0.mp4", width=1080, height=1920, fps=25, bytes=1000,
        sha256="0", loudness_lufs=-14, true_peak_dbtp=-1.5, captions=Captions(srt=f"{stem}.srt", vtt=f"{stem}.vtt"),
        thumbnail=f"{stem}.jpg", aspect=Aspect.portrait, layout="fit", caption_style="pop", encoder="libx264",
        degraded=[], spec="s", figures=GOOD,
    )  # fmt: skip


def test_the_check_passes_when_all_files_are_published(clip: Clip, storage: DirectoryStorage) -> None:
    result = published([clip], storage)
    assert result.passed
    assert result.description is None


@pytest.mark.parametrize("suffix", ["mp4", "srt", "vtt", "jpg"])
def test_a_deleted_file_fails_the_check(suffix: str, clip: Clip, storage: DirectoryStorage) -> None:
    key = clip.key.replace("mp4", suffix)
    storage.delete(key)
    result = published([clip], storage)
    assert not result.passed
    assert result.description == f"{key} is missing"


@pytest.mark.parametrize("share", [0.02, 0.5, 0.99])
def test_a_truncated_video_fails_the_check(share: float, clip: Clip, storage: DirectoryStorage) -> None:
    file = Path(storage.root) / clip.key
    file.write_bytes(file.read_bytes()[: int(clip.bytes * share)])
    result = published([clip], storage)
    assert result.description == f"{clip.key} has {file.stat().st_size} bytes instead of {clip.bytes}"


def test_each_check_reports_its_gates() -> None:
    assert gates_by_check() == {
        "clip_format": ["duration", "size", "bytes", "codec", "fps", "av_offset"],
        "clip_picture": ["black", "frozen", "blank"],
        "clip_loudness": ["loudness", "true_peak"],
        "clip_captions": ["safe_area", "reading_speed", "sync", "captions_missing", "glyphs", "letter_size"],
        "clip_speaker": ["speaker", "alone"],
        "clip_words": ["whole_words", "words_missing", "quiet_ends"],
        "clip_adverts": ["advert"],
    }
    assert [spec.name for spec in gate_checks()] == list(gates_by_check())
    assert not any(spec.blocking for spec in gate_checks())


def test_clips_that_pass_every_gate_pass_every_check() -> None:
    results = gate_results({0: verdicts(GOOD, limits_of()), 1: verdicts(GOOD, limits_of())})
    assert [result.check_name for result in results] == list(gates_by_check())
    assert all(result.passed and result.description is None for result in results)
    assert all(result.passed for result in gate_results({}))


@pytest.mark.parametrize(
    ("changes", "severity", "description"),
    [
        (
            LATE_AND_FAST,
            dg.AssetCheckSeverity.ERROR,
            "clip_1 has 40 characters of captions a second; clip_1 has speech 0.50 s after its captions",
        ),
        (
            {"reading_speed_cps": 40.0},
            dg.AssetCheckSeverity.WARN,
            "clip_1 has 40 characters of captions a second",
        ),
    ],
)
def test_a_failed_check_names_the_clips_and_has_the_worst_severity(
    changes: dict[str, float], severity: dg.AssetCheckSeverity, description: str
) -> None:
    verdicts_by_clip = {0: verdicts(GOOD, limits_of()), 1: verdicts(GOOD.model_copy(update=changes), limits_of())}
    failed = [result for result in gate_results(verdicts_by_clip) if not result.passed]
    assert [(result.check_name, result.severity, result.description) for result in failed] == [
        ("clip_captions", severity, description)
    ]


def test_figures_and_limits_of_every_clip_are_in_the_metadata() -> None:
    verdicts_by_clip = {
        0: verdicts(GOOD, limits_of()),
        1: verdicts(GOOD.model_copy(update={"loudness_lufs": None}), limits_of()),
    }
    (result,) = [result for result in gate_results(verdicts_by_clip) if result.check_name == "clip_loudness"]
    table = result.metadata["gates"]
    assert isinstance(table, dg.TableMetadataValue)
    rows = [tuple(record.data.values()) for record in table.records]
    assert rows == [
        (0, "loudness", True, "-14.0", "-14.0", "LUFS", True),
        (0, "true_peak", True, "-1.5", "-1.0", "dBTP", True),
        (1, "loudness", False, "not measurable", "-14.0", "LUFS", True),
        (1, "true_peak", True, "-1.5", "-1.0", "dBTP", True),
    ]
