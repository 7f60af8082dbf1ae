from enum import Enum
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from clipper_assets.settings import Settings

PAGE = Path(__file__).parent.parent / "docs" / "settings.md"


def variable(name: str) -> str:
    """The environment variable that sets a field."""
    alias = Settings.model_fields[name].validation_alias
    return str(alias) if alias else f"CLIPPER_{name.upper()}"


def rows() -> list[str]:
    """The table of settings, a row for each field: `| variable | default | meaning |`."""
    table = []
    for name, field in Settings.model_fields.items():
        default = field.default.value if isinstance(field.default, Enum) else field.default
        shown = "" if default in (None, ()) else f"`{default}`"
        table.append(f"| `{variable(name)}` | {shown} | {field.description} |")
    return table


def test_the_settings_page_has_the_table_of_all_settings() -> None:
    starts = tuple(f"| `{variable(name)}` |" for name in Settings.model_fields)
    found = [line for line in PAGE.read_text().splitlines() if line.startswith(("| `CLIPPER_", *starts))]
    assert found == rows(), "the table in docs/settings.md should be:\n" + "\n".join(rows())


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_says_what_it_is(name: str) -> None:
    description = Settings.model_fields[name].description
    assert description
    assert "|" not in description


def test_the_environment_sets_what_its_variable_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIPPER_STORAGE", "s3://bucket")
    monkeypatch.setenv("CLIPPER_WINDOW_MIN_S", "20.5")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1/v1")
    settings = Settings()
    assert (settings.storage, settings.window_min_s) == ("s3://bucket", 20.5)
    assert settings.openai_base_url == "http://127.0.0.1/v1"
    assert settings.openai_api_key == SecretStr("sk-secret")


def test_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    assert "sk-secret" not in f"{Settings()!r} {Settings()} {Settings().model_dump_json()}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CLIPPER_WINDOW_MIN_S", "0"),
        ("CLIPPER_WINDOW_MAX_S", "44"),
        ("CLIPPER_TRANSCRIPT_ENGINE", "ear"),
        ("CLIPPER_RENDER_WORKERS", "0"),
        ("CLIPPER_URL_EXPIRY_S", "1"),
        ("CLIPPER_SENSOR_INTERVAL_S", "0"),
        ("CLIPPER_WINDOW_MAX_S", "inf"),
        ("CLIPPER_API_WAIT_MAX_S", "inf"),
    ],
)
def test_what_cannot_be_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError):
        Settings()


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().storage = "elsewhere"  # type: ignore[misc]  # what mypy says as well


@pytest.mark.parametrize(
    ("text", "parts"), [("0,1", ("0", "1")), (" GPU-a , GPU-b,", ("GPU-a", "GPU-b")), ("", ()), (",", ())]
)
def test_lists_are_written_with_commas(text: str, parts: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CLIPPER_GPUS", "CLIPPER_WEBHOOK_URLS", "CLIPPER_API_CORS_ORIGINS", "AUTH_TOKEN"):
        monkeypatch.setenv(name, text)
    settings = Settings()
    assert settings.gpus == settings.webhook_urls == settings.api_cors_origins == parts
    assert settings.auth_token == tuple(SecretStr(part) for part in parts)
    assert not parts or parts[0] not in repr(settings.auth_token)


def test_lists_are_empty_by_default_and_gpus_are_all() -> None:
    settings = Settings()
    assert (settings.gpus, settings.webhook_urls, settings.api_cors_origins, settings.auth_token) == (None, (), (), ())


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "HF_TOKEN", "CLIPPER_WEBHOOK_SECRET"])
def test_an_empty_secret_is_none(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "")
    settings = Settings()
    assert {settings.openai_api_key, settings.hf_token, settings.webhook_secret} == {None}
