"""Objects of a storage that is a directory, behind the signed URLs that the API gives to browsers."""

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
    """An object of a storage that is a directory, whole or by ranges."""
    if services.signer.read("media", signature, services.signer.life_s) != key:
        raise RefusedError(403, "this URL was changed; ask the API for a new one")
    if not isinstance(services.storage, DirectoryStorage) or not services.storage.exists(key):
        raise RefusedError(404, f"{key} is not there any more")
    return FileResponse(services.storage.path(key), media_type=type_of(key), headers={"Cache-Control": CACHING})
