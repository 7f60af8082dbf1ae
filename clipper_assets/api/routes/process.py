"""`POST /process-video`: makes clips of an upload; compatible with the previous, blocking service."""

import asyncio
import time
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urljoin

from cachetools import LRUCache
from dagster import DagsterRun
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import JSONResponse

from clipper_assets.api.auth import may_change
from clipper_assets.api.deps import Services, ServicesDep
from clipper_assets.api.launches import launched, options_of, upload_of
from clipper_assets.api.problems import RefusedError, answers
from clipper_assets.api.requests import ProcessRequest
from clipper_assets.api.routes.edits import EDITS_TAG
from clipper_assets.api.views.episodes import Accepted, accepted
from clipper_assets.api.views.process import GeneratedVideo, Processed
from clipper_assets.api.views.transcript import transcript
from clipper_assets.episodes.claims import Launch, Requester, Served, claim_run, current_decision, upload_tag
from clipper_assets.episodes.probe_subprocess import check_in_subprocess
from clipper_assets.runs.model import EpisodeState
from clipper_assets.runtime.errors import UploadRefusedError
from clipper_assets.runtime.tenant import own_run
from clipper_assets.storage.stored import Stored

router = APIRouter(tags=["process"])
PATIENCE_S, POLL_S = 5.0, 0.1
"""Seconds that a request waits for a run that another process is starting, and seconds between two checks."""

_probed_uploads: LRUCache[str, None] = LRUCache(1000)


@router.post(
    "/process-video",
    dependencies=[Depends(may_change)],
    status_code=202,
    responses={
        **answers(403, 404, 409),
        200: {"model": Processed, "description": "the run has ended within the wait: the clips, or why there are none"},
        202: {"model": Accepted, "description": "a run is queued or in progress; follow it at `status_url`"},
    },
)
async def process_video(
    body: ProcessRequest,
    request: Request,
    services: ServicesDep,
    response: Response,
    wait: Annotated[bool, Query(description="wait for the end of the run")] = False,
    prefer: Annotated[
        str | None, Header(max_length=200, description="`wait=N`: wait at most N seconds for the end of the run")
    ] = None,
) -> Any:
    """Make clips of an upload. If a run for this version of the upload exists, no second one is started, unless the
    request has options and the run that exists was started with others: 409 while it is in progress, else a new run.
    """
    run = await _run_for(services, body.s3_key, body.options())
    preferred_wait_s = _preferred_wait_s(prefer)
    max_wait_s = services.settings.api_wait_max_s
    wait_s = max_wait_s if wait else min(preferred_wait_s or 0.0, max_wait_s)
    if wait_s:
        try:
            async with asyncio.timeout(wait_s):
                await _wait_for_end(services, run)
            result = await asyncio.to_thread(processed, services, body.s3_key, run, str(request.base_url))
            applied = {"Preference-Applied": f"wait={preferred_wait_s:g}"} if preferred_wait_s else {}
            return JSONResponse(result.model_dump(mode="json"), headers=applied)
        except TimeoutError:
            pass
    return accepted(body.s3_key, run.run_id, response)


def _preferred_wait_s(prefer: str | None) -> float | None:
    """Returns the `wait` of a `Prefer` header in seconds (RFC 7240, 4.3); unknown preferences are ignored."""
    for part in (prefer or "").replace(";", ",").split(","):
        name, _, value = part.strip().partition("=")
        if name.lower() == "wait" and value.strip('" ').isdecimal():
            return float(value.strip('" '))
    return None


async def _run_for(services: Services, key: str, options: Mapping[str, Any]) -> DagsterRun:
    """Returns the run of this version of an upload; starts one if there is none, it failed or had other options."""
    partition, stored = await asyncio.to_thread(upload_of, services, key)
    requester = Requester.api
    decision = await asyncio.to_thread(current_decision, services.storage, services.instance, stored, requester)
    if isinstance(decision, Served) and _differs(decision.run, options):
        requester = Requester.retry
        decision = await asyncio.to_thread(current_decision, services.storage, services.instance, stored, requester)
    if not isinstance(decision, Served):
        await asyncio.to_thread(_check, services, stored)
    deadline = time.monotonic() + PATIENCE_S
    while not isinstance(decision, Served):
        decision = await asyncio.to_thread(claim_run, services.storage, services.instance, stored, requester)
        if isinstance(decision, Launch):
            return await asyncio.to_thread(launched, services, partition, stored, decision.attempt, options)
        if time.monotonic() > deadline:
            raise RefusedError(409, f"a run of {key} is being started for another request; try again in a minute")
        await asyncio.sleep(POLL_S)
    if _differs(decision.run, options):
        raise RefusedError(
            409, f"a run of {key} with other options is in progress; cancel it, or try again when it has ended"
        )
    return await asyncio.to_thread(_newest, services, key, decision.run)


def _differs(run: DagsterRun, options: Mapping[str, Any]) -> bool:
    """Whether options were given, and the run was started with others."""
    return bool(options) and options_of(run) != options


def _newest(services: Services, key: str, first: DagsterRun) -> DagsterRun:
    """Returns the run whose clips the upload has or will have, since later runs may follow the first one.

    That is an unfinished run that renders edits, or else the run that the manifest names.
    """
    episode = services.states.snapshot(key)
    if first.is_finished and episode.run and not episode.run.is_finished and EDITS_TAG in episode.run.tags:
        return episode.run
    manifest = episode.manifest if first.is_success else None
    return (own_run(services.instance, manifest.run_id) if manifest else None) or first


def _check(services: Services, stored: Stored) -> None:
    """Probes the upload, once per version. Raises RefusedError (422) if no clips can be made of it."""
    tag = upload_tag(stored)
    if tag in _probed_uploads:
        return
    try:
        check_in_subprocess(services.storage, stored.key, services.settings.window_min_s)
    except UploadRefusedError as refused:
        raise RefusedError(422, str(refused)) from None
    _probed_uploads[tag] = None


async def _wait_for_end(services: Services, run: DagsterRun) -> None:
    async with services.runs.watch(run) as watch:
        async for _ in watch.events(0):
            pass


def processed(services: Services, key: str, run: DagsterRun, base_url: str) -> Processed:
    """Builds the blocking answer. `video_url` is absolute, because frontends of the previous service open it as is."""
    services.states.forget(key)
    episode, view = services.states.intact_snapshot(key), services.runs.view(run)
    statuses = {EpisodeState.done: "success", EpisodeState.cancelled: "cancelled"}
    manifests = (each.manifest for each in episode.renderings if each.manifest.run_id == run.run_id)
    manifest = next(manifests, episode.manifest) if view.state is EpisodeState.done else None
    clips = manifest.clips if manifest else []
    return Processed(
        status=statuses.get(view.state, "failed"),
        error=view.error,
        s3_key=key,
        run_id=run.run_id,
        total_clips_identified=services.states.windows(episode.partition).num_rows if manifest else 0,
        clips_processed=len(clips),
        generated_videos=[
            GeneratedVideo(**clip.model_dump(), video_url=urljoin(base_url, services.url(clip.key))) for clip in clips
        ],
        transcript=transcript(episode, services.states.spans(episode)) if manifest else None,
        manifest=manifest.model_dump(mode="json") if manifest else None,
    )
