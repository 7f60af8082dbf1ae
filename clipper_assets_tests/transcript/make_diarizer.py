"""Makes a pyannote pipeline for tests, from WhisperX's segmentation model and a tiny x-vector network.

The usual weights are behind a licence. The x-vector network has random weights, which is enough to tell two very
different voices apart if their number is known. Used by the tests of `make test-whisperx`.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import torch
import whisperx
from pyannote.audio.core.task import Problem, Resolution, Specifications
from pyannote.audio.models.embedding import XVectorMFCC

DIMENSION = 32


def make_diarizer(folder: Path) -> Path:
    """Write the pipeline and its `config.yaml` (as JSON, which is YAML) into `folder` and return it."""
    folder.mkdir()
    shutil.copy(Path(whisperx.__file__).parent / "assets" / "pytorch_model.bin", folder / "segmentation.bin")
    torch.manual_seed(0)
    embedding = XVectorMFCC(sample_rate=16_000, num_channels=1, dimension=DIMENSION)
    specifications = Specifications(
        problem=Problem.REPRESENTATION, resolution=Resolution.CHUNK, duration=5.0, min_duration=0.5, classes=["a", "b"]
    )
    embedding.specifications = specifications
    torch.save(
        {
            "state_dict": embedding.state_dict(),
            "hyper_parameters": dict(embedding.hparams),
            "pytorch-lightning_version": "2.0.0",
            "pyannote.audio": {
                "versions": {"torch": "2.0", "pyannote.audio": "3.0"},
                "architecture": {"module": "pyannote.audio.models.embedding", "class": "XVectorMFCC"},
                "specifications": specifications,
            },
        },
        folder / "embedding.bin",
    )
    plain = np.eye(DIMENSION)
    np.savez(folder / "xvec_transform.npz", mean1=np.zeros(DIMENSION), mean2=np.zeros(DIMENSION), lda=plain)
    np.savez(folder / "plda.npz", mu=np.zeros(DIMENSION), tr=plain, psi=np.ones(DIMENSION))
    parameters = {
        "segmentation": {"threshold": 0.5, "min_duration_off": 0.0},
        "clustering": {"method": "centroid", "min_cluster_size": 2, "threshold": 0.7},
    }
    pipeline = {
        "name": "pyannote.audio.pipelines.SpeakerDiarization",
        "params": {
            "segmentation": str(folder / "segmentation.bin"),
            "embedding": str(folder / "embedding.bin"),
            "plda": str(folder),
            "clustering": "AgglomerativeClustering",
            "embedding_exclude_overlap": True,
            "embedding_batch_size": 8,
        },
    }
    config = {"version": "3.1.0", "pipeline": pipeline, "params": parameters}
    (folder / "config.yaml").write_text(json.dumps(config))
    return folder
