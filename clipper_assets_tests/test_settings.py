from enum import Enum
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from clipper_assets.settings import Settings

PAGE = Path(__file__).parent.parent / "docs" / "settings.md"


def variable(name: str) -> str:
    """Name of the environment variable that sets a field."""
    alias = Settings.model_fields[name].validation_alias
    return str(alias) if alias else f"CLIPPER_{name.upper()}"


def rows() -> list[str]:
    """Rows of the settings table, one per field: `| variable | default | meaning |`."""
    table = []
    for name, field in Settings.model_fields.items():
        default = field.default.value if isinstance(field.default, Enum) else field.default
        shown = "" if default in (None, ()) else f"`{default}`"
        table.append(f"| `{variable(name)}` | {shown} | {field.description} |")
    return table


def test_the_settings_page_documents_every_setting() -> None:
    starts = tuple(f"| `{variable(name)}` |" for name in Settings.model_fields)
    documented = [line for line in PAGE.read_text().splitlines() if line.startswith(("| `CLIPPER_", *starts))]
    assert documented == rows(), "the table in docs/settings.md should be:\n" + "\n".join(rows())


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_has_a_description_that_fits_in_a_table_cell(name: str) -> None:
    description = Settings.model_fields[name].description
    assert description
    assert "|" not in description


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIPPER_STORAGE", "s3://bucket")
    monkeypatch.setenv("CLIPPER_WINDOW_MIN_S", "20.5")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1/v1")
    settings = Settings()
    assert (settings.storage, settings.window_min_s) == ("s3://bucket", 20.5)
    assert settings.openai_base_url == "http://127.0.0.1/v1"
    assert settings.openai_api_key == SecretStr("sk-secret")


def test_secrets_are_masked_when_settings_are_printed_or_dumped(monkeypatch: pytest.MonkeyPatch) -> None:
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
        ("CLIPPER_UPLOAD_QUEUE", "https://sqs.eu-central-1.amazonaws.com/1/uploads"),
        ("CLIPPER_WINDOW_MAX_S", "inf"),
        ("CLIPPER_API_WAIT_MAX_S", "inf"),
    ],
)
def test_invalid_values_are_rejected(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError):
        Settings()


@pytest.mark.parametrize(
    "url",
    ["https://me:geheim@sqs.eu-central-1.amazonaws.com/1/q", "arn:aws:sqs:eu:1:geheim", "geheim", "https://geheim"],
)
def test_a_queue_is_named_by_its_url_and_an_error_does_not_repeat_it(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("CLIPPER_STORAGE", "s3://bucket")
    monkeypatch.setenv("CLIPPER_UPLOAD_QUEUE", url)
    with pytest.raises(ValidationError, match="CLIPPER_UPLOAD_QUEUE is not the URL of a queue") as caught:
        Settings()
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "parts"), [("0,1", ("0", "1")), (" GPU-a , GPU-b,", ("GPU-a", "GPU-b")), ("", ()), (",", ())]
)
def test_lists_are_read_from_comma_separated_text(
    text: str, parts: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CLIPPER_GPUS", "CLIPPER_WEBHOOK_URLS", "CLIPPER_API_CORS_ORIGINS", "AUTH_TOKEN"):
        monkeypatch.setenv(name, text)
    settings = Settings()
    assert settings.gpus == settings.webhook_urls == settings.api_cors_origins == parts
    assert settings.auth_token == tuple(SecretStr(part) for part in parts)
    assert not parts or parts[0] not in repr(settings.auth_token)


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "HF_TOKEN", "CLIPPER_WEBHOOK_SECRET"])
def test_an_empty_secret_is_treated_as_unset(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "")
    settings = Settings()
    assert {settings.openai_api_key, settings.hf_token, settings.webhook_secret} == {None}
