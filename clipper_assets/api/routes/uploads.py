"""Uploads in parts from a browser: directly into the bucket, or through the API if the storage is a directory."""

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
"""Most parts of one S3 object (Amazon S3 User Guide, "Amazon S3 multipart upload limits")."""
MOST_BYTES = 5 * 1024**4
"""Largest S3 object: 5 TiB (same source)."""
LIFE_S = 24 * 3600
"""Seconds that an upload may take."""
CHUNK_S = 60.0
"""A part is refused if no data arrives for this many seconds."""
UPLOAD_SUFFIXES = RECORDINGS | TRANSCRIPT_SUFFIXES
NAMED_PARTS = 10
"""An error message names at most this many missing parts."""


@dataclass(frozen=True)
class Ticket:
    """What was announced for an upload; its signed form is the upload id."""

    key: str
    size_bytes: int
    part_bytes: int
    storage_upload_id: str
    overwrite: bool

    @property
    def sizes(self) -> list[int]:
        """Sizes of the parts in bytes, in order."""
        count = math.ceil(self.size_bytes / self.part_bytes)
        return [min(self.part_bytes, self.size_bytes - number * self.part_bytes) for number in range(count)]


@router.post("/uploads", status_code=201, dependencies=[Depends(may_change)], responses=answers(403, 409))
def begin_upload(body: UploadRequest, services: ServicesDep) -> UploadStarted:
    """Begin an upload: PUT each part of the file to its URL, then complete the upload."""
    services.states.partition(body.key, UPLOAD_SUFFIXES)
    if body.size_bytes > MOST_BYTES:
        raise RefusedError(422, f"size_bytes is {body.size_bytes}; an upload has at most {MOST_BYTES} bytes")
    if not body.overwrite and services.storage.exists(body.key):
        raise RefusedError(409, f"{body.key} already exists; choose another key, or set overwrite")
    part_bytes = max(PART_BYTES, math.ceil(body.size_bytes / MOST_PARTS / MIB) * MIB)
    multipart = multipart_into(services.storage)
    storage_upload_id = multipart.begin(body.key, body.content_type or "application/octet-stream")
    ticket = Ticket(body.key, body.size_bytes, part_bytes, storage_upload_id, body.overwrite)
    upload_id = services.signer.sign("upload", asdict(ticket))
    return UploadStarted(
        upload_id=upload_id,
        key=body.key,
        parts=[
            UploadPart(
                number=number,
                offset=(number - 1) * part_bytes,
                size_bytes=size_bytes,
                url=multipart.part_url(body.key, storage_upload_id, number, LIFE_S)
                or f"/uploads/parts/{upload_id}/{number}",
            )
            for number, size_bytes in enumerate(ticket.sizes, start=1)
        ],
    )


@router.post("/uploads/complete", dependencies=[Depends(may_change)], responses=answers(403, 404, 409))
def complete_upload(body: UploadReference, services: ServicesDep) -> Uploaded:
    """Complete an upload: join its parts into one file, which becomes visible only then."""
    ticket, multipart = _ticket(services, body), multipart_into(services.storage)
    with _refuse_if_gone(ticket):
        arrived = multipart.arrived(ticket.key, ticket.storage_upload_id)
        missing = [number for number, size in enumerate(ticket.sizes, start=1) if arrived.get(number) != size]
        if missing:
            numbers = ", ".join(str(number) for number in missing[:NAMED_PARTS])
            more = f" and {len(missing) - NAMED_PARTS} more" if len(missing) > NAMED_PARTS else ""
            raise RefusedError(
                409, f"parts of {ticket.key} are missing or incomplete: {numbers}{more}; send them again"
            )
        if not multipart.complete(ticket.key, ticket.storage_upload_id, overwrite=ticket.overwrite):
            raise RefusedError(409, f"somebody else has uploaded {ticket.key} in the meantime; choose another key")
    services.states.forget(ticket.key)
    uploaded = Uploaded(key=ticket.key, size_bytes=ticket.size_bytes)
    if not is_upload(ticket.key):
        return uploaded
    path = path_of(ticket.key)
    return uploaded.model_copy(update={"status_url": path, "events_url": f"{path}/events"})


@router.post(
    "/uploads/abort",
    status_code=HTTPStatus.NO_CONTENT,
    dependencies=[Depends(may_change)],
    responses=answers(403, 404),
)
def abort_upload(body: UploadReference, services: ServicesDep) -> None:
    """Abort an upload and remove its parts."""
    ticket = _ticket(services, body)
    with _refuse_if_gone(ticket):
        multipart_into(services.storage).abort(ticket.key, ticket.storage_upload_id)


@router.put("/uploads/parts/{upload_id}/{number}", include_in_schema=False)
async def put_part(upload_id: str, number: int, request: Request, services: ServicesDep) -> Response:
    """Receives one part of an upload into a directory storage; parts for S3 go directly to the bucket."""
    ticket = Ticket(**services.signer.read("upload", upload_id, LIFE_S))
    sizes = ticket.sizes
    if not 1 <= number <= len(sizes):
        raise RefusedError(422, f"the upload has no part {number}; it has 1 to {len(sizes)}")
    multipart = multipart_into(services.storage)
    if not isinstance(multipart, DirectoryMultipart):
        raise RefusedError(404, "send parts to the URLs in the answer of POST /uploads")
    with _refuse_if_gone(ticket), multipart.part(ticket.storage_upload_id, number) as file:
        expected, received = sizes[number - 1], 0
        chunks = request.stream()
        while True:
            try:
                chunk = await asyncio.wait_for(anext(chunks), CHUNK_S)
            except (StopAsyncIteration, ClientDisconnect):
                break
            except TimeoutError:
                raise RefusedError(
                    408, f"no data of part {number} arrived for {CHUNK_S:.0f} s; send it again"
                ) from None
            received += len(chunk)
            if received > expected:
                raise RefusedError(413, f"part {number} must have {expected} bytes, not more")
            await asyncio.to_thread(file.write, chunk)
        if received != expected:
            raise RefusedError(400, f"part {number} must have {expected} bytes, but {received} arrived; send it again")
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _ticket(services: Services, body: UploadReference) -> Ticket:
    """Reads an upload id. Raises RefusedError if it is invalid (403) or belongs to another key (404)."""
    ticket = Ticket(**services.signer.read("upload", body.upload_id, LIFE_S))
    if ticket.key != body.key:
        raise RefusedError(404, f"this upload_id does not belong to {body.key}; use the key that the upload began with")
    return ticket


@contextmanager
def _refuse_if_gone(ticket: Ticket) -> Iterator[None]:
    try:
        yield
    except NoSuchUploadError:
        raise RefusedError(
            404, f"the upload of {ticket.key} was already completed or aborted; begin a new one"
        ) from None
