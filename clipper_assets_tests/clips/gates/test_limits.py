from pathlib import Path

import pytest
from pydantic import Field, ValidationError

from clipper_assets.clips.checks import gate_checks, gate_results
from clipper_assets.clips.gates.figures import Figures
from clipper_assets.clips.gates.gate import Gate, Judgement, Positive, at_most
from clipper_assets.clips.gates.gates import GATES
from clipper_assets.clips.gates.verdicts import Limits, blocked_by, read_limits, verdicts
from clipper_assets.shows.show import load_show
from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests.clips.gates.test_verdicts import GOOD


def limits_in(storage: DirectoryStorage, text: str, gates: tuple[type[Gate], ...] = GATES) -> Limits:
    """The limits of a show whose `show.toml` is `text`."""
    (Path(storage.root) / "show.toml").write_text(text)
    return read_limits(load_show(storage, "a.mp4").gates, "show.toml", gates)


def test_a_show_overrides_only_the_limits_that_it_sets(storage: DirectoryStorage) -> None:
    limits = limits_in(storage, '[gates]\nfrozen_s = 30\nblocking = ["loudness", "sync"]\n')
    changed_gates = [gate for gate, default in zip(limits.gates, GATES, strict=True) if gate != default()]
    assert [(gate.name, gate.model_dump()) for gate in changed_gates] == [("frozen", {"frozen_s": 30})]
    assert limits.blocking == {"loudness", "sync"}


def test_all_gates_except_three_block_by_default(storage: DirectoryStorage) -> None:
    names = {gate.name for gate in GATES}
    assert limits_in(storage, "").blocking == names - {"reading_speed", "quiet_ends", "alone"}


@pytest.mark.parametrize("limit", sorted(limit for gate in GATES for limit in gate.model_fields))
def test_false_switches_a_limit_off_and_is_not_read_as_0(storage: DirectoryStorage, limit: str) -> None:
    limits = limits_in(storage, f"[gates]\n{limit} = false\n")
    (gate,) = [gate for gate in limits.gates if limit in type(gate).model_fields]
    assert getattr(gate, limit) is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("black = 1", "there is no field gates.black; there are blocking, duration_s, bytes, .*black_s"),
        ("black_s = -1", "gates.black_s is -1; it should be greater than or equal to 0"),
        ("frozen_s = true", "gates.frozen_s is true; it should be a number, or false for no limit"),
        ("bytes = true", "gates.bytes is true; it should be a number, or false for no limit"),
        ("blocking = true", "gates.blocking is true; it should be a valid "),
        ("frozen_s = inf", "gates.frozen_s is inf; it should be a finite number"),
        ("loudness_lufs = nan", "gates.loudness_lufs is nan; it should be a finite number"),
        ('blocking = ["sond"]', "gates.blocking.0 is 'sond'; it should be 'duration', "),
    ],
)
def test_an_invalid_limit_is_reported_with_file_and_field_in_one_sentence(
    storage: DirectoryStorage, text: str, sentence: str
) -> None:
    with pytest.raises(ValueError, match=rf"^show\.toml: {sentence}") as error:
        limits_in(storage, f"[gates]\n{text}\n")
    assert not isinstance(error.value, ValidationError)
    assert "\n" not in str(error.value)


class LongWindow(Gate):
    """A gate that exists only in this test."""

    name, check = "long_window", "clip_length"
    longest_s: Positive = Field(60.0, description="longest clip, in seconds")

    def judge(self, figures: Figures) -> Judgement:
        return at_most(figures.duration_s, self.longest_s, "s", f"lasts {figures.duration_s:.0f} s")


def test_adding_a_gate_takes_only_its_class(storage: DirectoryStorage) -> None:
    gates: tuple[type[Gate], ...] = (*GATES, LongWindow)
    limits = limits_in(storage, "[gates]\nlongest_s = 20\n", gates)
    results = verdicts(GOOD, limits)
    assert blocked_by(results) == ["lasts 30 s"]
    assert blocked_by(verdicts(GOOD, limits_in(storage, "[gates]\nlongest_s = false\n", gates))) == []
    assert gate_checks(gates)[-1].description == "Gates on each clip: long window."
    result = gate_results({0: results}, gates)[-1]
    assert (result.check_name, result.passed, result.description) == ("clip_length", False, "clip_0 lasts 30 s")
    with pytest.raises(ValueError, match=r"^show\.toml: there is no field gates\.longest_s; there are "):
        limits_in(storage, "[gates]\nlongest_s = 20\n")
