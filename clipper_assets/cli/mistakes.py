"""The errors that commands of `clipper` report in one sentence instead of a traceback."""

from clipper_assets.media.ffmpeg import FfmpegError
from clipper_assets.runtime.errors import StorageError, UploadRefusedError
from clipper_assets.storage.unreachable import UNREACHABLE

MISTAKES = (StorageError, UploadRefusedError, FfmpegError, *UNREACHABLE)
