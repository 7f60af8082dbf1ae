import pytest
from fastapi.testclient import TestClient

from clipper_assets.api.deps import Services
from clipper_assets_tests.api.conftest import KEY


@pytest.mark.parametrize(
    ("text", "owner"),
    [
        ('owner = "team:morning show"', "team:morning show"),
        ('owner = "anna@example.org"', "anna@example.org"),
        ("tighten = true", None),
        ('owner = "nobody"', None),
        (None, None),
    ],
)
def test_an_episode_has_the_owner_of_its_show(
    services: Services, reader: TestClient, text: str | None, owner: str | None
) -> None:
    """Also of a show.toml that was written after the run."""
    if text is not None:
        services.storage.put_bytes("show/show.toml", text.encode())
    assert reader.get(f"/episodes/{KEY}").json()["owner"] == owner
    services.storage.delete("show/show.toml")
