"""Every environment variable that the project reads, typed, in one place."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class EngineName(StrEnum):
    """A transcript engine, named as its module in transcript/engines, or `auto` for the first below it that can run."""

    auto = "auto"
    transcript_file = "transcript_file"
    whisperx = "whisperx"
    faster_whisper = "faster_whisper"
    pocketsphinx = "pocketsphinx"


class Device(StrEnum):
    """What models run on; `auto` is the GPU where there is one."""

    auto = "auto"
    cuda = "cuda"
    cpu = "cpu"


class Microphones(StrEnum):
    """What the audio streams or channels of an upload are; `auto` decides from the signal."""

    auto = "auto"
    together = "together"
    channels = "channels"
    streams = "streams"


class PickerName(StrEnum):
    """A highlight picker, or `auto` for OpenAI where a key is set."""

    auto = "auto"
    openai = "openai"
    heuristic = "heuristic"


class ExecutorName(StrEnum):
    """What executes the steps of a run: the run's own process, or a Kubernetes pod for each."""

    in_process = "in_process"
    kubernetes = "kubernetes"


class LogFormat(StrEnum):
    """Of the log of a process, as Dagster's `--log-format` calls them."""

    colored = "colored"
    json = "json"


def comma_separated(text: str) -> tuple[str, ...]:
    """The parts of a text between commas, without spaces around them and without empty ones."""
    return tuple(part for each in text.split(",") if (part := each.strip()))


Seconds = Annotated[float, Field(gt=0)]
OptionalSecret = Annotated[SecretStr | None, BeforeValidator(lambda value: value or None)]
"""An empty one is none: container files name secrets whether there are any or not."""
Parts = TypeVar("Parts")
CommaSeparated = Annotated[
    Parts, NoDecode, BeforeValidator(lambda value: comma_separated(value) if isinstance(value, str) else value)
]
"""A tuple that an environment variable writes with commas, not as JSON."""


class Settings(BaseSettings):
    """What the environment decides; what a single run decides is Dagster run config.

    The table in docs/settings.md is this class: a test holds the two together.
    """

    model_config = SettingsConfigDict(env_prefix="CLIPPER_", frozen=True, populate_by_name=True, allow_inf_nan=False)

    storage: str = Field("./data", description="storage root: a directory, or `s3://bucket[/prefix]`")
    ffmpeg: str | None = Field(None, description="ffmpeg binary; default: the one inside the imageio-ffmpeg package")
    models_dir: Path | None = Field(None, description="directory with models, looked in before any model hub")
    fonts_dir: Path | None = Field(None, description="directory with caption fonts, looked in before the machine's own")
    transcript_engine: EngineName = Field(EngineName.auto, description="`auto` or the one engine to use")
    whisper_model: str = Field(
        "small", description="Whisper model for whisperx and faster_whisper: a hub name or a directory"
    )
    device: Device = Field(Device.auto, description="what speech models run on: `auto`, `cuda` or `cpu`")
    compute_type: str | None = Field(
        None, description="CTranslate2's number format; default: `float16` on a GPU that has it, else `int8`"
    )
    batch_size: int = Field(
        8, ge=1, description="chunks of speech that Whisper decodes at once; halved while the GPU has no memory for it"
    )
    beam_size: int = Field(5, ge=1, description="beams of Whisper's search; 1 is quickest")
    align_model: str | None = Field(
        None, description="wav2vec2 model that places words: a hub name or a directory; default: WhisperX's own"
    )
    diarization_model: str = Field(
        "pyannote/speaker-diarization-community-1",
        description="pyannote pipeline that tells speakers apart (with WhisperX): a hub name, a directory or `off`",
    )
    hf_token: OptionalSecret = Field(
        None, validation_alias="HF_TOKEN", description="token of the model hub, for models behind a licence"
    )
    microphones: Microphones = Field(
        Microphones.auto,
        description="`channels` or `streams` of the audio are microphones of their own, or `together` they are one "
        "mix; `auto` decides from the signal",
    )
    language: str | None = Field(None, description="ISO 639-1 code of the speech; default: detected")
    picker: PickerName = Field(PickerName.auto, description="`auto` (OpenAI with a key), `openai` or `heuristic`")
    openai_api_key: OptionalSecret = Field(
        None, validation_alias="OPENAI_API_KEY", description="key of the OpenAI-compatible server"
    )
    openai_base_url: str | None = Field(
        None, validation_alias="OPENAI_BASE_URL", description="any OpenAI-compatible server; default: OpenAI's own"
    )
    openai_model: str = Field("gpt-4o-mini", description="model that picks the highlights")
    openai_timeout_s: Seconds = Field(60.0, description="seconds to wait for one answer of the model")
    openai_max_retries: int = Field(3, ge=0, description="retries of the OpenAI client before the heuristic takes over")
    openai_context_tokens: int = Field(
        100_000, ge=2_000, description="transcript tokens in one request; longer transcripts are picked in parts"
    )
    window_min_s: Seconds = Field(30.0, description="shortest clip in seconds")
    window_max_s: Seconds = Field(60.0, description="longest clip in seconds")
    render_workers: int | None = Field(
        None, ge=1, description="clips rendered at once; default: a quarter of the cores"
    )
    gpus: CommaSeparated[tuple[str, ...] | None] = Field(
        None, description="names for CUDA_VISIBLE_DEVICES, separated by commas, that runs are given; default: all GPUs"
    )
    runs_per_gpu: int = Field(1, ge=1, description="runs that share one GPU")
    time_limit_scale: float = Field(
        1.0, gt=0, description="multiplies the time limits of the steps, which grow with the episode's length"
    )
    executor: ExecutorName = Field(
        ExecutorName.in_process,
        description="what executes the steps: `in_process` of the run, or `kubernetes`, a pod for each",
    )
    k8s_steps: dict[str, Any] = Field(
        {}, description="`dagster-k8s/config` of the pod of each step, as JSON: resources, node selector"
    )
    k8s_gpu_steps: dict[str, Any] = Field(
        {}, description="the same for the steps that ask for a GPU: node selector, tolerations, resources"
    )
    log_format: LogFormat = Field(
        LogFormat.colored, description="logs of runs and of the API: `colored` for people, or `json`, an object a line"
    )
    sensor_interval_s: int = Field(15, ge=1, description="seconds between two looks for new uploads")
    url_expiry_s: int = Field(
        3600, ge=60, description="life of the presigned S3 URLs that ffmpeg reads from, in seconds"
    )

    auth_token: CommaSeparated[tuple[SecretStr, ...]] = Field(
        (),
        validation_alias="AUTH_TOKEN",
        description="bearer tokens of the API, separated by commas; `read:` before one lets it look and change "
        "nothing, `operator:` send any GraphQL",
    )
    api_host: str = Field("127.0.0.1", description="address that the API listens on")
    api_port: int = Field(8000, ge=0, le=65535, description="port that the API listens on")
    api_cors_origins: CommaSeparated[tuple[str, ...]] = Field(
        (), description="origins, separated by commas, whose pages may call the API; `*` for any"
    )
    api_rate: str = Field("100/second", description="requests that one token, or one address without, may make")
    api_max_body_bytes: int = Field(1_000_000, ge=1, description="largest request body of the API, uploads aside")
    api_url_expiry_s: int = Field(
        3600, ge=60, description="life of the URLs that the API gives to browsers, in seconds"
    )
    api_wait_max_s: Seconds = Field(7200.0, description="longest wait of `POST /process-video?wait=true`, in seconds")
    workspace: Path = Field(Path("workspace.yaml"), description="Dagster's workspace file, for the API")
    webhook_urls: CommaSeparated[tuple[str, ...]] = Field(
        (), description="HTTPS URLs, separated by commas, that hear of finished episodes"
    )
    webhook_secret: OptionalSecret = Field(
        None, description="secret that webhooks are signed with: `whsec_` and base64, as Standard Webhooks have it"
    )

    @model_validator(mode="after")
    def _window_bounds(self) -> "Settings":
        if self.window_max_s < 1.5 * self.window_min_s:
            raise ValueError(
                f"CLIPPER_WINDOW_MAX_S ({self.window_max_s:g}) must be at least 1.5 x CLIPPER_WINDOW_MIN_S "
                f"({self.window_min_s:g}), so that whole sentences fit"
            )
        return self
