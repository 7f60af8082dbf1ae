"""Runs neural networks from ONNX files with onnxruntime, on CUDA if available, else on the CPU."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")


def session(model: Path) -> "InferenceSession":
    """A session for the model file, on one thread: episodes run in parallel, and spinning threads would slow down all.

    Raises onnxruntime's exceptions if the file is not an ONNX model.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    options.enable_mem_pattern = False  # takes a third less memory for inputs of varying length, and is no slower
    available = onnxruntime.get_available_providers()
    return onnxruntime.InferenceSession(model, options, providers=[name for name in PROVIDERS if name in available])
