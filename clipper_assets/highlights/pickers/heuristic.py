"""Finds highlights without a model: scores every allowed run of sentences by a weighted sum of nine features.

| feature | range | what it is |
|---|---|---|
| hook | 0, 1 | the opening sentence makes a claim, raises a question or promises a story (English cues) |
| question | 0, 1 | the opening sentence ends with a question mark |
| leaning | 0, 1 | the opening sentence begins with a conjunction or a reference (`opening_words.py`) |
| pace | -1..1 | words per second of speech compared with the episode's mean |
| energy | -1..1 | loudness compared with the episode's mean |
| novelty | -1..1 | mean inverse sentence frequency of the words compared with the episode's mean |
| ending | 0..1 | a finished sentence (0.6); then a pause of 0.5 s or a new speaker, and no leaning word (0.4) |
| housekeeping | 0..1 | greetings, mentions of sponsors: 0.5 where there is any, plus half its share of the sentences |
| crossing | 0..1 | the depth of the deepest change of the subject inside the run (`topics.py`) |

Pace, energy and novelty are deviations from the episode's mean, in standard deviations over the allowed runs, clipped
at two. Pace, energy, novelty, question marks and pauses work in any language, leaning words in six; the
cues of hook and housekeeping are English. The weights were chosen by judgement, not fitted: opening and ending count
most, and housekeeping outweighs everything else. A show whose makers decided about enough clips has weights of its own
(`taste.py`).

Sources
- Curiosity gap of hooks and questions: Loewenstein, The psychology of curiosity, Psychological Bulletin 116(1), 1994.
- Arousal makes content shared: Berger & Milkman, What makes online content viral?, J. Marketing Research 49(2), 2012.
- Loudness and rate of speech as signs of arousal: Banse & Scherer, Acoustic profiles in vocal emotion expression,
  J. Personality and Social Psychology 70(3), 1996. Loudness is measured as in ITU-R BS.1770 and EBU R 128.
- Faster speech holds and persuades: Miller, Maruyama, Beaber & Valone, Speed of speech and persuasion,
  J. Personality and Social Psychology 34(4), 1976.
- Weighing words by how rare they are: Luhn, The automatic creation of literature abstracts, IBM Journal 2(2), 1958;
  Spärck Jones, A statistical interpretation of term specificity, J. Documentation 28(1), 1972.
- Conjunctions and pronouns tie a sentence to the one before: Halliday & Hasan, Cohesion in English, 1976.
- Pauses mark the ends of topics: Swerts, Prosodic features at discourse boundaries of different strength,
  J. Acoustical Society of America 101(1), 1997.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from clipper_assets.highlights.edges import Edges
from clipper_assets.highlights.hashtags import Names
from clipper_assets.highlights.pickers import word_lists as cues
from clipper_assets.highlights.pickers.about import about
from clipper_assets.highlights.pickers.base import Picked, Picker, Talk
from clipper_assets.highlights.rules import Candidate, choose
from clipper_assets.highlights.run import Run, Runs
from clipper_assets.highlights.titles import Lines, spoken_title
from clipper_assets.highlights.window import Features
from clipper_assets.runtime.asset_names import HIGHLIGHT_WINDOWS
from clipper_assets.runtime.degraded import Degraded
from clipper_assets.runtime.progress import Report
from clipper_assets.text.tokens import inverse_frequency, tokens
from clipper_assets.transcript.punctuation import is_question, is_terminated, trails_off
from clipper_assets.transcript.words import Sentence

HEURISTIC = "heuristic"
"""Value of the column `picker`."""

Values = NDArray[np.float64]

WEIGHTS = {
    "hook": 1.5,
    "question": 1.5,
    "leaning": -1.0,
    "pace": 1.0,
    "energy": 1.0,
    "novelty": 1.0,
    "ending": 2.0,
    "housekeeping": -8.0,
    "crossing": -3.0,
}
PHRASES = {
    "hook": "opens with a hook",
    "question": "opens with a question",
    "leaning": "refers to what was said before",
    "pace": "spoken faster than average for the episode",
    "energy": "louder than average for the episode",
    "novelty": "words that are rare in the episode",
    "ending": "ends on a finished sentence",
    "housekeeping": "contains a greeting or names a sponsor",
    "crossing": "moves on to another subject",
}
FINISHED_THOUGHT = "ends on a finished thought"
"""Instead of the phrase for the ending where its feature is 1."""
# Housekeeping and crossing are not part of the scale: runs that have them end up at the lower end.
LOWEST = -(1.0 + WEIGHTS["pace"] + WEIGHTS["energy"] + WEIGHTS["novelty"])
HIGHEST = sum(weight for weight in WEIGHTS.values() if weight > 0)
ON_TOPIC = 10.0 * (HIGHEST - LOWEST)
"""Weight of a run about the topics that were asked for: more than all other features together."""

PAUSE_S = 0.5

ROUNDS = 5
"""How often windows are chosen again at most because some of them repeat others."""
HOOK_CHARACTERS = 100
NOTABLE = 0.25


def tokens_said(talk: Talk) -> list[list[str]]:
    """The tokens of each sentence of a talk; one that no window may contain has none."""
    return [
        tokens(sentence.text, talk.language) if usable else []
        for sentence, usable in zip(talk.sentences, talk.usable, strict=True)
    ]


def housekeeping(sentences: Sequence[Sentence]) -> Values:
    """1 for sentences that greet or name a sponsor and the like, 0 for others; shape (sentences,)."""
    return np.array([not s.doubtful and bool(cues.HOUSEKEEPING.search(s.text)) for s in sentences], dtype=np.float64)


def endings(sentences: Sequence[Sentence], depends: NDArray[np.bool_]) -> Values:
    """How well each sentence ends a window, 0..1, shape (sentences,): 0 for a question, which lacks its answer, and for
    an unfinished sentence; 1 only if the thought is finished, too. `depends` says which sentences
    open with a reference to what came before, of the same shape.
    """
    finished = [is_terminated(s.text) and not is_question(s.text) and not trails_off(s.text) for s in sentences]
    pause = [
        after.start - before.end >= PAUSE_S or after.speaker != before.speaker for before, after in pairwise(sentences)
    ]
    moves_on = np.array([*pause, True], dtype=bool) & ~np.append(depends[1:], False)
    return np.asarray(finished * (0.6 + 0.4 * moves_on))


def deviation(values: Values, mean: float) -> Values:
    """Standard deviations from `mean`, clipped at two and scaled to -1..1; 0 for NaN."""
    spread = float(np.nanstd(values)) if np.isfinite(values).any() else 0.0
    if not spread:
        return np.zeros_like(values)
    return np.asarray(np.nan_to_num(np.clip((values - mean) / (2 * spread), -1.0, 1.0)))


def features(talk: Talk, allowed: Sequence[Run]) -> dict[str, Values]:
    """Every feature of the module's table for every run; each of shape (runs,)."""
    sentences = talk.sentences
    first, after = Runs.of(allowed).first, Runs.of(allowed).last + 1

    def total(per_sentence: Values) -> Values:
        sums = np.concatenate([[0.0], np.cumsum(per_sentence)])
        return np.asarray(sums[after] - sums[first])

    def opening(is_true: list[bool]) -> Values:
        return np.array(is_true, dtype=np.float64)[first]

    def mean(amount: Values, size: Values) -> tuple[Values, float]:
        """The mean of each run (NaN if its size is 0) and of the episode."""
        sums, sizes = total(amount), total(size)
        of_runs = np.divide(sums, sizes, out=np.full_like(sums, np.nan), where=sizes > 0)
        return of_runs, float(amount.sum() / size.sum()) if size.any() else np.nan

    # Sentences that are in no run do not count in the episode's means either.
    is_usable = np.array(talk.usable)
    seconds = is_usable * [s.end - s.start for s in sentences]
    word_counts = is_usable * [float(s.last_word - s.first_word + 1) for s in sentences]
    known = np.isfinite(talk.loudness)
    power = np.where(known, 10 ** (np.where(known, talk.loudness, 0.0) / 10), 0.0)
    run_power, mean_power = mean(power * seconds, np.where(known, seconds, 0.0))

    tokenized = tokens_said(talk)
    rarity = inverse_frequency(tokenized)
    novelty = np.array([sum(rarity[token] for token in sentence) for sentence in tokenized])

    english = talk.language.startswith("en")
    edges = Edges(sentences, talk.language)
    is_housekeeping = housekeeping(sentences) if english else np.zeros(len(sentences))
    crossing = np.zeros(len(allowed))
    for change in talk.topic_changes:
        inside = (first < change.position) & (change.position < after)
        crossing[inside] = np.maximum(crossing[inside], change.depth)
    housekeeping_share = total(is_housekeeping) / (after - first)
    return {
        "hook": opening([english and bool(cues.HOOK.search(s.text)) for s in sentences]),
        "question": opening([is_question(sentence.text) for sentence in sentences]),
        "leaning": opening(edges.leaning.tolist()),
        "pace": deviation(*mean(word_counts, seconds)),
        "energy": deviation(10 * np.log10(run_power), 10 * float(np.log10(mean_power))),
        "novelty": deviation(*mean(novelty, np.array([len(s) for s in tokenized], dtype=np.float64))),
        "ending": endings(sentences, edges.depends)[after - 1],
        "housekeeping": np.where(housekeeping_share > 0, 0.5 + 0.5 * housekeeping_share, 0.0),
        "crossing": crossing,
    }


def features_of(talk: Talk, chosen: Sequence[Run]) -> list[Features]:
    """The features of chosen runs, which are among those that the talk allows."""
    if not chosen:
        return []
    allowed = talk.runs
    values = features(talk, allowed)
    places = [np.flatnonzero((allowed.first == run.first) & (allowed.last == run.last))[0] for run in chosen]
    return [[{"name": name, "value": float(each[place])} for name, each in values.items()] for place in places]


def shortened(text: str, characters: int) -> str:
    """`text`, cut off after a whole word if it is longer than `characters`."""
    if len(text) <= characters:
        return text
    return text[: characters - 1].rsplit(" ", 1)[0].rstrip(",;:-") + "\u2026"


class HeuristicPicker(Picker):
    """Picks windows by features of the speech; deterministic for a given transcript."""

    def pick(self, talk: Talk, report: Report) -> Picked:
        allowed = talk.runs
        run_features = features(talk, allowed)
        weights = WEIGHTS | talk.taste.weights
        raw = np.sum([weights[name] * values for name, values in run_features.items()], axis=0)
        strength = np.clip((raw - LOWEST) / (HIGHEST - LOWEST), 0.0, 1.0)
        on_topic = about(talk, allowed) if talk.topics else np.zeros(len(allowed))
        if on_topic.any():
            raw, strength = raw + ON_TOPIC * on_topic, (strength + (on_topic > 0)) / 2
        scores = 1.0 + 9.0 * strength
        report(0.5)

        rarity = inverse_frequency(tokens_said(talk))
        names = Names([sentence.text for sentence in talk.sentences if not sentence.doubtful], talk.language)
        candidates = []
        for i in _chosen(talk, raw):
            run = allowed[i]
            texts = [sentence.text for sentence in talk.sentences[run.first : run.last + 1]]
            hook = shortened(talk.sentences[run.first].text, HOOK_CHARACTERS)
            weighed = {name: weights[name] * float(values[i]) for name, values in run_features.items()}
            phrases = PHRASES | ({"ending": FINISHED_THOUGHT} if run_features["ending"][i] == 1.0 else {})
            notable = sorted((name for name in weighed if abs(weighed[name]) >= NOTABLE), key=lambda n: -weighed[n])
            candidates.append(
                Candidate(
                    first=run.first,
                    last=run.last,
                    score=round(float(scores[i]), 2),
                    hook=hook,
                    title=spoken_title(Lines(texts, talk.language, rarity)) or hook,
                    reason="; ".join(
                        [*(["about what was asked for"] if on_topic[i] else []), *(phrases[name] for name in notable)]
                    )
                    or "nothing stands out",
                    hashtags=names.hashtags(texts),
                )
            )
        report(1.0)
        return Picked(candidates, HEURISTIC, degraded=_off_topic(talk, bool(on_topic.any())))


def _chosen(talk: Talk, raw: Values) -> list[int]:
    """Indices of the best runs of the talk that show different moments, best first.

    Where two of them show the same moment, the worse one, and all runs that overlap it, make room for others.
    """
    allowed = talk.runs
    left = np.flatnonzero(talk.moments.fresh(allowed))
    best: list[int] = []
    for _ in range(ROUNDS):
        chosen = [int(left[i]) for i in choose(allowed.chosen(left), raw[left], talk.count)]
        kept = talk.moments.distinct([allowed[i] for i in chosen])
        best = [chosen[i] for i in kept]
        repeated = [allowed[i] for i in chosen if i not in best]
        overlaps = np.zeros(left.size, dtype=bool)
        for run in repeated:
            overlaps |= (allowed.first[left] <= run.last) & (run.first <= allowed.last[left])
        left = left[~overlaps]
        if not repeated or not left.size:
            break
    return best


def _off_topic(talk: Talk, found: bool) -> Sequence[Degraded]:
    """A fallback if nothing is said about the topics."""
    if found or not talk.topics:
        return ()
    shown = shortened(talk.topics, HOOK_CHARACTERS)
    return [Degraded(HIGHLIGHT_WINDOWS, f"no clip is about {shown!r}, because nobody says these words")]
