from pathlib import Path

import dagster as dg
import pytest
from pydantic import ValidationError

from clipper_assets.media.frame import Aspect
from clipper_assets.setting_types import PickerName
from clipper_assets.settings import Settings
from clipper_assets.shows.show import Layout, Show, load_show, show_key, spoken_language
from clipper_assets.storage.directory import DirectoryStorage


def write_show(storage: DirectoryStorage, text: str | bytes) -> None:
    file = Path(storage.root) / "shows" / "show.toml"
    file.parent.mkdir()
    file.write_bytes(text if isinstance(text, bytes) else text.encode())


@pytest.mark.parametrize(
    ("upload", "key"),
    [("shows/a.mp4", "shows/show.toml"), ("a/b/c.mkv", "a/b/show.toml"), ("talk.mp4", "show.toml")],
)
def test_show_toml_is_looked_up_in_the_folder_of_the_upload(upload: str, key: str) -> None:
    assert show_key(upload) == key


def test_a_show_without_a_file_has_the_defaults(storage: DirectoryStorage) -> None:
    show = load_show(storage, "shows/a.mp4")
    assert show == Show()
    assert (show.aspect, show.layout, show.hook_title, show.tighten) == (Aspect.portrait, Layout.auto, False, False)
    assert show.gates == {}


def test_settings_missing_in_the_file_keep_their_defaults(storage: DirectoryStorage) -> None:
    write_show(
        storage,
        b"\xef\xbb\xbf"
        b'caption_style = "classic"\naspect = "4:5"\nlayout = "split"\nhook_title = true\n'
        b'[captions]\ntext_colour = "#ffee00"\n[gates]\nfrozen_s = 30\nblocking = ["loudness", "sync"]\n',
    )
    show = load_show(storage, "shows/a.mp4")
    assert show == Show(
        caption_style="classic",
        captions={"text_colour": "#ffee00"},
        aspect=Aspect.feed,
        layout=Layout.split,
        hook_title=True,
        gates={"frozen_s": 30, "blocking": ["loudness", "sync"]},
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('layout = "split"\naspect = 9:16\n', "is not valid TOML: .*line 2"),
        ("max_clips = " + "9" * 5000, "is not valid TOML"),
        ('layuot = "split"\n', "there is no field layuot; there are caption_style, captions, aspect, layout"),
        ('layout = "wide"\n', "layout is 'wide'; it should be 'auto', 'speaker', 'split'"),
        ('aspect = "3:4"\n', "aspect is '3:4'; it should be '9:16', '1:1', '4:5' or '16:9'"),
        ('tighten = "yes"\n', "tighten is 'yes'; it should be a valid boolean"),
        ('"lay\\u0000out" = 1\n', "there is no field layout; there are "),
        ("gates = 3\n", "gates is 3; it should be "),
        ('prompt = "../x"\n', "prompt is '../x'; it should match pattern"),
        ("[prompts]\nbold = 0\n", "prompts.bold is 0; it should be greater than 0"),
        ("prompts = {bold = inf}\n", "prompts.bold is inf; it should be "),
        ('picker = "gpt"\n', "picker is 'gpt'; it should be 'auto', 'openai' or 'heuristic'"),
        ("picker = 1\n", "picker is 1; it should be 'auto', 'openai' or 'heuristic'"),
        ('language = "klingon"\n', "language is 'klingon'; it should be an ISO 639-1 code such as 'en' or 'pt'"),
        ('language = ""\n', "language is ''; it should be an ISO 639-1 code"),
        ("language = 49\n", "language is 49; it should be a valid string"),
        ('language = ["en", "pt"]\n', "language: it should be a valid string"),
        (f'language = "{"e" * 50_000}"\n', r"language is 'e{56}\.\.\.; it should be an ISO 639-1 code"),
        ("speakers = 0\n", "speakers is 0; it should be the number of people who speak, from 1 to 50, or a range"),
        ("speakers = 51\n", "speakers is 51; it should be the number of people"),
        ("speakers = -2\n", "speakers is -2; it should be the number of people"),
        ("speakers = 2.0\n", "speakers is 2; it should be the number of people"),
        ("speakers = true\n", "speakers is true; it should be the number of people"),
        ('speakers = "two"\n', "speakers is 'two'; it should be the number of people"),
        ('speakers = "4-2"\n', "speakers is '4-2'; it should be the number of people"),
        ('speakers = "\u0662"\n', "speakers is '\u0662'; it should be the number of people"),
        ('speakers = ["Anna", "Ben"]\n', "speakers: it should be .*; their names belong in speakers.toml"),
        ("speakers = [2, 3, 4]\n", "speakers: it should be the number of people"),
        ('speakers = { SPEAKER_00 = "Anna" }\n', "speakers: it should be .*; their names belong in speakers.toml"),
        ('owner = "anna"\n', "owner is 'anna'; it should be an address such as 'anna@example.org' or a team such as"),
        ('owner = "team:"\n', "owner is 'team:'; it should be an address"),
        ('owner = "team:a\\nb"\n', r"owner is 'team:a\\nb'; it should be an address"),
        ('owner = "anna@example.org\\n"\n', r"owner is 'anna@example.org\\n'; it should be an address"),
        (f'owner = "team:{"a" * 250}"\n', "owner is 'team:a+...; it should be an address"),
        ('owner = ["anna@example.org"]\n', "owner: it should be a valid string"),
        ('caption_style = "Jörg"\n'.encode("latin-1"), "is not UTF-8 text; save it as UTF-8"),
    ],
)
def test_an_invalid_file_is_rejected_with_its_name_and_the_mistake(
    storage: DirectoryStorage, text: str | bytes, message: str
) -> None:
    write_show(storage, text)
    with pytest.raises(ValueError, match=rf"^shows/show\.toml:? {message}") as raised:
        load_show(storage, "shows/a.mp4")
    assert not isinstance(raised.value, ValidationError)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [("a = " + "[" * 5000, "brackets nested too deeply"), ("#" * 64_001, "more than 64 kB")],
    ids=["nested", "large"],
)
def test_a_file_that_is_too_large_or_too_deeply_nested_is_rejected(
    storage: DirectoryStorage, text: str, message: str
) -> None:
    write_show(storage, text)
    with pytest.raises(ValueError, match=f"^shows/show.toml has {message}"):
        load_show(storage, "shows/a.mp4")


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ('picker = "heuristic"', "picker", PickerName.heuristic),
        *((f'language = "{tag}"', "language", "pt") for tag in ("pt", "PT", "pt-BR", "pt_BR.UTF-8", "Portuguese")),
        ('language = "jw"', "language", "jw"),
        ("speakers = 1", "speakers", 1),
        ("speakers = 50", "speakers", 50),
        ('speakers = "2"', "speakers", 2),
        ('speakers = "2-2"', "speakers", 2),
        ('speakers = "2 - 4"', "speakers", (2, 4)),
        ('speakers = "2\u20134"', "speakers", (2, 4)),
        ("speakers = [2, 4]", "speakers", (2, 4)),
        ('owner = "anna.b+clips@example.co.uk"', "owner", "anna.b+clips@example.co.uk"),
        ('owner = "team:Frühstück & more"', "owner", "team:Frühstück & more"),
        ("", "owner", None),
    ],
)
def test_what_a_show_says_of_its_people(storage: DirectoryStorage, text: str, field: str, value: object) -> None:
    write_show(storage, b"\xef\xbb\xbf" + text.encode())
    assert getattr(load_show(storage, "shows/a.mp4"), field) == value


def test_dagster_takes_every_owner() -> None:
    for owner in ("anna.b+clips@example.co.uk", "team:Frühstück & more"):
        assert dg.AssetSpec("any", owners=[Show(owner=owner).owner or ""]).owners == [owner]


def test_the_language_is_that_of_the_run_else_of_the_show_else_of_the_settings() -> None:
    german, settings = Show(language="de"), Settings(language="pt-BR")
    assert spoken_language("es-MX", german, settings) == "es"
    assert spoken_language(None, german, settings) == "de"
    assert spoken_language(None, Show(), settings) == "pt"
    assert spoken_language("", Show(), Settings()) is None
    assert spoken_language("klingon", german, settings) == "klingon"  # which engines refuse
