import re

import pytest

from clipper_assets.captions.styles import style_names
from clipper_assets.clips.looks import MAX_NAME, NamedLook, Rendition, look_in, parse_look
from clipper_assets.media.frame import Aspect


@pytest.mark.parametrize(
    ("name", "look"),
    [
        ("portrait-classic", NamedLook(Aspect.portrait, "classic")),
        ("square-marker", NamedLook(Aspect.square, "marker")),
        ("landscape-subtitle", NamedLook(Aspect.landscape, "subtitle")),
        ("feed-pop-es", NamedLook(Aspect.feed, "pop", "es")),
    ],
)
def test_a_look_is_its_name(name: str, look: NamedLook) -> None:
    assert parse_look(name) == look


def test_every_aspect_and_style_makes_a_look() -> None:
    for aspect in Aspect:
        for style in style_names():
            assert parse_look(f"{aspect.name}-{style}") == NamedLook(aspect, style)
            assert parse_look(f"{aspect.name}-{style}-de") == NamedLook(aspect, style, "de")


@pytest.mark.parametrize(
    "name",
    [
        "", "-", "square", "square-", "square-comic", "1:1-marker", "Square-marker", "square-Marker", " square-marker",
        "square-marker-", "square-marker-xx", "square-marker-ES", "square-marker-es-mx", "square-marker-spanish",
        "square-marker-es-", "square--marker", "../square-marker", "square-marker/..", "square-marker|x",
        "marker-square", "square-marker" + "-" * MAX_NAME, "portrait-" + "x" * 10_000,
    ],
)  # fmt: skip
def test_another_name_is_refused_in_one_sentence_that_lists_what_there_is(name: str) -> None:
    with pytest.raises(ValueError, match=r"^unknown look ") as raised:
        parse_look(name)
    sentence = str(raised.value)
    assert not re.search(r"\. |\n", sentence)
    assert len(sentence) < 600
    assert all(each in sentence for each in ("portrait, square, feed, landscape", *style_names()))


def test_each_rendition_has_a_folder_of_its_own() -> None:
    renditions = [Rendition(aspect, look) for aspect in Aspect for look in (None, f"{aspect.name}-marker")]
    assert [each.folder for each in renditions] == [
        "", "/looks/portrait-marker", "/1x1", "/looks/square-marker",
        "/4x5", "/looks/feed-marker", "/16x9", "/looks/landscape-marker",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("key", "look"),
    [
        ("clips/looks/square-marker", "square-marker"),
        ("show/clips/looks/feed-pop-es/manifest.json", "feed-pop-es"),
        ("show/clips/talk.mp4/looks/square-marker/clip_0.mp4", "square-marker"),
        ("looks/square-marker/clips", None),
        ("team/looks/square-marker/clips/clip_0.mp4", None),
        ("team/looks/square-marker/clips/1x1/manifest.json", None),
        ("team/looks/square-show/clips/looks/square-marker/manifest.json", "square-marker"),
        ("clips/looks/1x1/clip_0.mp4", None),  # of the second upload in a folder, looks.mp4
    ],
)
def test_the_look_of_clips_is_told_from_a_folder_of_uploads_with_such_a_name(key: str, look: str | None) -> None:
    assert look_in(key) == look
