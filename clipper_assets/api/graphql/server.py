"""Dagster's own GraphQL, over HTTP and WebSocket, for those who have a token."""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from functools import partial
from typing import Any

from dagster._core.workspace.context import WorkspaceProcessContext, WorkspaceRequestContext
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

log = logging.getLogger(__name__)

DEADLINE_S = 10.0
"""An operation has so many seconds over HTTP, its wait for others included."""
MOST_SUBSCRIPTIONS = 16
"""Subscriptions of one WebSocket at the same time."""
READERS, EXECUTORS = 2, 4
"""Threads that read documents and that execute them; few, since all share one interpreter with everybody else."""
TRACEBACK: Mapping[str, Any] = {"stack": [], "cause": None, "causes": [], "errorChain": []}
"""Fields of a PythonError, without it."""
UNTIL: ContextVar[float] = ContextVar("UNTIL")
"""When the operation that is executed has to be done, on the monotonic clock."""


class OverdueError(BaseException):
    """Ends an operation past its deadline; graphql-core would make an error of one field out of any Exception."""


class DagsterGraphQL(GraphQLServer[WorkspaceRequestContext]):
    """Dagster's schema over HTTP and over WebSocket (subprotocol `graphql-ws`), for who may."""

    def __init__(self, workspace: WorkspaceProcessContext, code_server: CodeServer):
        self.workspace, self.code_server = workspace, code_server
        self.readers = ThreadPoolExecutor(READERS, "graphql-reader")
        self.executors = ThreadPoolExecutor(EXECUTORS, "graphql-executor")
        super().__init__()

    def build_graphql_schema(self) -> Schema:
        return create_schema()

    def build_graphql_middleware(self) -> list[Any]:
        return [_in_time, _in_one_sentence]

    def build_graphql_validation_rules(self) -> Collection[type[ASTValidationRule]]:
        """None: a document is validated when it is read, and not again."""
        return []

    def build_middleware(self) -> list[Middleware]:
        return []

    def build_routes(self) -> list[BaseRoute]:
        return [
            Route("/graphql", self.graphql_http_endpoint, methods=["GET", "POST"]),
            WebSocketRoute("/graphql", self.graphql_ws_endpoint),
        ]

    def _make_request_context(self, conn: HTTPConnection) -> WorkspaceRequestContext:
        return self.workspace.create_request_context(conn)

    def handle_graphql_errors(self, errors: Sequence[GraphQLError]) -> list[Any]:
        """Without the traceback that Dagster's own server gives away."""
        for error in errors:
            if error.original_error:
                log.error("GraphQL: %s", error.message, exc_info=error.original_error)
        return [_told(error) for error in errors]

    def _determine_status_code(self, resolver_errors: Any, captured_errors: Any) -> int:
        """A document that could be executed is a 200, with its errors inside (GraphQL over HTTP, 6.4.1)."""
        return 200

    async def read(self, query: str) -> DocumentNode:
        """The document, valid and of bounded cost. Raises TooCostlyError or GraphQLError."""
        loop, schema = asyncio.get_running_loop(), self._graphene_schema.graphql_schema
        return await loop.run_in_executor(self.readers, documents.read, query, schema)

    async def graphql_http_endpoint(self, request: Request) -> JSONResponse:
        query, variables, name = await _asked(request)
        try:
            document = await self.read(query)
        except documents.TooCostlyError as error:
            raise RefusedError(400, str(error)) from None
        except GraphQLError as error:
            raise RefusedError(400, f"the query cannot be read: {error.message}") from None
        if OperationType.MUTATION in _kinds(document):
            if request.method == "GET":
                raise RefusedError(405, "a GET changes nothing; send mutations by POST")
            check_mutation(request.user.access, document, variables)
            await asyncio.to_thread(self.code_server.restore)
        return await self.execute_graphql_request(request, query, variables, name)

    async def execute_graphql_request(
        self, request: Request, query: str, variables: dict[str, Any] | None, operation_name: str | None
    ) -> JSONResponse:
        execute = partial(self.graphql_execution_thread, request, query, variables, operation_name)
        try:
            async with asyncio.timeout(DEADLINE_S):
                loop, until = asyncio.get_running_loop(), time.monotonic() + DEADLINE_S
                return await loop.run_in_executor(self.executors, _until, until, execute)
        except (TimeoutError, OverdueError):
            raise RefusedError(503, f"the query was not done within {DEADLINE_S:.0f} s; ask for less at once") from None

    async def graphql_ws_endpoint(self, websocket: WebSocket) -> None:
        try:
            await super().graphql_ws_endpoint(websocket)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            await websocket.close(4400, "a message is not what graphql-ws has")

    async def execute_graphql_subscription(
        self,
        websocket: WebSocket,
        operation_id: str,
        query: str,
        variables: dict[str, Any] | None,
        operation_name: str | None,
    ) -> tuple[Any, Any]:
        under_way: set[asyncio.Task[None]] = websocket.scope.setdefault("subscriptions", set())
        if len(under_way) >= MOST_SUBSCRIPTIONS:
            return None, {"message": f"a WebSocket has at most {MOST_SUBSCRIPTIONS} subscriptions; stop one first"}
        try:
            if _kinds(await self.read(query)) != {OperationType.SUBSCRIPTION}:
                return None, {"message": "only subscriptions go over a WebSocket; send the rest by POST"}
        except documents.TooCostlyError as error:
            return None, {"message": str(error)}
        except GraphQLError as error:
            return None, error.formatted
        task, refusal = await super().execute_graphql_subscription(
            websocket, operation_id, query, variables, operation_name
        )
        if task:
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        return task, refusal

    def execute(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The data of an operation, executed here.

        Raises RuntimeError where Dagster has errors, or what its database raised.
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


async def _asked(request: Request) -> tuple[str, dict[str, Any] | None, str | None]:
    """Document, variables and name of the operation. Raises RefusedError (400) for anything else."""
    try:
        asked = dict(request.query_params) if request.method == "GET" else await request.json()
        query, variables, name = asked["query"], asked.get("variables"), asked.get("operationName")
        variables = json.loads(variables) if isinstance(variables, str) and variables else variables or None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise RefusedError(400, "that is no GraphQL request; send JSON, {query, variables, operationName}") from None
    if not (isinstance(query, str) and isinstance(variables, dict | None) and isinstance(name, str | None)):
        raise RefusedError(400, "query and operationName must be texts, variables an object")
    return query, variables, name


def _until(until: float, execute: Callable[[], JSONResponse]) -> JSONResponse:
    UNTIL.set(until)
    return execute()


def _in_time(resolve: Callable[..., Any], root: Any, info: Any, **arguments: Any) -> Any:
    """graphql-core's middleware around each field: the thread of an operation past its deadline ends here."""
    if time.monotonic() > UNTIL.get():
        raise OverdueError
    return resolve(root, info, **arguments)


def _in_one_sentence(resolve: Callable[..., Any], root: Any, info: Any, **arguments: Any) -> Any:
    """The same around each field, for what the database raised and Dagster answers as data: no SQL, no traceback."""
    answered: Any = root  # Dagster's class has no types
    if isinstance(root, GraphenePythonError) and answered.resolve_className(info) == OperationalError.__name__:
        if info.field_name == "message":
            reason = answered.resolve_message(info)
            log.error("GraphQL: %s", reason.splitlines()[0])
            return of_database(reason).sentence
        if info.field_name in TRACEBACK:
            return TRACEBACK[info.field_name]
    return resolve(root, info, **arguments)


def _told(error: GraphQLError) -> Any:
    fault = fault_of(error.original_error) if error.original_error else None
    return {**error.formatted, "message": fault.sentence} if fault else error.formatted


def _kinds(document: DocumentNode) -> set[OperationType]:
    return {each.operation for each in document.definitions if isinstance(each, OperationDefinitionNode)}
