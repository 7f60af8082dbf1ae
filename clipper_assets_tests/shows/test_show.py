from pathlib import Path

import pytest
from pydantic import ValidationError

from clipper_assets.media.frame import Aspect
from clipper_assets.shows.show import Layout, Show, load_show, show_key
from clipper_assets.storage.directory import DirectoryStorage


def written(storage: DirectoryStorage, text: str | bytes) -> None:
    file = Path(storage.root) / "shows" / "show.toml"
    file.parent.mkdir()
    file.write_bytes(text if isinstance(text, bytes) else text.encode())


@pytest.mark.parametrize(
    ("upload", "key"),
    [("shows/a.mp4", "shows/show.toml"), ("a/b/c.mkv", "a/b/show.toml"), ("talk.mp4", "show.toml")],
)
def test_the_settings_lie_in_the_folder_of_the_upload(upload: str, key: str) -> None:
    assert show_key(upload) == key


def test_without_a_file_everything_is_as_by_default(storage: DirectoryStorage) -> None:
    show = load_show(storage, "shows/a.mp4")
    assert show == Show()
    assert (show.aspect, show.layout, show.hook_title, show.tighten) == (Aspect.portrait, Layout.auto, False, False)
    assert show.gates == {}


def test_what_a_file_says_holds_and_the_rest_is_as_by_default(storage: DirectoryStorage) -> None:
    written(
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
    ("text", "said"),
    [
        ('layout = "split"\naspect = 9:16\n', "is not TOML: .*line 2"),
        ('layuot = "split"\n', "there is no field layuot; there are caption_style, captions, aspect, layout"),
        ('layout = "wide"\n', "layout is 'wide'; it should be 'auto', 'speaker', 'split'"),
        ('aspect = "3:4"\n', "aspect is '3:4'; it should be '9:16', '1:1', '4:5' or '16:9'"),
        ('tighten = "yes"\n', "tighten is 'yes'; it should be a valid boolean"),
        ('"lay\\u0000out" = 1\n', "there is no field layout; there are "),
        ("gates = 3\n", "gates is 3; it should be "),
        ('caption_style = "Jörg"\n'.encode("latin-1"), "is not UTF-8 text; save it as UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_its_mistake(
    storage: DirectoryStorage, text: str | bytes, said: str
) -> None:
    written(storage, text)
    with pytest.raises(ValueError, match=rf"^shows/show\.toml:? {said}") as refused:
        load_show(storage, "shows/a.mp4")
    assert not isinstance(refused.value, ValidationError)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [("a = " + "[" * 5000, "brackets nested too deeply"), ("#" * 64_001, "more than 64 kB")],
    ids=["nested", "large"],
)
def test_a_file_without_bounds_is_refused_in_a_sentence(storage: DirectoryStorage, text: str, said: str) -> None:
    written(storage, text)
    with pytest.raises(ValueError, match=f"^shows/show.toml has {said}"):
        load_show(storage, "shows/a.mp4")
