from typing import Any

from clipper_assets.highlights.window import Window


def window_of(**changes: Any) -> Window:
    """A window on the first sentence, with `changes` to its fields."""
    fields: dict[str, Any] = {
        "episode": "e", "clip": 0, "start": 0.0, "end": 30.0, "first_sentence": 0, "last_sentence": 0,
        "virality_score": 5.0, "hook": "h", "title": "t", "reason": "r", "hashtags": ["#a"], "picker": "heuristic",
    }  # fmt: skip
    return Window(**{**fields, **changes})
