from pathlib import Path

import pytest
from pydantic import ValidationError

from clipper_assets.media.frame import Aspect
from clipper_assets.shows.show import Layout, Show, load_show, show_key
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
