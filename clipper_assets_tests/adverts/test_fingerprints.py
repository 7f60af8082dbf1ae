import numpy as np
import pytest
from numpy.typing import NDArray

from clipper_assets.adverts import fingerprints
from clipper_assets.adverts.fingerprints import fingerprint_key, load_others, save_fingerprint
from clipper_assets.storage.base import Storage

EPISODE = "test1/talk.mp4"


def hashes(*values: int) -> NDArray[np.uint32]:
    return np.array(values, dtype=np.uint32)


def test_an_episode_reads_the_others_of_its_folder_and_not_itself(any_storage: Storage) -> None:
    save_fingerprint(any_storage, EPISODE, hashes(1))
    save_fingerprint(any_storage, "test1/two.mp4", hashes(5, 3, 5))
    save_fingerprint(any_storage, "test1/more/three.mp4", hashes(7))
    save_fingerprint(any_storage, "test2/talk.mp4", hashes(9))
    others = load_others(any_storage, EPISODE)
    assert [each.tolist() for each in others.shingles] == [[3, 5]]
    assert others.degraded == []
    assert load_others(any_storage, "alone.mp4").shingles == []


def test_only_the_newest_episodes_are_read(any_storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprints, "MOST_EPISODES", 3)
    for number in range(6):
        save_fingerprint(any_storage, f"test1/{number}.mp4", hashes(number))
    assert len(load_others(any_storage, EPISODE).shingles) == 3


@pytest.mark.parametrize(
    "content",
    [b"", b"shng", b"shng\0\0\0\0\1\0\0\0", b"PAR1\0\0\0\0", bytes(2_000_000)],
    ids=["empty", "cut off", "wrong checksum", "another file", "too large"],
)
def test_a_damaged_fingerprint_is_a_warning_that_names_it(any_storage: Storage, content: bytes) -> None:
    save_fingerprint(any_storage, "test1/good.mp4", hashes(1))
    any_storage.put_bytes(fingerprint_key("test1/bad.mp4"), content)
    others = load_others(any_storage, EPISODE)
    assert len(others.shingles) == 1
    (warning,) = others.degraded
    assert warning.reason == (
        "the fingerprint lake/ad_fingerprints/show=test1/episode=test1%2Fbad.mp4.bin is damaged, so adverts were not "
        "compared with that episode; materialize ad_spans of it with `afresh: true`"
    )


def test_a_fingerprint_is_bounded(any_storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprints, "MOST_SHINGLES", 10)
    save_fingerprint(any_storage, "test1/long.mp4", np.arange(1000, dtype=np.uint32))
    (other,) = load_others(any_storage, EPISODE).shingles
    assert other.tolist() == list(range(10))
