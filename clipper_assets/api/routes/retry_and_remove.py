"""Routes that retry an episode from the start, or remove it."""

from fastapi import APIRouter, Depends, Response

from clipper_assets.api.auth import may_change
from clipper_assets.api.deps import ServicesDep
from clipper_assets.api.launches import launched, options_of, upload_of
from clipper_assets.api.problems import RefusedError, answers
from clipper_assets.api.views.episodes import Accepted, accepted
from clipper_assets.clips.removal import remove_files
from clipper_assets.episodes.claims import Launch, Requester, claim_run, delete_claims, mark_removed, release
from clipper_assets.episodes.shows import unregister_episode
from clipper_assets.runs.model import EpisodeState
from clipper_assets.runtime.partition_keys import run_ids_of
from clipper_assets.runtime.run_status import NOT_FINISHED_STATUSES

router = APIRouter(tags=["episodes"], dependencies=[Depends(may_change)])


@router.post("/episodes/{key:path}/retry", status_code=202, responses=answers(403, 404, 409))
def retry(key: str, services: ServicesDep, response: Response) -> Accepted:
    """Start a new run of the whole job for an episode whose latest run failed or was cancelled, with its options."""
    episode = services.states.snapshot(key)
    if not episode.view or episode.view.state not in (EpisodeState.failed, EpisodeState.cancelled):
        raise RefusedError(409, f"the latest run of {key} neither failed nor was cancelled; there is nothing to retry")
    partition, stored = upload_of(services, key)
    claim = claim_run(services.storage, services.instance, stored, Requester.retry)
    if not isinstance(claim, Launch):
        raise RefusedError(409, f"another run of {key} is in progress or being started; try again in a minute")
    options = options_of(episode.run) if episode.run else {}
    return accepted(key, launched(services, partition, stored, claim.attempt, options).run_id, response)


@router.delete("/episodes/{key:path}", status_code=204, responses=answers(403, 404, 409))
def remove(key: str, services: ServicesDep) -> None:
    """Permanently remove an episode: its clips in every aspect and look, tables, edits, runs and its partition.

    The recording and the files next to it (a transcript, show.toml) stay. No new run starts for the recording until
    somebody requests one or uploads it again.
    """
    partition = services.states.snapshot(key).partition
    in_progress = RefusedError(409, f"a run of {key} is in progress or being started; cancel it, or wait for its end")
    if run_ids_of(services.instance, partition, list(NOT_FINISHED_STATUSES)):
        raise in_progress
    stored = services.storage.stat(key)
    # The claim keeps others from starting a run while the episode's files are removed.
    claim = claim_run(services.storage, services.instance, stored, Requester.retry) if stored else None
    if claim is not None and not isinstance(claim, Launch):
        raise in_progress
    try:
        remove_files(services.storage, partition)
    except Exception:
        if stored and claim:
            release(services.storage, stored, claim.attempt)
        raise
    if stored and claim:
        mark_removed(services.storage, stored, claim.attempt)
    else:
        delete_claims(services.storage, key)
    for run_id in run_ids_of(services.instance, partition):
        services.instance.delete_run(run_id)
    unregister_episode(services.instance, partition)
    services.states.forget(key)
