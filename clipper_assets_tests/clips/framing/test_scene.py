from clipper_assets.clips.framing.scene import FACES, Shot, faces_table
from clipper_assets_tests.clips.framing.scenes import LEFT, RIGHT, scene, seat


def test_faces_are_rows_in_time_order_that_say_who_speaks() -> None:
    talk = scene([Shot(10, 11)], [seat(1, 10, 11, RIGHT), seat(0, 10, 11, LEFT)], (10, 10.4, 0), (10.4, 11, 1))
    table = faces_table("show/ep", [(1, talk), (0, talk)])
    assert table.schema.equals(FACES.schema)
    rows = table.to_pylist()
    assert [(row["clip"], row["time"], row["person"]) for row in rows] == [
        (clip, time_s, person) for clip in (0, 1) for time_s in (10.0, 10.2, 10.4, 10.6, 10.8) for person in (0, 1)
    ]
    assert [row["speaking"] for row in rows[:10]] == [True, False, True, False, False, True, False, True, False, True]
    assert (rows[0]["left"], rows[0]["top"], rows[0]["width"], rows[0]["height"]) == (LEFT - 60, 320, 120, 160)


def test_a_voice_from_outside_the_picture_is_nobodys_in_it() -> None:
    talk = scene([Shot(10, 11)], [seat(0, 10, 11, LEFT)], (10, 11, None))
    assert not any(faces_table("show/ep", [(0, talk)])["speaking"].to_pylist())


def test_a_window_without_faces_has_no_rows() -> None:
    table = faces_table("show/ep", [(0, scene([Shot(10, 11)], []))])
    assert table.num_rows == 0
    assert table.schema.equals(FACES.schema)
