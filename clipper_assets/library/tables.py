"""The Delta tables below `lake/library`: what they hold of each episode."""

import pyarrow as pa

from clipper_assets.costs.rows import COSTS
from clipper_assets.storage.lake import LAKE
from clipper_assets.storage.tables import Column, TableSpec

FOLDER = f"{LAKE}/library"
TIME = pa.timestamp("us", tz="UTC")
EPISODE = Column("episode", pa.string(), "partition key of the episode")
SHOW = Column("show", pa.string(), "partition key of the show, which is the folder of its uploads")
START = Column("start", pa.float64(), "seconds from the start of the episode")
END = Column("end", pa.float64(), "seconds from the start of the episode")
SPEAKER = Column("speaker", pa.string(), "name, or a label such as `SPEAKER_00`; null if unknown", nullable=True)
LANGUAGE = Column("language", pa.string(), "ISO 639-1 code of the spoken language")
PICKED = [
    Column("picker", pa.string(), "`openai:<model>`, `heuristic` or `editor`; `unknown` if the clip's window is gone"),
    Column("prompt", pa.string(), "name of the prompt; null without a model", nullable=True),
    Column("prompt_version", pa.string(), "hash of the prompts; null without a model", nullable=True),
]

EPISODES = TableSpec(
    "episodes",
    [
        EPISODE,
        SHOW,
        Column("title", pa.string(), "title of the episode"),
        Column("published_at", TIME, "when it was published, as far as known: else when it was uploaded"),
        Column("duration_s", pa.float64(), "seconds"),
        LANGUAGE,
        Column("speakers", pa.int32(), "number of speakers; null if unknown", nullable=True),
        Column("words", pa.int32(), "number of words"),
        Column("corrections", pa.int32(), "number of words that people corrected or removed"),
        Column("clips", pa.int32(), "number of clips in the default look"),
        Column("publishable", pa.int32(), "how many of them are ready to post"),
        Column("approved", pa.int32(), "how many of them a person approved"),
        Column("rejected", pa.int32(), "how many of them a person rejected"),
        Column("cpu_seconds", pa.float64(), "CPU seconds of all its steps; 0 if `costs` has no rows of it"),
        Column("gpu_seconds", pa.float64(), "seconds for which its steps held a GPU; 0 if `costs` has no rows of it"),
        Column("usd", pa.float64(), "dollars of all its steps; 0 if `costs` has no rows of it"),
        Column("degraded", pa.list_(pa.string()), "the reasons of the fallbacks used for the episode or its clips"),
        Column("finished_at", TIME, "when its clips were finished"),
        Column("version", pa.string(), "hash of what the rows of this episode were made from"),
    ],
)
WORDS = TableSpec(
    "words",
    [
        EPISODE,
        SHOW,
        Column("sentence", pa.int32(), "sentence, from 0"),
        Column("word", pa.int32(), "word, from 0, in time order"),
        Column("text", pa.string(), "the word with its punctuation, as people corrected it"),
        START,
        END,
        SPEAKER,
        LANGUAGE,
        Column("confidence", pa.float32(), "0..1; null if the engine gives none", nullable=True),
        Column("doubt", pa.string(), "why the word may not have been said; null if there is no doubt", nullable=True),
        Column("recognized", pa.string(), "the word as it was recognized, where people corrected it", nullable=True),
    ],
)
SENTENCES = TableSpec(
    "sentences",
    [
        EPISODE,
        SHOW,
        Column("sentence", pa.int32(), "sentence, from 0"),
        Column("turn", pa.int32(), "turn of a speaker, from 0: sentences of one speaker without another in between"),
        START,
        END,
        SPEAKER,
        LANGUAGE,
        Column("words", pa.int32(), "number of words"),
        Column("doubtful", pa.int32(), "how many of them may not have been said"),
        Column("text", pa.string(), "the sentence, as people corrected it"),
        Column("plain", pa.string(), "its words in small letters without accents, with a space around each"),
        Column("question", pa.bool_(), "whether it ends with a question mark, in any script"),
        Column("advert", pa.bool_(), "whether it is in an advert, intro, outro or call to subscribe"),
    ],
)
TURNS = TableSpec(
    "turns",
    [
        EPISODE,
        SHOW,
        Column("turn", pa.int32(), "turn of a speaker, from 0, as in `sentences`; turns of adverts alone are left out"),
        START,
        END,
        SPEAKER,
        LANGUAGE,
        Column("sentences", pa.int32(), "number of sentences outside adverts, which all the following columns count"),
        Column("questions", pa.int32(), "how many of them end with a question mark"),
        Column("words", pa.int32(), "number of words without those that may not have been said"),
        Column("seconds", pa.float64(), "seconds of the sentences, without the pauses between them"),
    ],
)
WINDOWS = TableSpec(
    "windows",
    [
        EPISODE,
        SHOW,
        Column("clip", pa.int32(), "clip, from 0, best score first"),
        START,
        END,
        Column("virality_score", pa.float32(), "1..10"),
        Column("title", pa.string(), "title of the clip"),
        Column("hook", pa.string(), "the line that makes a viewer stay"),
        Column("hashtags", pa.list_(pa.string()), "hashtags, with their #"),
        *PICKED,
    ],
)
CLIPS = TableSpec(
    "clips",
    [
        EPISODE,
        SHOW,
        Column("clip", pa.int32(), "clip, from 0, best score first"),
        Column("look", pa.string(), "name of the look; null for the default one", nullable=True),
        Column("aspect", pa.string(), "width to height, `9:16`"),
        Column("caption_style", pa.string(), "name of the caption style"),
        START,
        END,
        Column("duration_s", pa.float64(), "seconds of the encoded file"),
        Column("title", pa.string(), "title of the clip"),
        Column("hook", pa.string(), "the line that makes a viewer stay"),
        Column("virality_score", pa.float32(), "1..10"),
        *PICKED,
        Column("publishable", pa.bool_(), "whether nothing holds it back"),
        Column("held_back", pa.list_(pa.string()), "why it is held back"),
        Column("decision", pa.string(), "`approved` or `rejected`; null if nobody decided", nullable=True),
        Column("key", pa.string(), "object key of the mp4"),
        Column("bytes", pa.int64(), "size of the mp4"),
        Column("rendered_at", TIME, "when the clips of this look were finished"),
        Column("degraded", pa.list_(pa.string()), "the reasons of the fallbacks used for this clip"),
    ],
)
TABLES = (EPISODES, WORDS, SENTENCES, TURNS, WINDOWS, CLIPS, COSTS)
"""All tables. Every episode has exactly one row in `episodes`, which is written last."""
