import pytest

from clipper_assets.text.languages import iso_language

WHISPER_NAMES = """
english chinese german spanish russian korean french japanese portuguese turkish polish catalan dutch arabic swedish
italian indonesian hindi finnish vietnamese hebrew ukrainian greek malay czech romanian danish hungarian tamil norwegian
thai urdu croatian bulgarian lithuanian latin maori malayalam welsh slovak telugu persian latvian bengali serbian
azerbaijani slovenian kannada estonian macedonian breton basque icelandic armenian nepali mongolian bosnian kazakh
albanian swahili galician marathi punjabi sinhala khmer shona yoruba somali afrikaans occitan georgian belarusian tajik
sindhi gujarati amharic yiddish lao uzbek faroese pashto turkmen nynorsk maltese sanskrit luxembourgish myanmar tibetan
tagalog malagasy assamese tatar hawaiian lingala hausa bashkir javanese sundanese cantonese burmese valencian flemish
haitian letzeburgesch pushto panjabi moldavian moldovan sinhalese castilian mandarin
"""


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("en", "en"),
        ("EN-us", "en"),
        ("en_US.UTF-8", "en"),
        ("eng", "en"),
        ("ger", "de"),
        ("deu", "de"),
        ("zh-Hans", "zh"),
        ("cmn-Hant-TW", "zh"),
        ("es-419", "es"),
        ("en-orig", "en"),
        ("iw", "he"),
        ("tl", "tl"),
        ("fil", "tl"),
        ("yue", "yue"),
        ("haw", "haw"),
        (" English ", "en"),
        ("English (auto-generated)", "en"),
        ("Chinese [Simplified]", "zh"),
        ("Brazilian Portuguese", "pt"),
        ("Deutsch", "de"),
        ("Englisch", "en"),
        ("Español", "es"),
        ("Espan\u0303ol", "es"),
        ("українська", "uk"),
        ("日本語", "ja"),
        ("norsk bokmål", "nb"),
    ],
)
def test_codes_tags_and_names_of_a_language_give_its_code(tag: str, code: str) -> None:
    assert iso_language(tag) == code


@pytest.mark.parametrize(
    "tag",
    [None, "", "auto", "und", "mul", "zz", "final", "new", "v2", "e", "part2", "ceb", "(en)", "x" * 100_000],
)
def test_what_is_no_known_language_gives_none(tag: str | None) -> None:
    assert iso_language(tag) is None


@pytest.mark.parametrize("name", WHISPER_NAMES.split())
def test_every_name_that_whisper_writes_is_known(name: str) -> None:
    assert iso_language(name)
