"""Serves Dagster's GraphQL schema over HTTP and WebSocket to authenticated clients."""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from functools import partial
from typing import Any

from dagster_graphql.schema import create_schema
from dagster_graphql.schema.errors import GraphenePythonError
from dagster_webserver.graphql import GraphQLServer
from graphene import Schema
from graphql import ASTValidationRule, DocumentNode, GraphQLError, OperationDefinitionNode, OperationType
from sqlalchemy.exc import OperationalError
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from clipper_assets.api.graphql import documents
from clipper_assets.api.graphql.code_server import CodeServer
from clipper_assets.api.graphql.operations import check_mutation
from clipper_assets.api.problems import RefusedError
from clipper_assets.runtime.faults import fault_of, of_database
from clipper_assets.runtime.tenant import TENANT
from clipper_assets.runtime.workspace import WorkspaceProcessContext, WorkspaceRequestContext

log = logging.getLogger(__name__)

DEADLINE_S = 10.0
"""Seconds that an operation may take over HTTP, including its wait for a free thread."""
MOST_SUBSCRIPTIONS = 16
"""Most concurrent subscriptions of one WebSocket."""
READERS, EXECUTORS = 2, 4
"""Threads that parse documents, and that execute them; few, because they share the interpreter with all routes."""
TRACEBACK: Mapping[str, Any] = {"stack": [], "cause": None, "causes": [], "errorChain": []}
"""Values for the fields of a PythonError that would show a traceback."""
DEADLINE: ContextVar[float] = ContextVar("DEADLINE")
"""Deadline of the current operation, on the monotonic clock."""


class OverdueError(BaseException):
    """Ends an operation past its deadline. Not an Exception: graphql-core would make it the error of one field."""


class DagsterGraphQL(GraphQLServer[WorkspaceRequestContext]):
    """Dagster's schema over HTTP and over WebSocket (subprotocol `graphql-ws`), with checks of cost and role."""

    def __init__(self, workspace: WorkspaceProcessContext, code_server: CodeServer):
        self.workspace, self.code_server = workspace, code_server
        self.readers = ThreadPoolExecutor(READERS, "graphql-reader")
        self.executors = ThreadPoolExecutor(EXECUTORS, "graphql-executor")
        super().__init__()

    def build_graphql_schema(self) -> Schema:
        return create_schema()

    def build_graphql_middleware(self) -> list[Any]:
        return [_check_deadline, _hide_database_errors]

    def build_graphql_validation_rules(self) -> Collection[type[ASTValidationRule]]:
        """Returns no rules, because `read` has validated the document already."""
        return []

    def build_middleware(self) -> list[Middleware]:
        return []

    def build_routes(self) -> list[BaseRoute]:
        if TENANT:
            return [Route("/graphql", _refuse, methods=["GET", "POST"])]
        return [
            Route("/graphql", self.graphql_http_endpoint, methods=["GET", "POST"]),
            WebSocketRoute("/graphql", self.graphql_ws_endpoint),
        ]

    def _make_request_context(self, conn: HTTPConnection) -> WorkspaceRequestContext:
        return self.workspace.create_request_context(conn)

    def handle_graphql_errors(self, errors: Sequence[GraphQLError]) -> list[Any]:
        """Formats errors without the traceback that Dagster's own server includes; logs it instead."""
        for error in errors:
            if error.original_error:
                log.error("GraphQL: %s", error.message, exc_info=error.original_error)
        return [_formatted(error) for error in errors]

    def _determine_status_code(self, resolver_errors: Any, captured_errors: Any) -> int:
        """Returns 200 for every executed document; its errors are in the body (GraphQL over HTTP, 6.4.1)."""
        return 200

    async def read(self, query: str) -> DocumentNode:
        """Parses and validates a document in a thread. Raises TooCostlyError or GraphQLError."""
        loop, schema = asyncio.get_running_loop(), self._graphene_schema.graphql_schema
        return await loop.run_in_executor(self.readers, documents.read, query, schema)

    async def graphql_http_endpoint(self, request: Request) -> JSONResponse:
        query, variables, name = await _parse_request(request)
        try:
            document = await self.read(query)
        except documents.TooCostlyError as error:
            raise RefusedError(400, str(error)) from None
        except GraphQLError as error:
            raise RefusedError(400, f"invalid query: {error.message}") from None
        if OperationType.MUTATION in _operation_types(document):
            if request.method == "GET":
                raise RefusedError(405, "mutations are not allowed by GET; send them by POST")
            check_mutation(request.user.access, document, variables)
            await asyncio.to_thread(self.code_server.restore)
        return await self.execute_graphql_request(request, query, variables, name)

    async def execute_graphql_request(
        self, request: Request, query: str, variables: dict[str, Any] | None, operation_name: str | None
    ) -> JSONResponse:
        execute = partial(self.graphql_execution_thread, request, query, variables, operation_name)
        try:
            async with asyncio.timeout(DEADLINE_S):
                loop, deadline = asyncio.get_running_loop(), time.monotonic() + DEADLINE_S
                return await loop.run_in_executor(self.executors, _with_deadline, deadline, execute)
        except (TimeoutError, OverdueError):
            raise RefusedError(503, f"the query took more than {DEADLINE_S:.0f} s; split it") from None

    async def graphql_ws_endpoint(self, websocket: WebSocket) -> None:
        try:
            await super().graphql_ws_endpoint(websocket)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            await websocket.close(4400, "invalid graphql-ws message")

    async def execute_graphql_subscription(
        self,
        websocket: WebSocket,
        operation_id: str,
        query: str,
        variables: dict[str, Any] | None,
        operation_name: str | None,
    ) -> tuple[Any, Any]:
        active: set[asyncio.Task[None]] = websocket.scope.setdefault("subscriptions", set())
        if sum(not task.cancelling() for task in active) >= MOST_SUBSCRIPTIONS:
            return None, {"message": f"a WebSocket may have at most {MOST_SUBSCRIPTIONS} subscriptions; stop one first"}
        try:
            if _operation_types(await self.read(query)) != {OperationType.SUBSCRIPTION}:
                return None, {"message": "only subscriptions are allowed on a WebSocket; send other operations by POST"}
        except documents.TooCostlyError as error:
            return None, {"message": str(error)}
        except GraphQLError as error:
            return None, error.formatted
        task, refusal = await super().execute_graphql_subscription(
            websocket, operation_id, query, variables, operation_name
        )
        if task:
            active.add(task)
            task.add_done_callback(active.discard)
        return task, refusal

    def execute(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Executes an operation in this thread and returns its data.

        Raises the database's error if the database is unavailable, otherwise RuntimeError for any GraphQL error.
        """
        with self.workspace.create_request_context() as context:
            result = asyncio.run(
                self._graphene_schema.execute_async(query, variable_values=dict(variables), context_value=context)
            )
        for error in result.errors or ():
            if error.original_error and fault_of(error.original_error):
                raise error.original_error
        if result.errors:
            raise RuntimeError("; ".join(error.message for error in result.errors))
        return dict(result.data)


async def _refuse(_: Request) -> JSONResponse:
    raise RefusedError(403, "Dagster's GraphQL API shows the runs of all tenants, so this API does not serve it")


async def _parse_request(request: Request) -> tuple[str, dict[str, Any] | None, str | None]:
    """Returns the query, its variables and the operation name. Raises RefusedError (400) for a malformed request."""
    try:
        fields = dict(request.query_params) if request.method == "GET" else await request.json()
        query, variables, name = fields["query"], fields.get("variables"), fields.get("operationName")
        variables = json.loads(variables) if isinstance(variables, str) and variables else variables or None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise RefusedError(400, "not a GraphQL request; send JSON with query, variables and operationName") from None
    if not (isinstance(query, str) and isinstance(variables, dict | None) and isinstance(name, str | None)):
        raise RefusedError(400, "query and operationName must be strings, variables an object")
    return query, variables, name


def _with_deadline(deadline: float, execute: Callable[[], JSONResponse]) -> JSONResponse:
    DEADLINE.set(deadline)
    return execute()


def _check_deadline(resolve: Callable[..., Any], root: Any, info: Any, **arguments: Any) -> Any:
    """Middleware around each field that ends an operation past its deadline, which frees its thread."""
    if time.monotonic() > DEADLINE.get():
        raise OverdueError
    return resolve(root, info, **arguments)


def _hide_database_errors(resolve: Callable[..., Any], root: Any, info: Any, **arguments: Any) -> Any:
    """Middleware around each field that hides SQL and tracebacks of database errors, which Dagster returns as data."""
    python_error: Any = root  # Dagster's class has no types
    if isinstance(root, GraphenePythonError) and python_error.resolve_className(info) == OperationalError.__name__:
        if info.field_name == "message":
            reason = python_error.resolve_message(info)
            log.error("GraphQL: %s", reason.splitlines()[0])
            return of_database(reason).sentence
        if info.field_name in TRACEBACK:
            return TRACEBACK[info.field_name]
    return resolve(root, info, **arguments)


def _formatted(error: GraphQLError) -> Any:
    fault = fault_of(error.original_error) if error.original_error else None
    return {**error.formatted, "message": fault.sentence} if fault else error.formatted


def _operation_types(document: DocumentNode) -> set[OperationType]:
    return {node.operation for node in document.definitions if isinstance(node, OperationDefinitionNode)}
