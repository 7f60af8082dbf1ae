from pathlib import Path

import dagster as dg
import pytest

from clipper_assets.storage.directory import DirectoryStorage
from clipper_assets_tests import conftest
from clipper_assets_tests.catalogue.copies import EPISODES, ORIGINAL, copy_episode


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, cut: Path) -> Path:
    """The root of a storage with all episodes, of which nothing differs."""
    root = tmp_path_factory.mktemp("catalogue")
    storage = DirectoryStorage(root=str(root))
    storage.put_file(ORIGINAL, cut)
    storage.put_file("test1/cut.srt", cut.with_suffix(".srt"))
    with pytest.MonkeyPatch.context() as environment:
        conftest.shorten_clips(environment)
        _, result = conftest.clip_episode(storage, ORIGINAL, dg.DagsterInstance.ephemeral())
        assert result.success
        for episode in EPISODES[1:]:
            copy_episode(storage, episode)
    return root
