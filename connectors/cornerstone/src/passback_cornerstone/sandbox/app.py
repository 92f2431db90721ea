"""The addresses of a portal."""

import asyncio
from typing import cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from passback_cornerstone.sandbox.answers import Refused, error, reply
from passback_cornerstone.sandbox.callback import Callback
from passback_cornerstone.sandbox.employees import Employees
from passback_cornerstone.sandbox.portal import Portal
from passback_cornerstone.sandbox.reporting import View
from passback_cornerstone.sandbox.state import State
from passback_cornerstone.sandbox.tenant import Endpoint, Tenant
from passback_cornerstone.sandbox.transcripts import Transcripts

_API = "/services/api"


def application(state: State, portal: Portal) -> Starlette:
    """Make the ASGI application of a portal."""
    handlers = {Refused: _Errors(state).refused, HTTPException: _Errors(state).missing}
    routes = [*_provider(state), *_tenant(state), *_people(state, portal)]
    made = Starlette(routes=routes, exception_handlers=handlers)
    made.router.redirect_slashes = False
    return made


def _provider(state: State) -> list[Route]:
    path = state.behaviour.callback + state.behaviour.suffix
    return [Route(path, Callback(state).take, methods=["POST"]), Route("/", _home, methods=["GET"])]


def _tenant(state: State) -> list[Route]:
    tenant, employees, view, transcripts = Tenant(state), Employees(state), View(state), Transcripts(state)

    def route(method: str, path: str, scope: str, endpoint: Endpoint) -> Route:
        return Route(f"{_API}{path}", tenant.guarded(path, scope, endpoint), methods=[method])

    return [
        Route(f"{_API}/oauth2/token", tenant.token, methods=["POST"]),
        *(
            each
            for version in ("v1", "v2")
            for each in (
                route("GET", f"/x/users/{version}/employees", "employee:read", employees.listed),
                route("GET", f"/x/users/{version}/employees/{{number}}", "employee:read", employees.one),
            )
        ),
        route("GET", "/x/odata/api/views/vw_rpt_user", "vw_rpt_user:read", view.rows),
        route("PATCH", "/v1/transcripts/complete", "transcript:update", transcripts.complete),
        route("GET", "/v1/transcripts/overview", "transcript:read", transcripts.overview),
        route("GET", "/v1/LearningAssignments", "learningassignment:read", transcripts.assignments),
        route("PATCH", "/v1/LearningAssignments/{number}", "learningassignment:update", transcripts.update),
    ]


def _people(state: State, portal: Portal) -> list[Route]:
    """Make what a person does there: open a course, have the course list pulled, look at transcripts."""

    async def launch(request: Request) -> Response:
        to, user = request.query_params.get("to", ""), request.query_params.get("user", "")
        if not to.startswith(("http://", "https://")):
            raise Refused(400, "to: the address of the course")
        return RedirectResponse(portal.launch_url(to, user, request.url.netloc))

    async def pull(request: Request) -> Response:
        done = await asyncio.to_thread(portal.pull, request.query_params.get("from", ""))
        return reply(done.__dict__)

    async def seen(_: Request) -> Response:
        rows = [
            {"user": guid, "course": name, **each.__dict__} for (guid, name), each in state.entries.items()
        ]
        return reply(rows)

    return [
        Route("/sandbox/launch", launch, methods=["GET"]),
        Route("/sandbox/pull", pull, methods=["POST"]),
        Route("/sandbox/transcripts", seen, methods=["GET"]),
    ]


async def _home(_: Request) -> Response:
    return RedirectResponse("/login", status_code=302)


class _Errors:
    """Says what is wrong in the portal's words."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def refused(self, _: Request, raised: Exception) -> Response:
        refused = cast("Refused", raised)
        return error(refused.status, refused.message, self._state.now(), refused.headers)

    async def missing(self, _: Request, raised: Exception) -> Response:
        missing = cast("HTTPException", raised)
        return error(missing.status_code, missing.detail, self._state.now(), missing.headers)
