"""`clipper process` on the command line. Which results it reuses is tested in test_local.py."""

import re
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pytest
from click.testing import CliRunner, Result

from clipper_assets import cli
from clipper_assets.cli import process
from clipper_assets.clips.manifest import CLIPS
from clipper_assets.media.ffmpeg import binary
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets.storage.s3 import S3Storage


@pytest.fixture(autouse=True)
def _working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, short_windows: None) -> Iterator[None]:
    """A separate working folder, with the storage in `data` and a Dagster home next to it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    yield
    binary.cache_clear()


def clipper(*arguments: str) -> Result:
    return CliRunner().invoke(cli.main, arguments)


def sentence(*arguments: str) -> str:
    """Runs `clipper`, which must fail with exit code 1; returns the one sentence that it prints."""
    result = clipper(*arguments)
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
    (line,) = [line for line in result.output.splitlines() if line.startswith("clipper: ")]
    return line.removeprefix("clipper: ")


@pytest.mark.episodes
def test_a_file_becomes_clips_whose_paths_are_printed(cut: Path) -> None:
    result = clipper("process", str(cut), "--max-clips", "1")
    assert result.exit_code == 0, result.output
    (path,) = [Path(match) for match in re.findall(r"\S+clip_\d+\.mp4", result.output)]
    assert path == Path("data/cut/clips/clip_0.mp4").resolve()
    assert path.is_file()
    assert f"1 clips in {path.parent}, described in manifest.json" in result.output
    assert (path.parent / "manifest.json").is_file()
    assert Path("data/cut/cut.srt").is_file()
    assert "WARN: highlight_windows_not_degraded" in result.output
    dollars = r"(less than )?\$0\.\d{4}"
    assert re.search(rf"\nThis run cost {dollars}, the episode so far {dollars}\n", result.output)

    again = clipper("process", str(cut), "--max-clips", "1")
    assert again.exit_code == 0, again.output
    assert "unchanged, kept: raw_video, aligned_transcript, ad_spans, chapters, highlight_windows" in again.output
    assert str(path) in again.output


@pytest.mark.episodes
def test_clips_in_s3_are_named_by_their_uri(cut: Path, s3_storage: S3Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIPPER_STORAGE", f"s3://{s3_storage.bucket}/team/podcasts")
    result = clipper("process", str(cut), "--max-clips", "1", "--caption-style", "boxed")
    assert result.exit_code == 0, result.output
    assert f"s3://{s3_storage.bucket}/team/podcasts/cut/clips/clip_0.mp4" in result.output
    assert s3_storage.exists("cut/clips/clip_0.mp4")
    assert "X-Amz" not in result.output
    assert "a-secret-access-key" not in result.output


def test_an_episode_without_clips_is_reported_in_one_sentence(
    storage: DirectoryStorage, capsys: pytest.CaptureFixture[str]
) -> None:
    @dg.asset
    def rendered_clips() -> pa.Table:
        return CLIPS.table([])

    with dg.DagsterInstance.ephemeral() as instance:
        process._print_clips(storage, dg.materialize([rendered_clips], instance=instance))
    assert capsys.readouterr().out == "No usable speech found, so no clips were made.\n"


def test_a_missing_file_is_reported() -> None:
    expected = "nowhere.mp4 is neither a file nor an upload below the storage root; check the name"
    assert sentence("process", "nowhere.mp4") == expected


def test_a_text_file_named_like_a_video_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("hello\n" * 100)
    assert sentence("process", "text.mp4").startswith("text.mp4 is not a media file that can be read")
    assert not (tmp_path / "data").exists()


def test_a_text_in_the_storage_named_like_a_video_is_refused(tmp_path: Path) -> None:
    DirectoryStorage(root=str(tmp_path / "data")).put_bytes("a/text.mp4", b"hello\n" * 100)
    assert sentence("process", "a/text.mp4").startswith("a/text.mp4 is not a media file that can be read")


@pytest.mark.parametrize("arguments", [["../nowhere.mp4"], ["a//b.mp4"], ["{cut}", "--key", "../cut.mp4"]])
def test_a_key_outside_the_storage_is_refused(cut: Path, arguments: list[str]) -> None:
    formatted = [argument.format(cut=cut) for argument in arguments]
    assert "does not lie inside the storage root" in sentence("process", *formatted)


def test_a_wrong_limit_of_the_show_is_refused_before_anything_runs(cut: Path) -> None:
    Path("data/cut").mkdir(parents=True)
    Path("data/cut/show.toml").write_text("[gates]\nblack_s = -1\n")
    assert (
        sentence("process", str(cut)) == "cut/show.toml: gates.black_s is -1; it should be greater than or equal to 0"
    )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--length", "medium"], "length is 'medium'; it should be short, standard, long, or two numbers of seconds"),
        (["--range", "45:00-12:30"], "range is '45:00-12:30'; it should be two times"),
        (["--topics", "x" * 501], "topics have 501 characters"),
    ],
)
def test_a_wrong_option_of_the_clips_is_refused_before_anything_runs(
    cut: Path, options: list[str], expected: str
) -> None:
    assert sentence("process", str(cut), *options).startswith(expected)


@pytest.mark.parametrize("name", ["x" * 300, "a/" * 100 + "x.mp4"])
def test_a_name_that_is_too_long_is_refused(name: str) -> None:
    sentence("process", name)


def test_a_key_that_is_too_long_is_refused(cut: Path) -> None:
    assert "is too long for an episode" in sentence("process", str(cut), "--key", f"{'long/' * 60}cut.mp4")


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("CLIPPER_STORAGE", "ftp://host/x", "CLIPPER_STORAGE is 'ftp://host/x'; it must be a directory or s3://"),
        ("CLIPPER_WINDOW_MIN_S", "50", "CLIPPER_WINDOW_MAX_S (6) must be at least 1.5 x CLIPPER_WINDOW_MIN_S (50)"),
        ("CLIPPER_WINDOW_MIN_S", "short", "CLIPPER_WINDOW_MIN_S: it should be a valid number"),
        ("CLIPPER_PICKER", "me", "CLIPPER_PICKER: it should be 'auto', 'openai' or 'heuristic'"),
        (
            "CLIPPER_TRANSCRIPT_ENGINE",
            "pocketsphinx",
            "CLIPPER_TRANSCRIPT_ENGINE: PocketSphinx is not an engine",
        ),
        ("CLIPPER_FFMPEG", "/nonexistent", "CLIPPER_FFMPEG is '/nonexistent', which is not a program"),
        ("DAGSTER_HOME", "/nonexistent", '$DAGSTER_HOME "/nonexistent" is not a directory'),
    ],
)
def test_an_invalid_setting_is_reported_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, cut: Path, variable: str, value: str, expected: str
) -> None:
    binary.cache_clear()
    monkeypatch.setenv(variable, value)
    assert sentence("process", str(cut)).startswith(expected)


def test_a_missing_bucket_is_named(s3_storage: S3Storage, monkeypatch: pytest.MonkeyPatch, cut: Path) -> None:
    s3_storage.client.delete_bucket(Bucket=s3_storage.bucket)
    monkeypatch.setenv("CLIPPER_STORAGE", f"s3://{s3_storage.bucket}")
    message = sentence("process", str(cut))
    assert s3_storage.bucket in message
    assert "bucket" in message.lower()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--caption-style", "comic"],
        ["--layout", "upside-down"],
        ["--engine", "ear"],
        ["--picker", "me"],
        ["--max-clips", "0"],
    ],
)
def test_an_unknown_choice_is_a_usage_error(arguments: list[str]) -> None:
    result = clipper("process", "a.mp4", *arguments)
    assert result.exit_code == 2
    assert f"Invalid value for '{arguments[0]}'" in result.output
