"""The one request of the service that this replaces: an upload in, clips out."""

import asyncio
import time
from typing import Annotated, Any
from urllib.parse import urljoin

from cachetools import LRUCache
from dagster import DagsterRun
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import JSONResponse

from clipper_assets.api.auth import may_change
from clipper_assets.api.deps import Services, ServicesDep
from clipper_assets.api.launches import launched, upload_of
from clipper_assets.api.problems import RefusedError, answers
from clipper_assets.api.requests import ProcessRequest
from clipper_assets.api.routes.edits import EDITS_TAG
from clipper_assets.api.views.episodes import Accepted, accepted
from clipper_assets.api.views.process import GeneratedVideo, Processed
from clipper_assets.api.views.transcript import transcript
from clipper_assets.episodes.claims import Asker, Launch, Served, look, take, upload_tag
from clipper_assets.episodes.probe_subprocess import check_in_subprocess
from clipper_assets.runs.model import EpisodeState
from clipper_assets.runtime.errors import UploadRefusedError
from clipper_assets.storage.base import Stored

router = APIRouter(tags=["process"])
PATIENCE_S, POLL_S = 5.0, 0.1
"""How long a request waits for the run that another one starts, and how often it looks."""

_probed: LRUCache[str, None] = LRUCache(1000)


@router.post(
    "/process-video",
    dependencies=[Depends(may_change)],
    status_code=202,
    responses={
        **answers(403, 404, 409),
        200: {"model": Processed, "description": "the clips, where you waited for them"},
        202: {"model": Accepted, "description": "a run is at it; look at `status_url`"},
    },
)
async def process_video(
    asked: ProcessRequest,
    request: Request,
    services: ServicesDep,
    response: Response,
    wait: Annotated[bool, Query(description="answer when the clips are there")] = False,
    prefer: Annotated[str | None, Header(max_length=200, description="`wait=N`: wait N seconds at most")] = None,
) -> Any:
    """Make clips of an upload. The same request again joins the run that is at it, or has been, for that upload."""
    run = await _run_for(services, asked.s3_key)
    patience_s = _patience_s(prefer)
    longest_s = min(services.settings.api_wait_max_s if wait else patience_s or 0.0, services.settings.api_wait_max_s)
    if longest_s:
        try:
            async with asyncio.timeout(longest_s):
                await _ended(services, run)
            done = await asyncio.to_thread(processed, services, asked.s3_key, run, str(request.base_url))
            applied = {"Preference-Applied": f"wait={patience_s:g}"} if patience_s else {}
            return JSONResponse(done.model_dump(mode="json"), headers=applied)
        except TimeoutError:
            pass
    return accepted(asked.s3_key, run.run_id, response)


def _patience_s(prefer: str | None) -> float | None:
    """The wait of a `Prefer` header (RFC 7240, 4.3), in seconds; what is not understood there is ignored."""
    for part in (prefer or "").replace(";", ",").split(","):
        name, _, value = part.strip().partition("=")
        if name.lower() == "wait" and value.strip('" ').isdecimal():
            return float(value.strip('" '))
    return None


async def _run_for(services: Services, key: str) -> DagsterRun:
    """The run that serves this version of an upload; a new one where there is none, or it failed."""
    partition, stored = await asyncio.to_thread(upload_of, services, key)
    found = await asyncio.to_thread(look, services.storage, services.instance, stored, Asker.api)
    if not isinstance(found, Served):
        await asyncio.to_thread(_check, services, stored)
    until = time.monotonic() + PATIENCE_S
    while not isinstance(found, Served):
        found = await asyncio.to_thread(take, services.storage, services.instance, stored, Asker.api)
        if isinstance(found, Launch):
            return await asyncio.to_thread(launched, services, partition, stored, found.attempt)
        if time.monotonic() > until:
            raise RefusedError(409, f"a run of {key} is being started for another request; ask again in a minute")
        await asyncio.sleep(POLL_S)
    return await asyncio.to_thread(_newest, services, key, found.run)


def _newest(services: Services, key: str, first: DagsterRun) -> DagsterRun:
    """The run whose clips there are, or will be, where others came after the one that serves the upload.

    That is one which renders edits and has not ended, else the one that the manifest names.
    """
    known = services.states.snapshot(key)
    if first.is_finished and known.run and not known.run.is_finished and EDITS_TAG in known.run.tags:
        return known.run
    made = services.instance.get_run_by_id(known.manifest.run_id) if first.is_success and known.manifest else None
    return made or first


def _check(services: Services, stored: Stored) -> None:
    """Raises RefusedError (422) for a file that no clips can be made of."""
    tag = upload_tag(stored)
    if tag in _probed:
        return
    try:
        check_in_subprocess(services.storage, stored.key, services.settings.window_min_s)
    except UploadRefusedError as refused:
        raise RefusedError(422, str(refused)) from None
    _probed[tag] = None


async def _ended(services: Services, run: DagsterRun) -> None:
    async with services.runs.watch(run) as watch:
        async for _ in watch.events(0):
            pass


def processed(services: Services, key: str, run: DagsterRun, base_url: str) -> Processed:
    """The payload; the frontend that it was made for opens `video_url` as it is, so it is never relative."""
    services.states.forget(key)
    known, view = services.states.intact_snapshot(key), services.runs.view(run)
    ways = {EpisodeState.done: "success", EpisodeState.cancelled: "cancelled"}
    own = (each.manifest for each in known.renderings if each.manifest.run_id == run.run_id)
    manifest = next(own, known.manifest) if view.state is EpisodeState.done else None
    clips = manifest.clips if manifest else []
    return Processed(
        status=ways.get(view.state, "failed"),
        error=view.error,
        s3_key=key,
        run_id=run.run_id,
        total_clips_identified=services.states.windows(known.partition).num_rows if manifest else 0,
        clips_processed=len(clips),
        generated_videos=[
            GeneratedVideo(**clip.model_dump(), video_url=urljoin(base_url, services.url(clip.key))) for clip in clips
        ],
        transcript=transcript(known) if manifest else None,
        manifest=manifest.model_dump(mode="json") if manifest else None,
    )
