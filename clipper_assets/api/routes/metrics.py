"""The route `/metrics` for Prometheus."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from clipper_assets.api.deps import ServicesDep

router = APIRouter()


@router.get("/metrics", include_in_schema=False)
def metrics(services: ServicesDep) -> Response:
    """Returns the metrics in the Prometheus text format."""
    return Response(services.meter.read(), media_type=CONTENT_TYPE_LATEST)
