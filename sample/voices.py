"""The sample episode's sound: the script, two flite voices with exact word and phone times, and the captions' text.

Debian's flite (``apt-get install flite``) is driven through ctypes, because only the library tells when each word and
phone is spoken. The first 14 turns with their lead-in and gaps are the sound the tests' tiny speech model knows; leave
them as they are.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RATE = 16_000  # flite's rate for both voices
OUT_RATE = 48_000
FRAME = 640  # samples in a picture's time at 25 fps: the sound ends with a picture
LEAD_IN, TAIL = 0.6, 1.2
HOST, GUEST = "host", "guest"
VOICES = {HOST: "slt", GUEST: "rms"}

Floats = npt.NDArray[np.float64]

# Speaker, text, silence after the turn (s).
SCRIPT: list[tuple[str, str, float]] = [
    (HOST, "Welcome back to the quiet kitchen podcast, where we talk about food and the people who make it.", 0.25),
    (GUEST, "Thanks for having me. I have been listening since the very first episode.", 0.25),
    (HOST, "So tell me, how did you end up running a bakery at the edge of the forest?", 0.25),
    (GUEST, "Honestly, it was an accident. My sister bought an old mill and nobody wanted the oven.", 0.25),
    (GUEST, "The first winter we burned every single loaf, and the neighbors still came back.", 0.25),
    (HOST, "Why do you think they came back?", 0.25),
    (GUEST, "Because we told them the truth. We put a sign in the window that said, sorry, still learning.", 0.25),
    (HOST, "That is the best marketing story I have ever heard.", 0.25),
    (GUEST, "It gets better. In 2019 a film crew parked outside and asked for 300 rolls by morning.", 0.25),
    (HOST, "Three hundred! Did you sleep at all that night?", 0.25),
    (GUEST, "Not for a minute. But the money paid for a second oven, and that changed everything.", 0.25),
    (HOST, "What would you say to someone who is afraid to start?", 0.25),
    (
        GUEST,
        "Start small, start badly, and let people watch you get better. Nobody trusts a perfect beginner.",
        0.25,
    ),
    (HOST, "I love that. Let us take a short break, and then we will talk about the flood.", 0.25),
    (HOST, "We are back, and you promised me the story of the flood. What happened that spring?", 0.4),
    (GUEST, "It rained for 6 days, and on the last night the river took both of our ovens.", 0.45),
    (HOST, "Did you think about giving up?", 0.35),
    (GUEST, "I sat on the stairs and cried. Then 40 people came with buckets, and nobody had called them.", 0.5),
    (HOST, "Forty people! Who were they, and why did they come?", 0.3),
    (GUEST, "The neighbors from that first winter, the ones who ate our burned bread.", 0.4),
    (HOST, "So what did the flood teach you about business?", 0.45),
    (GUEST, "Here is what nobody tells you. The bread was never the business, the mistakes were.", 0.3),
    (GUEST, "A perfect bakery would have had 1000 customers and not one friend.", 0.6),
    (HOST, "Let me ask about money. Were you ever afraid of losing everything?", 0.35),
    (GUEST, "Every single week. But fear is like flour, a little on your hands means that you are working.", 0.5),
    (HOST, "What is the one thing you want our listeners to remember?", 0.4),
    (
        GUEST,
        "Do not wait until you are ready. Open the door while the bread is still burning, "
        "because the people who stay will carry you through any flood.",
        0.6,
    ),
    (HOST, "This episode was paid for by our members.", 0.3),
    (HOST, "Thanks for listening, and see you next week.", 0.0),
]


@dataclass(frozen=True)
class Span:
    """A word, phone or sentence and when it sounds, in seconds."""

    text: str
    start: float
    end: float

    def moved(self, by: float) -> Span:
        return Span(self.text, self.start + by, self.end + by)


@dataclass(frozen=True)
class Sentence:
    speaker: str
    words: list[Span]

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def start(self) -> float:
        return self.words[0].start

    @property
    def end(self) -> float:
        return self.words[-1].end


@dataclass(frozen=True)
class Talk:
    sound: Floats  # mono, OUT_RATE, -1..1
    sentences: list[Sentence]
    phones: dict[str, list[Span]]  # by speaker, pauses included

    @property
    def seconds(self) -> float:
        return len(self.sound) / OUT_RATE


class _Wave(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_char_p),
        ("sample_rate", ctypes.c_int),
        ("num_samples", ctypes.c_int),
        ("num_channels", ctypes.c_int),
        ("samples", ctypes.POINTER(ctypes.c_short)),
    ]


class Flite:
    """The part of libflite that says a text and tells when."""

    def __init__(self) -> None:
        self._lib = _load("flite")
        for language in ("flite_usenglish", "flite_cmulex"):
            _load(language)
        handle, text = ctypes.c_void_p, ctypes.c_char_p
        signatures: list[tuple[str, object, list[object]]] = [
            ("flite_synth_text", handle, [text, handle]),
            ("utt_relation", handle, [handle, text]),
            ("relation_head", handle, [handle]),
            ("item_next", handle, [handle]),
            ("ffeature_string", text, [handle, text]),
            ("ffeature_float", ctypes.c_float, [handle, text]),
            ("utt_wave", handle, [handle]),
            ("delete_utterance", None, [handle]),
        ]
        for name, result, arguments in signatures:
            function = getattr(self._lib, name)
            function.restype, function.argtypes = result, arguments
        self._lib.flite_init()
        self._voices = {voice: self._register(voice) for voice in VOICES.values()}

    def say(self, text: str, voice: str) -> tuple[npt.NDArray[np.int16], list[Span], list[Span]]:
        """Return the samples at RATE, the written words and the phones of a text."""
        lib = self._lib
        utterance = lib.flite_synth_text(text.encode(), self._voices[voice])
        wave = ctypes.cast(lib.utt_wave(utterance), ctypes.POINTER(_Wave)).contents
        if wave.sample_rate != RATE or wave.num_channels != 1:
            raise RuntimeError(f"voice {voice} speaks at {wave.sample_rate} Hz, {RATE} Hz expected")
        samples = np.ctypeslib.as_array(wave.samples, (wave.num_samples,)).copy()
        # A token is one written word; its first and last spoken words carry the segments ("2019" has two spoken words).
        written = text.split()
        tokens = self._items(utterance, b"Token")
        if len(tokens) != len(written):
            raise RuntimeError(f"flite found {len(tokens)} words in {text!r}, {len(written)} expected")
        syllable = b"R:SylStructure."
        words = [
            Span(
                word,
                lib.ffeature_float(token, b"daughter1." + syllable + b"daughter1.daughter1.R:Segment.p.end"),
                lib.ffeature_float(token, b"daughtern." + syllable + b"daughtern.daughtern.R:Segment.end"),
            )
            for word, token in zip(written, tokens, strict=True)
        ]
        phones: list[Span] = []
        for segment in self._items(utterance, b"Segment"):
            start = phones[-1].end if phones else 0.0
            name = lib.ffeature_string(segment, b"name").decode()
            phones.append(Span(name, start, lib.ffeature_float(segment, b"end")))
        lib.delete_utterance(utterance)
        return samples, words, phones

    def _items(self, utterance: int, relation: bytes) -> list[int]:
        items = []
        item = self._lib.relation_head(self._lib.utt_relation(utterance, relation))
        while item:
            items.append(item)
            item = self._lib.item_next(item)
        return items

    def _register(self, voice: str) -> int:
        register = getattr(_load(f"flite_cmu_us_{voice}"), f"register_cmu_us_{voice}")
        register.restype, register.argtypes = ctypes.c_void_p, [ctypes.c_char_p]
        return int(register(None))


def _load(name: str) -> ctypes.CDLL:
    found = ctypes.util.find_library(name) or f"lib{name}.so.1"
    return ctypes.CDLL(found, mode=ctypes.RTLD_GLOBAL)


def make_talk(level_db: float = -21.6, room_db: float = -65.0) -> Talk:
    """Speak the script at level_db (RMS while somebody speaks; -20 LUFS in stereo) over a faint room tone."""
    flite = Flite()
    pieces: list[npt.NDArray[np.int16]] = [np.zeros(int(LEAD_IN * RATE), np.int16)]
    at = len(pieces[0])
    sentences: list[Sentence] = []
    phones: dict[str, list[Span]] = {speaker: [] for speaker in VOICES}
    for speaker, text, gap in SCRIPT:
        samples, words, spoken = flite.say(text, VOICES[speaker])
        pieces += [samples, np.zeros(int(gap * RATE), np.int16)]
        sentences += _sentences(speaker, [word.moved(at / RATE) for word in words])
        phones[speaker] += [phone.moved(at / RATE) for phone in spoken]
        at += len(samples) + len(pieces[-1])
    at += int(TAIL * RATE)
    pieces.append(np.zeros(int(TAIL * RATE) + -at % FRAME, np.int16))
    speech = np.concatenate(pieces) / 32768.0
    frames = speech[: len(speech) // 400 * 400].reshape(-1, 400)  # 25 ms
    power = (frames**2).mean(axis=1)
    speech *= 10 ** (level_db / 20) / np.sqrt(power[power > power.max() * 1e-4].mean())
    sound = _upsample(speech, OUT_RATE // RATE)
    sound += np.random.default_rng(7).normal(0.0, 10 ** (room_db / 20), len(sound))
    if np.abs(sound).max() >= 1:
        raise RuntimeError("the sound clips: lower level_db")
    return Talk(sound, sentences, phones)


def _sentences(speaker: str, words: list[Span]) -> list[Sentence]:
    found: list[Sentence] = []
    start = 0
    for number, word in enumerate(words, 1):
        if word.text[-1] in ".?!":
            found.append(Sentence(speaker, words[start:number]))
            start = number
    return found


def _upsample(sound: Floats, factor: int) -> Floats:
    """Raise the rate by a whole factor with a symmetric low-pass: nothing moves in time."""
    half = 48 * factor
    taps = np.sinc(np.arange(-half, half + 1) / factor) * np.kaiser(2 * half + 1, 9.0)
    stuffed = np.zeros(len(sound) * factor)
    stuffed[::factor] = sound
    size = 1 << (len(stuffed) + len(taps)).bit_length()
    filtered = np.fft.irfft(np.fft.rfft(stuffed, size) * np.fft.rfft(taps, size), size)
    return filtered[half : half + len(stuffed)]


def captions(sentences: list[Sentence], width: int = 42, lead: float = 0.08) -> list[Span]:
    """Cut sentences into captions of at most two lines, breaking after commas where it can be done."""
    cues: list[Span] = []
    for sentence in sentences:
        for words in _phrases(sentence.words, width):
            lines = _two_lines([word.text for word in words], width)
            earliest = cues[-1].end if cues else 0.0
            start = max(earliest, words[0].start - lead)
            cues.append(Span("\n".join(lines), start, words[-1].end))
    return cues


def _phrases(words: list[Span], width: int) -> list[list[Span]]:
    if len(_two_lines([word.text for word in words], width)) <= 2:
        return [words]
    middle = len(words) / 2
    commas = [n for n, word in enumerate(words, 1) if word.text.endswith(",") and 2 < n < len(words) - 2]
    cut = min(commas or [round(middle)], key=lambda n: abs(n - middle))
    return _phrases(words[:cut], width) + _phrases(words[cut:], width)


def _two_lines(words: list[str], width: int) -> list[str]:
    """Break evenly in two when both lines fit; otherwise return more lines than two."""
    whole = " ".join(words)
    if len(whole) <= width:
        return [whole]
    pairs = [(" ".join(words[:n]), " ".join(words[n:])) for n in range(1, len(words))]
    fitting = [pair for pair in pairs if max(map(len, pair)) <= width]
    if not fitting:
        return words
    first, second = min(fitting, key=lambda pair: abs(len(pair[0]) - len(pair[1])))
    return [first, second]


def srt(cues: list[Span]) -> str:
    blocks = [f"{n}\n{_stamp(cue.start)} --> {_stamp(cue.end)}\n{cue.text}\n" for n, cue in enumerate(cues, 1)]
    return "\n".join(blocks)


def _stamp(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02},{rest % 1000:03}"
