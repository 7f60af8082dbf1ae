"""Serves objects of a directory storage to browsers under signed URLs; objects in S3 have presigned URLs instead."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse

from clipper_assets.api.deps import ServicesDep
from clipper_assets.api.problems import RefusedError
from clipper_assets.api.urls import CACHING, type_of
from clipper_assets.storage.directory import DirectoryStorage

router = APIRouter(tags=["media"])


@router.api_route("/media/{key:path}", methods=["GET", "HEAD"], include_in_schema=False)
def media(key: str, signature: Annotated[str, Query(max_length=2000)], services: ServicesDep) -> FileResponse:
    """Serves an object of a directory storage, whole or by byte ranges."""
    if services.signer.read("media", signature, services.signer.life_s) != key:
        raise RefusedError(403, "this URL was changed; request a new one from the API")
    if not isinstance(services.storage, DirectoryStorage) or not services.storage.exists(key):
        raise RefusedError(404, f"{key} no longer exists")
    return FileResponse(services.storage.path(key), media_type=type_of(key), headers={"Cache-Control": CACHING})
