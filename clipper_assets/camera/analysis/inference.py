"""Neural networks as ONNX files, run by onnxruntime: on CUDA where this onnxruntime has it, else on the CPU."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")


def session(model: Path) -> "InferenceSession":
    """The network of a file, on one thread: clips are made side by side, and spinning threads would cost all of them.

    Raises what onnxruntime raises where the file is not a network.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    options.enable_mem_pattern = False  # a third less memory for inputs of changing length, and no slower
    available = onnxruntime.get_available_providers()
    return onnxruntime.InferenceSession(model, options, providers=[name for name in PROVIDERS if name in available])
