"""Uploads from a browser, in parts: straight into the bucket, or through the API where the storage is a directory."""

import asyncio
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http import HTTPStatus

from fastapi import APIRouter, Depends, Request, Response
from starlette.requests import ClientDisconnect

from clipper_assets.api.auth import may_change
from clipper_assets.api.deps import Services, ServicesDep
from clipper_assets.api.problems import RefusedError, answers
from clipper_assets.api.requests import UploadReference, UploadRequest
from clipper_assets.api.views.episodes import path_of
from clipper_assets.api.views.uploads import Uploaded, UploadPart, UploadStarted
from clipper_assets.episodes.uploads import RECORDINGS, is_upload
from clipper_assets.storage.multipart import MIB, DirectoryMultipart, NoSuchUploadError, multipart_into
from clipper_assets.transcript.transcript_files import TRANSCRIPT_SUFFIXES

router = APIRouter(tags=["uploads"])
PART_BYTES = 16 * MIB
MOST_PARTS = 10_000
"""Of one S3 object (Amazon S3 User Guide, "Amazon S3 multipart upload limits"), which has at most 5 TiB."""
MOST_BYTES = 5 * 1024**4
LIFE_S = 24 * 3600
"""How long an upload may take."""
CHUNK_S = 60.0
"""A part goes on arriving, or is given up after so many seconds."""
TAKEN = RECORDINGS | TRANSCRIPT_SUFFIXES
TOLD_PARTS = 10
"""Of the missing parts so many are named."""


@dataclass(frozen=True)
class Ticket:
    """What an upload may be; signed, it is the upload's id."""

    key: str
    size_bytes: int
    part_bytes: int
    inner_id: str
    overwrite: bool

    @property
    def sizes(self) -> list[int]:
        """Bytes of each part, in order."""
        count = math.ceil(self.size_bytes / self.part_bytes)
        return [min(self.part_bytes, self.size_bytes - number * self.part_bytes) for number in range(count)]


@router.post("/uploads", status_code=201, dependencies=[Depends(may_change)], responses=answers(403, 409))
def begin_upload(asked: UploadRequest, services: ServicesDep) -> UploadStarted:
    """Ask for a place: PUT each part of the file to its URL, then complete the upload."""
    services.states.partition(asked.key, TAKEN)
    if asked.size_bytes > MOST_BYTES:
        raise RefusedError(422, f"{asked.size_bytes} bytes are more than an object can have, {MOST_BYTES}")
    if not asked.overwrite and services.storage.exists(asked.key):
        raise RefusedError(409, f"there is an upload {asked.key} already; choose another name, or set overwrite")
    part_bytes = max(PART_BYTES, math.ceil(asked.size_bytes / MOST_PARTS / MIB) * MIB)
    into = multipart_into(services.storage)
    inner_id = into.begin(asked.key, asked.content_type or "application/octet-stream")
    ticket = Ticket(asked.key, asked.size_bytes, part_bytes, inner_id, asked.overwrite)
    upload_id = services.signer.sign("upload", asdict(ticket))
    return UploadStarted(
        upload_id=upload_id,
        key=asked.key,
        parts=[
            UploadPart(
                number=number,
                offset=(number - 1) * part_bytes,
                size_bytes=size_bytes,
                url=into.part_url(asked.key, inner_id, number, LIFE_S) or f"/uploads/parts/{upload_id}/{number}",
            )
            for number, size_bytes in enumerate(ticket.sizes, start=1)
        ],
    )


@router.post("/uploads/complete", dependencies=[Depends(may_change)], responses=answers(403, 404, 409))
def complete_upload(asked: UploadReference, services: ServicesDep) -> Uploaded:
    """Put the parts together: only now there is an upload, whole."""
    ticket, into = _ticket(services, asked), multipart_into(services.storage)
    with _known(ticket):
        arrived = into.arrived(ticket.key, ticket.inner_id)
        missing = [number for number, size in enumerate(ticket.sizes, start=1) if arrived.get(number) != size]
        if missing:
            numbers = ", ".join(str(number) for number in missing[:TOLD_PARTS])
            more = f" and {len(missing) - TOLD_PARTS} more" if len(missing) > TOLD_PARTS else ""
            raise RefusedError(409, f"parts of {ticket.key} are missing or not whole: {numbers}{more}; send them")
        if not into.complete(ticket.key, ticket.inner_id, overwrite=ticket.overwrite):
            raise RefusedError(409, f"somebody else uploaded {ticket.key} meanwhile; choose another name")
    services.states.forget(ticket.key)
    done = Uploaded(key=ticket.key, size_bytes=ticket.size_bytes)
    if not is_upload(ticket.key):
        return done
    path = path_of(ticket.key)
    return done.model_copy(update={"status_url": path, "events_url": f"{path}/events"})


@router.post(
    "/uploads/abort",
    status_code=HTTPStatus.NO_CONTENT,
    dependencies=[Depends(may_change)],
    responses=answers(403, 404),
)
def abort_upload(asked: UploadReference, services: ServicesDep) -> None:
    """Give an upload up; its parts are removed."""
    ticket = _ticket(services, asked)
    with _known(ticket):
        multipart_into(services.storage).abort(ticket.key, ticket.inner_id)


@router.put("/uploads/parts/{upload_id}/{number}", include_in_schema=False)
async def put_part(upload_id: str, number: int, request: Request, services: ServicesDep) -> Response:
    """One part, where there is no bucket to send it to."""
    ticket = Ticket(**services.signer.read("upload", upload_id, LIFE_S))
    sizes = ticket.sizes
    if not 1 <= number <= len(sizes):
        raise RefusedError(422, f"the upload has no part {number}; it has 1 to {len(sizes)}")
    into = multipart_into(services.storage)
    if not isinstance(into, DirectoryMultipart):
        raise RefusedError(404, "parts of this storage go to the URLs that came with the upload")
    with _known(ticket), into.part(ticket.inner_id, number) as file:
        expected, taken = sizes[number - 1], 0
        chunks = request.stream()
        while True:
            try:
                chunk = await asyncio.wait_for(anext(chunks), CHUNK_S)
            except (StopAsyncIteration, ClientDisconnect):
                break
            except TimeoutError:
                raise RefusedError(408, f"part {number} stopped arriving; send it again") from None
            taken += len(chunk)
            if taken > expected:
                raise RefusedError(413, f"part {number} has {expected} bytes, not more")
            await asyncio.to_thread(file.write, chunk)
        if taken != expected:
            raise RefusedError(400, f"part {number} has {expected} bytes, and {taken} arrived; send it again")
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _ticket(services: Services, asked: UploadReference) -> Ticket:
    """Raises RefusedError for an id that is not ours, or of another key."""
    ticket = Ticket(**services.signer.read("upload", asked.upload_id, LIFE_S))
    if ticket.key != asked.key:
        raise RefusedError(404, f"the upload is not of {asked.key}; name the key that it was begun with")
    return ticket


@contextmanager
def _known(ticket: Ticket) -> Iterator[None]:
    try:
        yield
    except NoSuchUploadError:
        raise RefusedError(404, f"the upload of {ticket.key} was completed or given up; begin anew") from None
