"""Models from wheels, which real pip takes from a folder on this machine."""

import hashlib
import sys
import zipfile
from pathlib import Path

import pytest

from clipper_assets.models import wheels
from clipper_assets.models.fetch import FetchError, fetch
from clipper_assets.models.store import verify
from clipper_assets.models.table import HUB, MODELS, Kind, Member, Model, ModelFile, Wheel
from clipper_assets.runtime.progress import Report

NAME = "toy"
FIRST, SECOND, CONFIG = bytes(range(256)) * 900, bytes(range(256))[::-1] * 700, b'{"layers": 2}'
PART_1, PART_2 = Wheel("toy-part1", "1.0.0", 1000), Wheel("toy-part2", "1.0.0", 1000)


@pytest.fixture(autouse=True)
def _toy_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model of two files, one of them in two parts, and a pip that knows only the folder `index`."""
    (tmp_path / "index").mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    whole = FIRST + SECOND
    files = (
        ModelFile(
            hashlib.sha256(CONFIG).hexdigest(), len(CONFIG), f"{HUB}/toy/config.json",
            (Member(PART_1, "toy_part1/data/config.json"),), "config.json",
        ),
        ModelFile(
            hashlib.sha256(whole).hexdigest(), len(whole), f"{HUB}/toy/model.bin",
            (Member(PART_1, "toy_part1/data/model.1"), Member(PART_2, "toy_part2/data/model.2")), "model.bin",
        ),
    )  # fmt: skip
    monkeypatch.setitem(MODELS, NAME, Model(Kind.speech, "toy-model", "a toy", "MIT, nobody", files))


def wheel_of(tmp_path: Path, number: int, members: dict[str, bytes]) -> Path:
    """Write the wheel `toy-part<number>` with files below its `data` folder; importing it would raise."""
    package = f"toy_part{number}"
    wheel = tmp_path / "index" / f"{package}-1.0.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{package}/__init__.py", "raise SystemExit('executed')")
        for name, content in members.items():
            archive.writestr(f"{package}/data/{name}", content)
        info = f"{package}-1.0.0.dist-info"
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: toy-part{number}\nVersion: 1.0.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return wheel


def both_wheels(tmp_path: Path) -> tuple[Path, Path]:
    return wheel_of(tmp_path, 1, {"config.json": CONFIG, "model.1": FIRST}), wheel_of(tmp_path, 2, {"model.2": SECOND})


@pytest.fixture
def _no_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take wheels without pip, which needs a second for each, in tests of what is done with them."""

    def taken(wheel: Wheel, folder: Path, report: Report) -> Path:
        (file,) = (tmp_path / "index").glob(f"{wheel.package.replace('-', '_')}-*.whl")
        report(1.0)
        return file

    monkeypatch.setattr(wheels, "_downloaded", taken)


def refusal(tmp_path: Path) -> str:
    """Why the model cannot be fetched; it must leave neither the model file nor parts of it."""
    with pytest.raises(FetchError) as error:
        fetch(NAME, tmp_path / "models", lambda _: None)
    assert not [file for file in (tmp_path / "models").rglob("*") if file.name != "config.json" and file.is_file()]
    return error.value.reason


def test_a_model_in_two_wheels_is_joined_and_verified(tmp_path: Path) -> None:
    both_wheels(tmp_path)
    shares: list[float] = []
    folder = fetch(NAME, tmp_path / "models", shares.append)
    assert (folder / "model.bin").read_bytes() == FIRST + SECOND
    assert sorted(file.name for file in folder.iterdir()) == ["config.json", "model.bin"]
    assert verify(NAME, tmp_path / "models") == folder
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


@pytest.mark.usefixtures("_no_pip")
def test_an_intact_file_is_kept_and_a_damaged_one_replaced(tmp_path: Path) -> None:
    both_wheels(tmp_path)
    folder = fetch(NAME, tmp_path / "models", lambda _: None)
    kept = (folder / "model.bin").stat().st_ino
    (folder / "config.json").write_text("damaged")
    assert fetch(NAME, tmp_path / "models", lambda _: None) == folder
    assert ((folder / "config.json").read_bytes(), (folder / "model.bin").stat().st_ino) == (CONFIG, kept)


def test_a_missing_wheel_is_named_beside_the_hubs_reason(tmp_path: Path) -> None:
    wheel_of(tmp_path, 1, {"config.json": CONFIG, "model.1": FIRST})
    reason = refusal(tmp_path)
    assert reason.startswith("HF_HUB_OFFLINE is set; pip cannot download toy-part2==1.0.0: No matching distribution")


@pytest.mark.usefixtures("_no_pip")
def test_other_bytes_are_refused_with_the_checksum(tmp_path: Path) -> None:
    wheel_of(tmp_path, 1, {"config.json": CONFIG, "model.1": FIRST})
    wheel_of(tmp_path, 2, {"model.2": SECOND[::-1]})
    assert "toy-part1==1.0.0, toy-part2==1.0.0 gave 409600 bytes with SHA-256" in refusal(tmp_path)


@pytest.mark.usefixtures("_no_pip")
def test_a_member_that_unpacks_to_too_much_is_not_read_to_its_end(tmp_path: Path) -> None:
    wheel_of(tmp_path, 1, {"config.json": CONFIG, "model.1": FIRST})
    bomb = wheel_of(tmp_path, 2, {"model.2": bytes(200_000_000)})
    assert bomb.stat().st_size < 300_000
    assert "has more than the 409600 bytes of model.bin" in refusal(tmp_path)


@pytest.mark.usefixtures("_no_pip")
def test_a_wheel_without_the_file_is_named(tmp_path: Path) -> None:
    wheel_of(tmp_path, 1, {"config.json": CONFIG, "model.1": FIRST})
    wheel_of(tmp_path, 2, {"other": SECOND})
    assert "toy-part2==1.0.0 has no toy_part2/data/model.2" in refusal(tmp_path)


@pytest.mark.usefixtures("_no_pip")
def test_a_truncated_wheel_is_refused(tmp_path: Path) -> None:
    _, second = both_wheels(tmp_path)
    second.write_bytes(second.read_bytes()[:-200])
    assert "toy-part2==1.0.0" in refusal(tmp_path)


@pytest.mark.usefixtures("_no_pip")
def test_a_corrupted_wheel_is_refused(tmp_path: Path) -> None:
    _, second = both_wheels(tmp_path)
    content = bytearray(second.read_bytes())
    at = content.index(b"toy_part2/data/model.2") + 40
    content[at : at + 20] = bytes(20)
    second.write_bytes(content)
    assert "toy-part2==1.0.0 is damaged" in refusal(tmp_path)


@pytest.mark.usefixtures("_no_pip")
def test_a_read_only_target_is_named(tmp_path: Path) -> None:
    both_wheels(tmp_path)
    (tmp_path / "models").write_text("a file where the folder would be")
    with pytest.raises(FetchError, match=r"models/toy-model cannot be written .*; make that folder writable"):
        fetch(NAME, tmp_path / "models", lambda _: None)


def test_a_folder_named_pip_where_the_command_runs_is_harmless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both_wheels(tmp_path)
    (tmp_path / "pip").mkdir()
    (tmp_path / "pip" / "__main__.py").write_text("raise SystemExit('run')")
    monkeypatch.chdir(tmp_path)
    assert fetch(NAME, tmp_path / "models", lambda _: None).is_dir()


def test_a_python_without_pip_is_told_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheels, "find_spec", lambda _: None)
    assert f"run `{sys.executable} -m ensurepip`" in refusal(tmp_path)


def test_an_index_that_sends_nothing_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both_wheels(tmp_path)
    monkeypatch.setattr(wheels, "STALL_S", 0.0)
    assert "pip received nothing of toy-part1==1.0.0 for 0 s" in refusal(tmp_path)
