import resource

import pytest

from clipper_assets.api.descriptors import MOST_FILES, most_connections, most_pending, raise_limit

NO_LIMIT = resource.RLIM_INFINITY


@pytest.mark.parametrize(
    ("soft", "hard", "expected"),
    [
        (1024, 20000, 20000),
        (1024, 1048576, MOST_FILES),
        (1024, NO_LIMIT, MOST_FILES),
        (512, 512, 512),
        (100000, 1048576, 100000),
        (NO_LIMIT, NO_LIMIT, NO_LIMIT),
    ],
)
def test_the_limit_on_open_files_is_raised_and_never_lowered(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, expected: int
) -> None:
    limit = [(soft, hard)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: limit[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _, pair: limit.append(pair))
    raise_limit()
    assert limit[-1] == (expected, hard)
    assert 0 < most_pending() * 4 <= most_connections() < (MOST_FILES if expected == NO_LIMIT else expected)
