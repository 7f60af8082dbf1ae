"""Answers of a picker's model."""

import json
from typing import Any

from clipper_assets_tests.support.model_server import KEY, ModelServer, Reply, completion, error

__all__ = ["KEY", "ModelServer", "Reply", "completion", "error", "highlight", "highlights"]


def highlight(first: int, last: int, score: int = 8) -> dict[str, Any]:
    return {
        "first_sentence": first,
        "last_sentence": last,
        "score": score,
        "hook": f"hook {first}",
        "title": f"title {first}",
        "reason": "it stands alone",
        "hashtags": ["podcast", "#two words"],
    }


def highlights(*items: dict[str, Any]) -> Reply:
    return completion(json.dumps({"highlights": items}))
