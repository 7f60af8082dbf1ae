"""What `aligned_transcript` reads beside the upload: the files that belong to it, and the speech model."""

from collections.abc import Mapping

import dagster as dg

from clipper_assets.episodes.inputs import input_asset
from clipper_assets.runtime.lineage import version_of
from clipper_assets.setting_types import EngineName
from clipper_assets.settings import Settings
from clipper_assets.shows.show import Show, spoken_language
from clipper_assets.transcript.companions import Companions

SIDECARS = input_asset(
    "sidecars", kinds={"file"}, description="The files that belong to an upload: its transcript and its speakers.toml."
)
SPEECH_MODEL = input_asset(
    "speech_model",
    kinds={"whisper", "huggingface"},
    description="The models and options that aligned_transcript transcribes with; show.toml may have the language and "
    "the number of speakers. An episode with a transcript file needs no Whisper model, so a new one does not make its "
    "transcript stale.",
)


def transcript_reads(
    show: Show, settings: Settings, companions: Companions, etags: Mapping[str, str]
) -> dict[dg.AssetKey, str]:
    """The data versions of what `aligned_transcript` reads; `etags` are those of the companions, by object key."""
    models: list[object] = [
        settings.transcript_engine,
        spoken_language(None, show, settings),
        settings.align_model,
        settings.diarization_model,
        settings.hf_token is not None,
    ]
    if not companions.transcript or settings.transcript_engine not in (EngineName.auto, EngineName.transcript_file):
        models += [settings.whisper_model, str(settings.models_dir), settings.beam_size, settings.batch_size]
    if show.speakers:
        models.append(show.speakers)
    return {SIDECARS.key: version_of(dict(etags)), SPEECH_MODEL.key: version_of(models)}
