"""All gates, in the order in which the manifest and the asset checks list them."""

from typing import ClassVar

from pydantic import Field

from clipper_assets.captions.long_words import READABLE_PX
from clipper_assets.captions.script_fonts import remedy_for, scripts_of
from clipper_assets.clips.gates.figures import Figures
from clipper_assets.clips.gates.gate import Count, Gate, Judgement, Limit, Positive, Share, Size, at_most, same
from clipper_assets.highlights.run import MIN_WITH_WORDS

CODECS = "h264 yuv420p, aac 48000 Hz 2 channels"
FPS_TOLERANCE = 0.0005
"""Allowed relative deviation: half of the difference between 30 and 30000/1001 fps."""
UNEVEN_FRAMES = 0.1
"""Allowed deviation as a share of a frame's duration; no container rounds timestamps by that much."""
QUOTED_LETTERS = 5
OFF = "off"
"""Shown in place of a limit that is switched off."""


class Duration(Gate):
    name, check = "duration", "clip_format"
    duration_s: Positive = Field(0.04, description="largest deviation from the planned duration, in seconds")

    def judge(self, figures: Figures) -> Judgement:
        planned_s = figures.promised.duration_s
        off_s = round(abs(figures.duration_s - planned_s), 4)
        fault = f"lasts {figures.duration_s:.2f} s instead of {planned_s:.2f} s"
        return at_most(off_s, self.duration_s, "s off the plan", fault)


class FrameSize(Gate):
    name, check = "size", "clip_format"

    def judge(self, figures: Figures) -> Judgement:
        planned = figures.promised
        return same(f"{figures.width_px}x{figures.height_px}", f"{planned.width_px}x{planned.height_px}", "px")


class FileSize(Gate):
    name, check = "bytes", "clip_format"
    # Instagram accepts no larger Reels through its API (Ayrshare, "Media guidelines"); other platforms accept more.
    bytes: Size = Field(300_000_000, description="largest file size")

    def judge(self, figures: Figures) -> Judgement:
        return at_most(figures.size_bytes, self.bytes, "bytes", f"has a file size of {figures.size_bytes / 1e6:.0f} MB")


class Codec(Gate):
    name, check = "codec", "clip_format"

    def judge(self, figures: Figures) -> Judgement:
        audio = f"{figures.audio_codec} {figures.audio_rate_hz} Hz {figures.audio_channels} channels"
        return same(f"{figures.video_codec} {figures.pixel_format}, {audio}", CODECS, "")


class FrameRate(Gate):
    name, check = "fps", "clip_format"

    def judge(self, figures: Figures) -> Judgement:
        planned_fps = figures.promised.fps
        uneven = figures.uneven_s * planned_fps > UNEVEN_FRAMES
        off = abs(figures.fps - planned_fps) > FPS_TOLERANCE * planned_fps
        pace = "unevenly spaced frames" if uneven else f"{figures.fps:.2f} fps"
        fault = f"has {pace} instead of a constant {planned_fps:.2f} fps"
        return Judgement(not (uneven or off), figures.fps, planned_fps, "fps", fault)


class AudioVideoOffset(Gate):
    name, check = "av_offset", "clip_format"
    # EBU R 37: audio may be at most 40 ms ahead of the video, and at most 60 ms behind it.
    early_sound_s: Positive = Field(0.04, description="how much the audio may start or end before the video")
    late_sound_s: Positive = Field(0.06, description="how much the audio may start or end after the video")

    def judge(self, figures: Figures) -> Judgement:
        start_s, end_s = figures.late_sound_s, figures.long_sound_s
        early, late = self.early_sound_s, self.late_sound_s
        passed = (early is None or min(start_s, end_s) >= -early) and (late is None or max(start_s, end_s) <= late)
        limits = f"{OFF if early is None else f'-{early:g}'} to {OFF if late is None else f'{late:g}'}"
        fault = f"has audio that starts {start_s:+.2f} s and ends {end_s:+.2f} s relative to its video"
        return Judgement(passed, max(start_s, end_s, key=abs), limits, "s", fault)


class Black(Gate):
    name, check = "black", "clip_picture"
    black_s: Positive = Field(0.5, description="longest black stretch")

    def judge(self, figures: Figures) -> Judgement:
        return at_most(figures.black_s, self.black_s, "s", f"has {figures.black_s:.1f} s of black picture")


class Frozen(Gate):
    name, check = "frozen", "clip_picture"
    frozen_s: Positive = Field(5.0, description="longest stretch without motion, except slides and shared screens")

    def judge(self, figures: Figures) -> Judgement:
        return at_most(figures.frozen_s, self.frozen_s, "s", f"has {figures.frozen_s:.1f} s of frozen picture")


class Blank(Gate):
    name, check = "blank", "clip_picture"
    blank_s: Positive = Field(1.0, description="longest stretch that shows only one colour, a wall or a blur")

    def judge(self, figures: Figures) -> Judgement:
        return at_most(figures.blank_s, self.blank_s, "s", f"has {figures.blank_s:.1f} s of blank picture")


class Loudness(Gate):
    """Fails a silent clip, although its loudness cannot be measured."""

    name, check = "loudness", "clip_loudness"
    loudness_lufs: Limit = Field(-14.0, description="target integrated loudness")
    loudness_lu: Positive = Field(0.5, description="largest deviation from the target loudness")

    def judge(self, figures: Figures) -> Judgement:
        lufs, target, tolerance = figures.loudness_lufs, self.loudness_lufs, self.loudness_lu
        passed, fault = True, ""
        if target is not None and tolerance is not None:
            # The meter shows tenths. The added 0.01 makes -13.5 pass as within 0.5 of -14 despite float rounding.
            passed = lufs is not None and abs(lufs - target) <= tolerance + 0.01
            fault = "is silent" if lufs is None else f"has {lufs:.1f} LUFS instead of {target:g} within {tolerance:g}"
        return Judgement(passed, lufs, None if tolerance is None else target, "LUFS", fault)


class TruePeak(Gate):
    name, check = "true_peak", "clip_loudness"
    true_peak_dbtp: Limit = Field(-1.0, description="highest true peak")

    def judge(self, figures: Figures) -> Judgement:
        peak_dbtp = figures.true_peak_dbtp
        return at_most(peak_dbtp, self.true_peak_dbtp, "dBTP", f"has a true peak of {peak_dbtp} dBTP")


class SafeArea(Gate):
    name, check = "safe_area", "clip_captions"
    overhang_px: Positive = Field(1.0, description="how far captions may extend beyond the safe area")

    def judge(self, figures: Figures) -> Judgement:
        overhang_px = figures.caption_overhang_px
        return at_most(overhang_px, self.overhang_px, "px", f"has captions {overhang_px:.0f} px outside the safe area")


class ReadingSpeed(Gate):
    """Only warns, because the captions follow the speech and people in an episode may speak fast."""

    name, check = "reading_speed", "clip_captions"
    blocks: ClassVar[bool] = False
    # 260 words per minute, above which British conversation is "faster than normal" (Tauroza & Allison 1990), times
    # 5.7 characters: 4.7 letters and a space.
    reading_speed_cps: Positive = Field(25.0, description="most characters of captions per second, over five seconds")

    def judge(self, figures: Figures) -> Judgement:
        cps = figures.reading_speed_cps
        fault = f"has {cps:.0f} characters of captions a second" if cps else ""
        return at_most(cps, self.reading_speed_cps, "characters/s", fault)


class CaptionSync(Gate):
    name, check = "sync", "clip_captions"
    sync_s: Positive = Field(0.25, description="largest delay between speech and captions, either way")
    # Measured: 0.15 to 0.48 for correct captions under music that is as loud as the speech or up to 15 dB quieter, and
    # 0.05 to 0.28 (95 % of cases) for captions from another part of the episode.
    speech_match: Share = Field(0.2, description="lowest correlation of speech and captions, 0..1")

    def judge(self, figures: Figures) -> Judgement:
        late_s, match = figures.late_speech_s, figures.speech_match
        passed, fault = True, ""
        if late_s is not None and match is not None:
            agrees = self.speech_match is None or match >= self.speech_match
            passed = agrees and (self.sync_s is None or abs(late_s) <= self.sync_s)
            side = "before" if late_s < 0 else "after"
            fault = f"has speech {abs(late_s):.2f} s {side} its captions"
            if not agrees:
                fault = f"has captions that do not follow its speech (agreement {match:.2f})"
        return Judgement(passed, late_s, self.sync_s, "s", fault)


class CaptionsMissing(Gate):
    name, check = "captions_missing", "clip_captions"
    missing_captions: Count = Field(0, description="most pieces of planned captions that are not burned in")

    def judge(self, figures: Figures) -> Judgement:
        missing = figures.missing_captions
        return at_most(missing, self.missing_captions, "captions", f"is missing {missing} of its planned captions")


class Glyphs(Gate):
    name, check = "glyphs", "clip_captions"
    missing_letters: Count = Field(0, description="most different letters of captions that no font draws")

    def judge(self, figures: Figures) -> Judgement:
        letters = figures.missing_letters
        scripts = " and ".join(scripts_of(letters))
        quoted = letters[:QUOTED_LETTERS] + ("…" if len(letters) > QUOTED_LETTERS else "")
        fault = f"has captions in {scripts} with letters that no font draws ({quoted}); {remedy_for(letters)}"
        return at_most(len(letters), self.missing_letters, "letters", fault)


class LetterSize(Gate):
    name, check = "letter_size", "clip_captions"
    letters_px: Positive = Field(READABLE_PX, description="least height of the em of captions, in pixels")

    def judge(self, figures: Figures) -> Judgement:
        px, least_px = figures.letters_px, self.letters_px
        passed = px is None or least_px is None or px >= least_px
        fault = f"has captions with letters of {px:.0f} pixels, too small to be read" if px is not None else ""
        return Judgement(passed, px, least_px, "px", fault)


class Speaker(Gate):
    name, check = "speaker", "clip_speaker"
    speaker_share: Share = Field(0.9, description="lowest share of the time in which the current speaker is in frame")

    def judge(self, figures: Figures) -> Judgement:
        share = figures.speaker_share
        passed = share is None or self.speaker_share is None or share >= self.speaker_share
        fault = f"shows the current speaker only {share:.0%} of the time" if share is not None else ""
        return Judgement(passed, share, self.speaker_share, "of the speech", fault)


class Alone(Gate):
    """Only warns, because not every recording lets the crop leave other people out."""

    name, check = "alone", "clip_speaker"
    blocks: ClassVar[bool] = False
    alone_share: Share = Field(
        0.9, description="lowest share of the time in which only the wanted people are in the picture"
    )

    def judge(self, figures: Figures) -> Judgement:
        share = figures.alone_share
        passed = share is None or self.alone_share is None or share >= self.alone_share
        fault = f"shows other people besides the wanted ones {1 - share:.0%} of the time" if share is not None else ""
        return Judgement(passed, share, self.alone_share, "of the time", fault)


class WholeWords(Gate):
    name, check = "whole_words", "clip_words"
    cut_word_s: Positive = Field(0.05, description="how far the start or the end may cut into a word")

    def judge(self, figures: Figures) -> Judgement:
        cut_s = figures.cut_word_s
        return at_most(cut_s, self.cut_word_s, "s", f"cuts {cut_s:.2f} s into a word at its start or end")


class WordsMissing(Gate):
    name, check = "words_missing", "clip_words"
    speech_with_words: Share = Field(MIN_WITH_WORDS, description="lowest share of the speech that has words")

    def judge(self, figures: Figures) -> Judgement:
        share = figures.speech_with_words
        passed = share is None or self.speech_with_words is None or share >= self.speech_with_words
        fault = f"has words for only {share:.0%} of its speech" if share is not None else ""
        return Judgement(passed, share, self.speech_with_words, "of the speech", fault)


class Advert(Gate):
    """Counts adverts only: people may want an intro, an outro or a call to subscribe in a clip."""

    name, check = "advert", "clip_adverts"
    advert_s: Positive = Field(2.0, description="most seconds of adverts")

    def judge(self, figures: Figures) -> Judgement:
        advert_s = figures.advert_s
        return at_most(advert_s, self.advert_s, "s", f"shows {advert_s:.1f} s of an advert")


class QuietEnds(Gate):
    """Only warns, because music or laughter at the start or end of a clip may be part of the episode."""

    name, check = "quiet_ends", "clip_words"
    blocks: ClassVar[bool] = False
    edge_level_db: Limit = Field(
        -10.0,
        description="highest level of the start and the end relative to the speech, unless speech continues there",
    )

    def judge(self, figures: Figures) -> Judgement:
        db = figures.edge_level_db
        fault = (
            f"starts or ends with sound only {-db:.0f} dB below its speech, although nobody speaks there"
            if db is not None
            else ""
        )
        return at_most(db, self.edge_level_db, "dB", fault)


GATES: tuple[type[Gate], ...] = (
    Duration, FrameSize, FileSize, Codec, FrameRate, AudioVideoOffset, Black, Frozen, Blank, Loudness, TruePeak,
    SafeArea, ReadingSpeed, CaptionSync, CaptionsMissing, Glyphs, LetterSize, Speaker, Alone, WholeWords,
    WordsMissing, QuietEnds, Advert,
)  # fmt: skip
