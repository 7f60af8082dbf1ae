"""New processes import no heavy libraries at startup; benchmarks/starting.py measures the startup times."""

import json
import subprocess
import sys

import pytest

HEAVY = {
    "av",
    "boto3",
    "ctranslate2",
    "cv2",
    "dagster_aws",
    "fastapi",
    "faster_whisper",
    "fontTools",
    "httpx",
    "matplotlib",
    "num2words",
    "onnxruntime",
    "openai",
    "pandas",
    "pocketsphinx",
    "pysubs2",
    "requests",
    "sentencex",
    "sqlalchemy",
    "structlog",
    "torch",
    "uharfbuzz",
    "whisperx",
}
DAGSTER = {"dagster", "numpy", "pyarrow", "pydantic", "rich"}


def imported_by(code: str) -> set[str]:
    """The top-level modules that a new interpreter has imported after running `code`."""
    result = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport json, sys\nprint(json.dumps(list(sys.modules)))"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return {name.partition(".")[0] for name in json.loads(result.stdout.splitlines()[-1])}


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        pytest.param("import clipper_assets.definitions", HEAVY, id="definitions"),
        pytest.param("import clipper_assets.episodes.probe_subprocess", HEAVY | DAGSTER, id="probe"),
        pytest.param(
            "from clipper_assets.cli import main\nmain(['--help'], standalone_mode=False)", HEAVY | DAGSTER, id="help"
        ),
    ],
)
def test_a_process_starts_without_heavy_libraries(code: str, absent: set[str]) -> None:
    imported = imported_by(code)
    assert "clipper_assets" in imported
    assert not imported & absent
