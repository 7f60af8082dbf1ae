"""Every environment variable that the project reads, typed, in one place."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from clipper_assets.setting_types import (
    MOST_SLOTS,
    CommaSeparated,
    Device,
    EngineName,
    ExecutorName,
    LogFormat,
    Microphones,
    OptionalSecret,
    PickerName,
    Seconds,
    existing_engine,
    queue_url,
    tenant_name,
)


class TenantSettings(BaseSettings):
    """The setting that names of assets, partition sets and runs depend on, which are needed before all others."""

    model_config = SettingsConfigDict(env_prefix="CLIPPER_", frozen=True, populate_by_name=True, allow_inf_nan=False)

    tenant: Annotated[str | None, BeforeValidator(tenant_name)] = Field(
        None,
        description="name of the code location, where several with buckets of their own share one Dagster instance",
    )


class Settings(TenantSettings):
    """Settings of a process, from environment variables. What may differ between runs is Dagster run config.

    The table in docs/settings.md lists these fields; a test compares the two.
    """

    model_config = SettingsConfigDict(
        env_prefix="CLIPPER_", frozen=True, populate_by_name=True, allow_inf_nan=False, hide_input_in_errors=True
    )

    storage: str = Field("./data", description="storage root: a directory, or `s3://bucket[/prefix]`")
    ffmpeg: str | None = Field(None, description="ffmpeg binary; default: the one inside the imageio-ffmpeg package")
    models_dir: Path | None = Field(None, description="directory with models, searched before any model hub")
    fonts_dir: Path | None = Field(None, description="directory with caption fonts, searched before the system's fonts")
    transcript_engine: Annotated[EngineName, BeforeValidator(existing_engine)] = Field(
        EngineName.auto, description="`auto` or the one engine to use"
    )
    whisper_model: Annotated[str, BeforeValidator(lambda value: value or "auto")] = Field(
        "auto",
        description="Whisper model for whisperx and faster_whisper: a name like `base`, a hub repository, a directory, "
        "or `auto`: `large-v3-turbo` on a GPU; on a CPU `small` if the model hub is reached, else `base`",
    )
    device: Device = Field(Device.auto, description="what speech models run on: `auto`, `cuda` or `cpu`")
    compute_type: str | None = Field(
        None, description="CTranslate2 compute type; default: `float16` on a GPU that supports it, else `int8`"
    )
    batch_size: int | None = Field(
        None,
        ge=1,
        description="chunks of speech that Whisper decodes at once; halved when the GPU runs out of memory; 1 decodes "
        "in sequence, with fewer errors; default: 8 on a GPU and in languages without spaces, else 1",
    )
    beam_size: int = Field(5, ge=1, description="beam size of Whisper's search; 1 is the fastest")
    align_model: str | None = Field(
        None,
        description="wav2vec2 model that aligns words: a hub name or a directory; default: WhisperX's for the language",
    )
    diarization_model: str = Field(
        "pyannote/speaker-diarization-community-1",
        description="pyannote pipeline that tells speakers apart (with WhisperX): a hub name, a directory or `off`",
    )
    hf_token: OptionalSecret = Field(
        None, validation_alias="HF_TOKEN", description="Hugging Face token, for models behind a licence"
    )
    microphones: Microphones = Field(
        Microphones.auto,
        description="whether the `channels` or the `streams` of the audio are separate microphones, or all voices are "
        "mixed (`together`); `auto` decides from the signal",
    )
    language: str | None = Field(
        None, description="ISO 639-1 code of the spoken language, unless a run or show has one; default: detected"
    )
    picker: PickerName = Field(
        PickerName.auto,
        description="`auto` (OpenAI with a key), `openai` or `heuristic`, "
        "which asks a model neither about highlights nor about adverts and chapters; unless a run or show has one",
    )
    openai_api_key: OptionalSecret = Field(
        None, validation_alias="OPENAI_API_KEY", description="key of the OpenAI-compatible server"
    )
    openai_base_url: str | None = Field(
        None, validation_alias="OPENAI_BASE_URL", description="URL of an OpenAI-compatible server; default: OpenAI's"
    )
    openai_model: str = Field("gpt-4o-mini", description="model for adverts, highlights and chapter titles")
    openai_timeout_s: Seconds = Field(60.0, description="seconds to wait for one response of the model")
    openai_max_retries: int = Field(3, ge=0, description="retries of a request to the model before a fallback is used")
    openai_context_tokens: int = Field(
        100_000, ge=2_000, description="transcript tokens in one request; longer transcripts are sent in parts"
    )
    window_min_s: Seconds = Field(30.0, description="shortest clip in seconds, unless a run or show has a `length`")
    window_max_s: Seconds = Field(60.0, description="longest clip in seconds, unless a run or show has a `length`")
    render_workers: int | None = Field(
        None, ge=1, description="clips rendered at once; default: half as many as cores, at most 8"
    )
    gpus: CommaSeparated[tuple[str, ...] | None] = Field(
        None,
        description="GPUs of transcriptions, as comma-separated values for CUDA_VISIBLE_DEVICES; default: all",
    )
    runs_per_gpu: int = Field(1, ge=1, description="transcriptions that share one GPU")
    gpu_locks: Path | None = Field(
        None,
        description="directory of lock files by which runs share the GPUs of a machine; set by the run launcher",
    )
    pool_gpu: int | None = Field(
        None,
        ge=1,
        le=MOST_SLOTS,
        description="transcriptions at once over all runs; default: `CLIPPER_RUNS_PER_GPU` on each GPU of this "
        "machine, and 1 without a GPU",
    )
    pool_encode: int | None = Field(
        None,
        ge=1,
        le=MOST_SLOTS,
        description="steps that decode or encode video at once over all runs; default: as many as the cores of this "
        "machine suffice for",
    )
    pool_llm: int = Field(4, ge=1, le=MOST_SLOTS, description="steps that ask the language model at once over all runs")
    time_limit_scale: float = Field(
        1.0, gt=0, description="factor for the time limits of the steps, which grow with the episode's length"
    )
    executor: ExecutorName = Field(
        ExecutorName.in_process,
        description="where steps execute: `in_process`, in the run's process, or each in its own pod (`kubernetes`) or "
        "task (`ecs`)",
    )
    k8s_steps: dict[str, Any] = Field(
        {}, description="`dagster-k8s/config` for the pod of every step, as JSON: resources, node selector"
    )
    k8s_gpu_steps: dict[str, Any] = Field(
        {}, description="the same for the steps that need a GPU: node selector, tolerations, resources"
    )
    search_dir: Path | None = Field(
        None, description="directory of the search index; default: `clipper_assets/search` in the user's cache"
    )
    log_format: LogFormat = Field(
        LogFormat.colored,
        description="log format of runs and of the API: `colored` for people, `json` for one JSON object per line",
    )
    degraded_days: int = Field(
        14, ge=1, description="days after which the catalogue warns of an episode that was made with fallbacks"
    )
    sensor_interval_s: int = Field(15, ge=1, description="seconds between two checks for new uploads")
    garbage_after_days: int = Field(
        30, ge=1, description="days after which `collect_garbage` removes an episode whose upload is gone"
    )
    prune_runs_after_days: int = Field(
        90, ge=1, description="days after which `prune_runs` removes a run that newer runs have superseded"
    )
    upload_queue: Annotated[str | None, BeforeValidator(queue_url)] = Field(
        None,
        description="URL of an SQS queue with S3's notifications of uploads, which the sensors then read instead of "
        "listing the storage every time",
    )
    usd_per_cpu_hour: float = Field(0.0425, ge=0, description="price of a core for one hour, in dollars")
    usd_per_gpu_hour: float = Field(1.006, ge=0, description="price of a GPU for one hour, in dollars")
    usd_per_million_input_tokens: float | None = Field(
        None,
        ge=0,
        description="price of a million tokens that the language model reads, in dollars; default: the list price of "
        "`CLIPPER_OPENAI_MODEL`, or 0 for a model without a known price",
    )
    usd_per_million_output_tokens: float | None = Field(
        None, ge=0, description="the same for a million tokens that the language model writes"
    )
    url_expiry_s: int = Field(3600, ge=60, description="seconds that the presigned S3 URLs for ffmpeg stay valid")

    auth_token: CommaSeparated[tuple[SecretStr, ...]] = Field(
        (),
        validation_alias="AUTH_TOKEN",
        description="comma-separated bearer tokens of the API; prefix `read:` for read-only access, `operator:` to "
        "allow any GraphQL operation",
    )
    api_host: str = Field("127.0.0.1", description="address that the API listens on")
    api_port: int = Field(8000, ge=0, le=65535, description="port that the API listens on")
    api_cors_origins: CommaSeparated[tuple[str, ...]] = Field(
        (), description="comma-separated origins whose pages may call the API; `*` for any"
    )
    api_rate: str = Field(
        "100/second", description="request limit per token, or per IP address for requests without one"
    )
    api_max_body_bytes: int = Field(1_000_000, ge=1, description="largest request body in bytes, except for uploads")
    api_url_expiry_s: int = Field(
        3600, ge=60, description="seconds that the URLs that the API gives to browsers stay valid"
    )
    api_wait_max_s: Seconds = Field(7200.0, description="seconds that `POST /process-video?wait=true` waits at most")
    workspace: Path = Field(Path("workspace.yaml"), description="Dagster's workspace file, for the API")
    webhook_urls: CommaSeparated[tuple[str, ...]] = Field(
        (), description="comma-separated HTTPS URLs that receive a webhook when an episode finishes or fails"
    )
    webhook_secret: OptionalSecret = Field(
        None, description="secret that signs webhooks, as Standard Webhooks specifies: `whsec_` followed by base64"
    )

    def asks_model(self, picker: PickerName | None) -> bool:
        """Whether to ask a language model: not without a key, nor if `picker`, or else the setting, is `heuristic`."""
        return self.openai_api_key is not None and (picker or self.picker) is not PickerName.heuristic

    @model_validator(mode="after")
    def _queue_of_s3(self) -> "Settings":
        if self.upload_queue and not self.storage.startswith("s3://"):
            raise ValueError(
                f"CLIPPER_UPLOAD_QUEUE is set, but CLIPPER_STORAGE is {self.storage!r}; set the latter to "
                "s3://bucket[/prefix], whose notifications are in the queue, or unset the queue"
            )
        return self

    @model_validator(mode="after")
    def _window_bounds(self) -> "Settings":
        if self.window_max_s < 1.5 * self.window_min_s:
            raise ValueError(
                f"CLIPPER_WINDOW_MAX_S ({self.window_max_s:g}) must be at least 1.5 x CLIPPER_WINDOW_MIN_S "
                f"({self.window_min_s:g}), so that whole sentences fit"
            )
        return self
