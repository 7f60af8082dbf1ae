"""Assigns speakers to words if all voices are in one track, with pyannote's diarization through WhisperX."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import dagster as dg

from clipper_assets.runtime.asset_names import ALIGNED_TRANSCRIPT
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.runtime.gpus import free_gpu_memory
from clipper_assets.runtime.progress import Stage
from clipper_assets.setting_types import Device
from clipper_assets.settings import Settings
from clipper_assets.shows.speech_options import SpeakerCount
from clipper_assets.transcript.engines.base import Recording
from clipper_assets.transcript.library import NOT_INSTALLED, import_whisperx, whisperx_installed
from clipper_assets.transcript.models import ModelMissingError, hub_model, torch_device
from clipper_assets.transcript.words import Word

OFF = "off"


@dataclass(frozen=True)
class Diarization:
    """Words with their speakers, how these were found, or why not, and the fallbacks that were used."""

    words: Sequence[Word]
    how: str
    degraded: Sequence[Degraded] = ()


class Diarizer(dg.ConfigurableResource[None]):
    """Diarization with the pyannote pipeline `model`: a directory with a `config.yaml`, a hub name, or `off`."""

    model: str = OFF
    models_dir: str | None = None
    device: Device = Device.auto

    def diarize(
        self, words: Sequence[Word], recording: Recording, speakers: SpeakerCount | None, stage: Stage
    ) -> Diarization:
        """Assign speakers (`SPEAKER_00`, ...) to words.

        Leaves the words unchanged if microphones or the transcript give the speakers, or if the model is `off`. That no
        model can run is a fallback, because the words then have no speakers. `speakers` is the number of people, or
        the least and the most, if known.
        """
        if recording.microphones:
            return Diarization(words, "known from the microphones")
        if any(word.speaker for word in words):
            return Diarization(words, "known from the transcript")
        if not words:
            return Diarization(words, "no words")
        if self.model == OFF:
            return Diarization(words, "off: CLIPPER_DIARIZATION_MODEL is `off`")
        try:
            pipeline = self._load()
        except ModelMissingError as error:
            fallback = Degraded(ALIGNED_TRANSCRIPT, f"the words have no speakers: {error}")
            return Diarization(words, f"off: {error}", [fallback])
        report = stage("diarizing")
        least, most = speakers if isinstance(speakers, tuple) else (speakers, speakers)
        turns = pipeline(
            recording.speech,
            min_speakers=least,
            max_speakers=most,
            progress_callback=lambda percent: report(percent / 100),
        )
        del pipeline
        free_gpu_memory()
        voices = turns["speaker"].nunique()
        return Diarization(assign_speakers(words, turns), f"detected by {self.model}: {voices} voices")

    def _load(self) -> Any:
        """Load the pyannote pipeline. Raises ModelMissingError if it is not available."""
        if not whisperx_installed():
            raise ModelMissingError(NOT_INSTALLED)
        models_dir = Path(self.models_dir) if self.models_dir else None
        secret = Settings().hf_token
        token = secret.get_secret_value() if secret else None
        model = hub_model("diarization model", self.model, "config.yaml")
        if not (directory := model.on_disk(models_dir)):
            if token is None:
                raise ModelMissingError(
                    f"{model.not_found(models_dir)} or the hub's cache; put it into {model.home(models_dir)}, or "
                    "accept its licence on the hub and set HF_TOKEN"
                )
            model.refuse_if_unreachable(models_dir, token)
        free_gpu_memory()  # of the aligner's memory
        import_whisperx()
        from whisperx.diarize import DiarizationPipeline

        try:
            return DiarizationPipeline(str(directory or self.model), token=token, device=torch_device(self.device))
        except (OSError, RuntimeError, ValueError, AttributeError) as error:  # pyannote returns None for a gated model
            raise ModelMissingError(f"the diarization model {self.model!r} does not load: {error}") from error


def assign_speakers(words: Sequence[Word], turns: Any) -> list[Word]:
    """Give each word the speaker of most of its duration, or the nearest one, by `whisperx.assign_word_speakers`.

    `turns` is a DataFrame with the columns `start`, `end` (seconds) and `speaker`.
    """
    rows: list[dict[str, Any]] = [{"start": word.start, "end": word.end} for word in words]
    segment = {"start": words[0].start, "end": words[-1].end, "words": rows}
    import_whisperx().assign_word_speakers(turns, {"segments": [segment]}, fill_nearest=True)
    return [replace(word, speaker=row.get("speaker")) for word, row in zip(words, rows, strict=True)]
