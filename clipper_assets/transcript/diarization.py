"""Who speaks when all voices are in one track: pyannote's diarization, through WhisperX."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg

from clipper_assets.runtime.progress import Stage
from clipper_assets.settings import Device, Settings
from clipper_assets.transcript.engines.base import Recording
from clipper_assets.transcript.engines.whisper import free_gpu
from clipper_assets.transcript.library import NOT_INSTALLED, import_whisperx, whisperx_installed
from clipper_assets.transcript.models import ModelMissingError, hub_model, torch_device
from clipper_assets.transcript.words import Word

OFF = "off"


class Diarizer(dg.ConfigurableResource[None]):
    """`model` is a pyannote pipeline: a directory with a `config.yaml`, a hub name, or `off`."""

    model: str = OFF
    models_dir: str | None = None
    device: Device = Device.auto

    def diarize(
        self, words: Sequence[Word], recording: Recording, speakers: int | None, stage: Stage
    ) -> tuple[Sequence[Word], str]:
        """The words with their speakers (`SPEAKER_00`, ...), and in a few words how they were found or why not.

        Does nothing where microphones or the transcript tell already. `speakers` is how many people speak, if known.
        """
        if recording.microphones:
            return words, "told by the microphones"
        if any(word.speaker for word in words):
            return words, "told by the transcript"
        if not words:
            return words, "nobody speaks"
        free_gpu()  # of what the aligner held
        try:
            pipeline = self._load()
        except ModelMissingError as missing:
            return words, f"off: {missing}"
        report = stage("diarizing")
        turns = pipeline(
            recording.speech, num_speakers=speakers, progress_callback=lambda percent: report(percent / 100)
        )
        del pipeline
        free_gpu()
        return assigned(words, turns), f"told by {self.model}: {turns['speaker'].nunique()} voices"

    def _load(self) -> Any:
        """Raises ModelMissingError where the pipeline cannot be had."""
        if self.model == OFF:
            raise ModelMissingError("CLIPPER_DIARIZATION_MODEL is `off`")
        if not whisperx_installed():
            raise ModelMissingError(NOT_INSTALLED)
        models_dir = Path(self.models_dir) if self.models_dir else None
        secret = Settings().hf_token
        token = secret.get_secret_value() if secret else None
        wanted = hub_model("diarization model", self.model, "config.yaml")
        if not (found := wanted.on_disk(models_dir)):
            if token is None:
                raise ModelMissingError(
                    f"{wanted.not_found(models_dir)} or the hub's cache; put it into {wanted.home(models_dir)}, or "
                    "accept its licence on the hub and set HF_TOKEN"
                )
            wanted.refuse_if_unreachable(models_dir, token)
        import_whisperx()
        from whisperx.diarize import DiarizationPipeline

        try:
            return DiarizationPipeline(str(found or self.model), token=token, device=torch_device(self.device))
        except (OSError, RuntimeError, ValueError, AttributeError) as error:  # pyannote returns None for a gated model
            raise ModelMissingError(f"the diarization model {self.model!r} does not load: {error}") from error


def assigned(words: Sequence[Word], turns: Any) -> list[Word]:
    """Each word with the voice that speaks most of it, or the nearest one; `turns` is a frame of start, end, speaker.

    By `whisperx.assign_word_speakers`.
    """
    rows: list[dict[str, Any]] = [{"start": word.start, "end": word.end} for word in words]
    segment = {"start": words[0].start, "end": words[-1].end, "words": rows}
    import_whisperx().assign_word_speakers(turns, {"segments": [segment]}, fill_nearest=True)
    return [replace(word, speaker=row.get("speaker")) for word, row in zip(words, rows, strict=True)]
