"""What the README tells analysts to run, run on a real lake."""

import re
import shutil
from pathlib import Path

import dagster as dg
import duckdb
import pandas as pd
import pytest

from clipper_assets.episodes.storage import DirectoryStorage
from clipper_assets_tests.conftest import clip_episode

README = (Path(__file__).parent.parent / "README.md").read_text()


@pytest.mark.usefixtures("short_windows")
def test_the_analysts_queries(
    cut: Path, tmp_path: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = tmp_path / "data" / "show, part 1" / "cut.mp4"
    upload.parent.mkdir(parents=True)
    shutil.copy(cut, upload)
    shutil.copy(cut.with_suffix(".srt"), upload.with_suffix(".srt"))
    _, result = clip_episode(DirectoryStorage(root=str(tmp_path / "data")), "show, part 1/cut.mp4", instance)
    assert result.success
    monkeypatch.chdir(tmp_path)

    (query,) = re.findall(r"```sql\n(.*?)```", README, re.DOTALL)
    ((episode, words, words_per_minute),) = duckdb.connect().execute(query).fetchall()
    (folder,) = re.findall(r'pandas\.read_parquet\("(.*?)"\)', README)
    table = pd.read_parquet(folder)

    assert episode == "show%2C part 1/cut.mp4"
    assert words == len(table) > 10
    assert 60 < words_per_minute < 300
    assert set(table["episode"]) == {episode}
