"""Searches the transcripts of all episodes."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query

from clipper_assets.api.deps import ServicesDep
from clipper_assets.api.problems import RefusedError, answers
from clipper_assets.api.views.search import Results, results
from clipper_assets.search.index import BrokenIndexError
from clipper_assets.search.library import MAX_HITS
from clipper_assets.search.query import MAX_QUERY, Filters, QueryError
from clipper_assets.search.ranking import CANDIDATES

router = APIRouter(tags=["search"])
MAX_NAME = 200
"""Characters of a speaker's name."""


@router.get("/search", responses=answers())
def search(
    services: ServicesDep,
    q: Annotated[
        str,
        Query(
            min_length=1,
            max_length=MAX_QUERY,
            description='words, a `"phrase"` or the beginning of a `word*`',
            examples=["honey bees"],
        ),
    ],
    show: Annotated[str | None, Query(max_length=1024, description="folder of the uploads, with those in it")] = None,
    speaker: Annotated[
        str | None, Query(max_length=MAX_NAME, description="name of who says it, or a part of it")
    ] = None,
    since: Annotated[date | None, Query(description="first day of the upload (UTC)", examples=["2026-01-31"])] = None,
    until: Annotated[date | None, Query(description="last day of the upload (UTC)")] = None,
    episode: Annotated[str | None, Query(max_length=1024, description="key of one upload")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_HITS)] = 10,
    offset: Annotated[int, Query(ge=0, lt=CANDIDATES, description="`next_offset` of the previous page")] = 0,
) -> Results:
    """Find what was said: passages of transcripts, the best first, each with the sentence that matches best."""
    filters = Filters(
        show=show or None,
        speaker=speaker or None,
        since=since,
        until=until,
        episode=services.states.partition(episode) if episode else None,
    )
    try:
        found = services.library.search(q, filters, limit, offset)
    except QueryError as error:
        raise RefusedError(422, str(error)) from None
    except BrokenIndexError:
        raise RefusedError(
            503, "the search index was damaged and is being built again; try again in a moment"
        ) from None
    if found.state is None:
        raise RefusedError(503, services.library.problem or "the search index is being built; try again in a moment")
    return results(found, services.library.problem, offset + limit, services.url)
