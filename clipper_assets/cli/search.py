"""`clipper search`: finds what was said in any episode."""

from datetime import datetime

import click
from rich.text import Text

from clipper_assets.api.views.search import results
from clipper_assets.cli.mistakes import MISTAKES
from clipper_assets.episodes.partitions import object_key, partition_key
from clipper_assets.search.hits import Hit, Spoken
from clipper_assets.search.index import BrokenIndexError
from clipper_assets.search.library import MAX_HITS, Found, Library, index_folder
from clipper_assets.search.query import Filters
from clipper_assets.settings import Settings
from clipper_assets.storage.root import storage_at
from clipper_assets.text.clean import clean_text
from clipper_assets.text.terminal import console, mistakes_in_one_sentence

DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--show", help="only uploads in this folder and the folders in it")
@click.option("--speaker", help="only what this person says: a name or a part of it")
@click.option("--since", type=DAY, help="only episodes uploaded on this day or later (UTC)")
@click.option("--until", type=DAY, help="only episodes uploaded on this day or earlier (UTC)")
@click.option("--episode", help="only the upload with this key")
@click.option("--limit", type=click.IntRange(1, MAX_HITS), default=10, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="print the hits as JSON, as GET /search answers them")
def search(
    words: tuple[str, ...],
    show: str | None,
    speaker: str | None,
    since: datetime | None,
    until: datetime | None,
    episode: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """Find WORDS in the transcripts of all episodes: words, a "phrase" or the beginning of a word*.

    In a shell, a phrase needs two kinds of quotes: clipper search '"honey bees"'.
    """
    with mistakes_in_one_sentence(*MISTAKES, BrokenIndexError):
        settings = Settings()
        storage = storage_at(settings.storage, settings.url_expiry_s)
        library = Library(storage, index_folder(storage, settings.search_dir))
        with console.status("looking for new transcripts"):
            library.synchronize()
        filters = Filters(
            show=show,
            speaker=speaker,
            since=since.date() if since else None,
            until=until.date() if until else None,
            episode=partition_key(storage.checked(episode)) if episode else None,
        )
        try:
            found = library.search(" ".join(words), filters, limit)
        except BrokenIndexError:
            library.synchronize()
            found = library.search(" ".join(words), filters, limit)
    if as_json:
        click.echo(results(found, None, limit, storage.uri).model_dump_json(indent=2))
        return
    _print(found)


def _print(found: Found) -> None:
    for hit in found.hits:
        heading = f"{clean_text(object_key(hit.partition))}  {_clock(hit.sentence.start)}  {hit.sentence.speaker or ''}"
        console.print(heading.rstrip(), style="bold", markup=False, highlight=False, soft_wrap=True)
        console.print(_around(hit), soft_wrap=True)
    if not found.hits:
        console.print("Nothing found.")
    if found.more:
        console.print("There are more hits: raise --limit, or name more words.")
    for partition, skipped in (found.state.skipped if found.state else {}).items():
        console.print(
            f"WARN: {object_key(partition)} is not searched: {skipped.reason}",
            style="yellow",
            markup=False,
            soft_wrap=True,
        )
    if found.state is None or found.state.waiting:
        console.print(
            "WARN: another process is indexing transcripts; search again later", style="yellow", soft_wrap=True
        )


def _around(hit: Hit) -> Text:
    text = Text("  ")
    for sentence, style in ((hit.before, "dim"), (hit.sentence, ""), (hit.after, "dim")):
        if sentence is not None:
            text.append_text(_marked(sentence, style)).append(" ")
    return text


def _marked(sentence: Spoken, style: str) -> Text:
    text = Text(sentence.text, style)
    for start, end in sentence.marks:
        text.stylize("bold yellow", start, end)
    return text


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
