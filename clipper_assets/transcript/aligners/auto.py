"""Chooses the aligner for a language: wav2vec2 if WhisperX and a model are available, else PocketSphinx for English."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import dagster as dg

from clipper_assets.models.hub import hub_is_off
from clipper_assets.setting_types import Device
from clipper_assets.settings import Settings
from clipper_assets.transcript.aligners.base import Aligner
from clipper_assets.transcript.aligners.pocketsphinx import PocketSphinxAligner
from clipper_assets.transcript.aligners.wav2vec2 import Wav2Vec2Aligner
from clipper_assets.transcript.library import import_whisperx, whisperx_installed
from clipper_assets.transcript.models import ModelMissingError, hub_model, torch_device

DOWNLOAD_TIMEOUT_S = 20.0


class Aligners(dg.ConfigurableResource[None]):
    """Chooses aligners; `model` is a directory or hub name of a wav2vec2 CTC model, by default WhisperX's choice."""

    model: str | None = None
    models_dir: str | None = None
    device: Device = Device.auto

    @classmethod
    def configured(cls, settings: Settings) -> Self:
        models_dir = str(settings.models_dir) if settings.models_dir else None
        return cls(model=settings.align_model, models_dir=models_dir, device=settings.device)

    def choose(self, language: str) -> tuple[Aligner | None, str]:
        """The best available aligner for a language (ISO 639-1), and why wav2vec2 is not; empty if it is."""
        try:
            return self._wav2vec2(language), ""
        except ModelMissingError as error:
            return PocketSphinxAligner() if language == "en" else None, str(error)

    def _wav2vec2(self, language: str) -> Aligner:
        """Load the wav2vec2 aligner. Raises ModelMissingError if it is not available."""
        if not whisperx_installed():
            raise ModelMissingError("WhisperX, which aligns languages other than English, is not installed")
        whisperx = import_whisperx()
        device = torch_device(self.device)
        name, options = self._find(language)
        try:
            with _network_timeout():
                model, facts = whisperx.load_align_model(language, device, model_name=name, **options)
        except (OSError, RuntimeError, ValueError) as error:
            raise ModelMissingError(f"the alignment model {name} does not load on {device}: {error}") from error
        return Wav2Vec2Aligner(f"wav2vec2 {Path(name).name}", language, model, facts, device)

    def _find(self, language: str) -> tuple[str, dict[str, Any]]:
        """Model name and options for `whisperx.load_align_model`: a directory, torchaudio's file, or the hub."""
        from whisperx.alignment import DEFAULT_ALIGN_MODELS_HF, DEFAULT_ALIGN_MODELS_TORCH

        models_dir = Path(self.models_dir) if self.models_dir else None
        folder = f"align-{language}"
        name = self.model or DEFAULT_ALIGN_MODELS_HF.get(language)
        model = hub_model(f"alignment model for {language!r}", name or folder, "config.json", folder)
        if directory := model.on_disk(models_dir):
            return str(directory), {"model_cache_only": True}
        if name is None and (bundle := DEFAULT_ALIGN_MODELS_TORCH.get(language)):
            return bundle, {"model_dir": self._torchaudio_folder(bundle, models_dir)}
        if name is None:
            raise ModelMissingError(
                f"WhisperX has no alignment model for {language!r}; put a wav2vec2 CTC model into "
                f"{models_dir or 'CLIPPER_MODELS_DIR'}/{folder} or name one in CLIPPER_ALIGN_MODEL"
            )
        return model.refuse_if_unreachable(models_dir), {}

    def _torchaudio_folder(self, bundle: str, models_dir: Path | None) -> str | None:
        """Folder with the weights of a torchaudio pipeline; None for torch's cache, into which it may download."""
        import torch
        import torchaudio

        file = Path(getattr(torchaudio.pipelines, bundle)._path).name
        if models_dir and (models_dir / file).is_file():
            return str(models_dir)
        cache = Path(torch.hub.get_dir()) / "checkpoints"
        if hub_is_off() and not (cache / file).is_file():
            searched = f"{models_dir} or {cache}" if models_dir else str(cache)
            raise ModelMissingError(
                f"there is no alignment model {bundle}: no {file} in {searched}, and HF_HUB_OFFLINE is set; put it "
                f"into {models_dir or 'CLIPPER_MODELS_DIR'}, or a wav2vec2 CTC model into its folder align-<language>"
            )
        return None


@contextmanager
def _network_timeout() -> Iterator[None]:
    """Set a socket timeout, because torch downloads without one: an unresponsive server would block the run forever."""
    previous = socket.getdefaulttimeout()
    socket.setdefaulttimeout(DOWNLOAD_TIMEOUT_S)
    try:
        yield
    finally:
        socket.setdefaulttimeout(previous)
