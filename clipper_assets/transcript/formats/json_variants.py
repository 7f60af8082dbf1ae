"""Converts the JSON of other Whisper tools to the form of WhisperX: an object with segments in seconds."""

from collections.abc import Callable, Mapping
from typing import Any

WORD_S = 0.4
"""Duration of a word with its share of the pauses, at 150 words per minute."""


def whisperx_form(result: Any) -> Any:
    """The result with `segments`, if another tool of `_READERS` wrote it; else unchanged.

    A list of segments is accepted, too. Values are not checked here: what is malformed stays for the validation to
    report.
    """
    if isinstance(result, list):
        return {"segments": result}
    if isinstance(result, Mapping):
        for belongs_to_tool, read in _READERS:
            if belongs_to_tool(result):
                return read(result)
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
        segment = {"start": start, "end": end, "text": _at(chunk, "text")}
        if end is None and isinstance(start, float):  # speech goes on at the end of the audio
            segment["end"] = start + WORD_S * len(str(segment["text"]).split())
        if isinstance(segment["text"], str) and len(segment["text"].split()) == 1:
            segment["words"] = [{"word": segment["text"], "start": start, "end": segment["end"]}]
        segments.append(segment)
    return {"segments": segments, "language": result.get("language")}


def _of_words(result: Mapping[str, Any]) -> dict[str, Any]:
    """`verbose_json` with times of words only, as one segment: its text has the punctuation that the words lack."""
    words = result["words"]
    texts = [str(_at(word, "word") or _at(word, "text")) for word in words]
    segment = {"start": _at(words[0], "start"), "end": _at(words[-1], "end"), "words": words}
    segment["text"] = result.get("text") or " ".join(texts)
    return {**result, "segments": [segment]}


def _of_assemblyai(result: Mapping[str, Any]) -> dict[str, Any]:
    """`words` with times in milliseconds."""
    words = [
        {**word, "start": _seconds(word.get("start")), "end": _seconds(word.get("end"))}
        for word in result["words"]
        if isinstance(word, Mapping)
    ]
    return _of_words({"text": result.get("text"), "language": result.get("language_code"), "words": words})


def _of_deepgram(result: Mapping[str, Any]) -> dict[str, Any]:
    """The best alternative of the first channel; its words have their punctuation in `punctuated_word`."""
    channel = result["results"]["channels"][0]
    alternative = _at(channel, "alternatives")[0]
    words = [
        {**word, "word": word.get("punctuated_word") or word.get("word")}
        for word in alternative["words"]
        if isinstance(word, Mapping)
    ]
    language = _at(channel, "detected_language")
    return _of_words({"text": alternative.get("transcript"), "language": language, "words": words})


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


def _has_entries(result: Mapping[str, Any], name: str) -> bool:
    return isinstance(result.get(name), list) and bool(result[name])


def _is_deepgram(result: Mapping[str, Any]) -> bool:
    channels = _at(result, "results", "channels")
    alternatives = _at(channels[0], "alternatives") if isinstance(channels, list) and channels else None
    return isinstance(alternatives, list) and bool(alternatives) and bool(_at(alternatives[0], "words"))


def _at(value: Any, *path: str) -> Any:
    """The value at a path of keys; None if there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _seconds(milliseconds: Any) -> Any:
    return milliseconds / 1000 if isinstance(milliseconds, float) else milliseconds


_READERS: tuple[tuple[Callable[[Mapping[str, Any]], bool], Callable[[Mapping[str, Any]], dict[str, Any]]], ...] = (
    (lambda result: _has_entries(result, "transcription"), _of_whisper_cpp),
    (lambda result: _has_entries(result, "chunks") and "segments" not in result, _of_hugging_face),
    (lambda result: _has_entries(result, "words") and "audio_duration" in result, _of_assemblyai),
    (lambda result: _has_entries(result, "words") and "segments" not in result, _of_words),
    (lambda result: _has_entries(result, "words") and _has_entries(result, "segments"), _of_openai),
    (_is_deepgram, _of_deepgram),
)
"""How the JSON of each tool is recognised, and how it is read."""
