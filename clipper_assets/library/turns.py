"""The table `turns`, made from the sentences: a quarter of their rows answers what is asked about speakers."""

import pyarrow as pa

from clipper_assets.library.tables import TURNS


def turns_of(sentences: pa.Table) -> pa.Table:
    """Rows of `TURNS` from rows of `SENTENCES`, of any number of episodes, in the same order."""
    import pyarrow.compute as pc

    counted = sentences.filter(pc.invert(sentences["advert"]))
    counted = (
        counted.set_column(counted.schema.get_field_index("question"), "question", counted["question"].cast(pa.int32()))
        .append_column("said", pc.subtract(counted["words"], counted["doubtful"]))
        .append_column("seconds", pc.subtract(counted["end"], counted["start"]))
    )
    grouped = counted.group_by(["episode", "show", "turn", "speaker", "language"], use_threads=False).aggregate(
        [
            ("start", "min"),
            ("end", "max"),
            ("sentence", "count"),
            ("question", "sum"),
            ("said", "sum"),
            ("seconds", "sum"),
        ]
    )
    names = {
        "start_min": "start",
        "end_max": "end",
        "sentence_count": "sentences",
        "question_sum": "questions",
        "said_sum": "words",
        "seconds_sum": "seconds",
    }
    return grouped.rename_columns(names).select(TURNS.schema.names).cast(TURNS.schema)
