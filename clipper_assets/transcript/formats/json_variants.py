"""Converts the JSON of other Whisper tools to the form of WhisperX: an object with segments in seconds."""

from collections.abc import Mapping
from typing import Any


def whisperx_form(result: Any) -> Any:
    """The result with `segments`, if it is JSON of whisper.cpp, Hugging Face or OpenAI's API; else unchanged.

    Values are not checked here: what is malformed stays for the validation to report.
    """
    if not isinstance(result, Mapping):
        return result
    if isinstance(result.get("transcription"), list):
        return _of_whisper_cpp(result)
    if isinstance(result.get("chunks"), list) and "segments" not in result:
        return _of_hugging_face(result)
    if isinstance(result.get("words"), list) and isinstance(result.get("segments"), list):
        return _of_openai(result)
    return result


def _of_whisper_cpp(result: Mapping[str, Any]) -> dict[str, Any]:
    """`transcription`, with `offsets` in milliseconds, of `whisper-cli --output-json`."""
    segments = [
        {
            "start": _seconds(_at(part, "offsets", "from")),
            "end": _seconds(_at(part, "offsets", "to")),
            "text": _at(part, "text"),
        }
        for part in result["transcription"]
    ]
    return {"segments": segments, "language": _at(result, "result", "language")}


def _of_hugging_face(result: Mapping[str, Any]) -> dict[str, Any]:
    """`chunks`, each with a `timestamp`, of transformers' pipeline; a chunk may be a segment or a word."""
    segments = []
    for chunk in result["chunks"]:
        timestamp = _at(chunk, "timestamp")
        start, end = timestamp if isinstance(timestamp, list) and len(timestamp) == 2 else (None, None)
        segment = {"start": start, "end": start if end is None else end, "text": _at(chunk, "text")}
        if isinstance(segment["text"], str) and len(segment["text"].split()) == 1:
            segment["words"] = [{"word": segment["text"], "start": start, "end": segment["end"]}]
        segments.append(segment)
    return {"segments": segments, "language": result.get("language")}


def _of_openai(result: Mapping[str, Any]) -> dict[str, Any]:
    """`verbose_json`, whose words stand beside the segments and not in them."""
    words = sorted(
        (word for word in result["words"] if isinstance(_at(word, "start"), float)), key=lambda word: word["start"]
    )
    segments, taken = [], 0
    for segment in result["segments"]:
        end = _at(segment, "end")
        if isinstance(segment, Mapping) and not segment.get("words") and isinstance(end, float):
            first = taken
            while taken < len(words) and words[taken]["start"] < end:
                taken += 1
            segments.append({**segment, "words": words[first:taken]})
        else:
            segments.append(segment)
    return {**result, "segments": segments}


def _at(value: Any, *path: str) -> Any:
    """The value at a path of keys; None if there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _seconds(milliseconds: Any) -> Any:
    return milliseconds / 1000 if isinstance(milliseconds, float) else milliseconds
