"""Query parameters that a route does not know are refused, not ignored: a misspelt one would pass for its default."""

from fastapi import Request
from fastapi.routing import APIRoute

from clipper_assets.api.problems import RefusedError


def known_query(request: Request) -> None:
    """A dependency of every route. Raises RefusedError (422) for a parameter that the route does not declare."""
    route = request.scope["route"]
    if not isinstance(route, APIRoute):
        return
    dependants = (route.dependant, *route.dependant.dependencies)
    declared = [parameter.alias for each in dependants for parameter in each.query_params]
    unknown = next((name for name in request.query_params if name not in declared), None)
    if unknown is not None:
        choices = f"it takes {', '.join(declared)}" if declared else "it takes none"
        raise RefusedError(422, f"{request.url.path} has no query parameter {unknown!r}; {choices}")
