"""Who signs in by an identity provider, as Django's views; ``passback work`` beside them delivers."""

import logging
from datetime import UTC, datetime
from urllib.parse import parse_qsl
from uuid import uuid4

from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from passback import (
    Activity,
    BlockingPassback,
    Incoming,
    Learner,
    Outcome,
    PassbackError,
    Result,
)

log = logging.getLogger(__name__)
pb = BlockingPassback.from_file("passback.toml", deliver=False)  # one for all threads, and before any fork
LADDER = Activity(id="https://courses.example/ladder", name="Ladder safety")


def page(request: HttpRequest, connection: str = "") -> HttpResponse:  # noqa: ARG001 - also after sign-out
    """Offer to sign in, or to complete the course."""
    session = request.session
    known = {"learner": session.get("learner"), "name": session.get("name")}
    return render(request, "page.html", {**known, "titles": pb.signing_in.titles()})


@require_GET
def sign_in(request: HttpRequest, connection: str) -> HttpResponse:
    """Send the browser to the identity provider, and know it again when it's back."""
    try:
        journey = pb.signing_in.start(connection, browser=request.session.get("browser", ""))
    except PassbackError:
        log.warning("nobody is sent to %s", connection, exc_info=True)
        return HttpResponseForbidden("you can't sign in now")
    # A provider that posts back, as SAML's do, needs SESSION_COOKIE_SAMESITE = "None".
    request.session["browser"] = journey.browser
    return HttpResponseRedirect(journey.departure.url, headers={"Referrer-Policy": "no-referrer"})


@csrf_exempt  # the state guards it
def callback(request: HttpRequest, connection: str) -> HttpResponse:
    """Take the browser back, and keep who it is."""
    try:
        signed = pb.signing_in.finish(connection, _incoming(request), request.session.get("browser", ""))
    except PassbackError:
        log.warning("nobody is signed in by %s", connection, exc_info=True)
        return HttpResponseForbidden("you couldn't be signed in")
    request.session.flush()
    if signed.outcome is Outcome.NEEDS_PROOF:
        return HttpResponseForbidden("sign in as you did before, and say that this is you, too")
    request.session.update(
        {
            "learner": signed.learner.id,
            "name": signed.learner.name or "you",
            "by": signed.connection,
            "session": signed.session,
        }
    )
    return HttpResponseRedirect(signed.return_to)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out here, and at the provider."""
    by, session = request.session.get("by"), request.session.get("session", "")
    request.session.flush()
    departure = pb.signing_in.sign_out(by, session) if by else None
    return HttpResponseRedirect(departure.url if departure else "/")


@require_POST
def complete(request: HttpRequest) -> HttpResponse:
    """Take a completion in: when this answers, it's on disk."""
    learner = request.session.get("learner")
    if learner is None:
        return HttpResponseForbidden("sign in first")
    fact = Result(
        id=str(uuid4()),
        kind="completed",
        learner=Learner(id=learner),
        activity=LADDER,
        at=datetime.now(UTC),
    )
    pb.submit(fact)
    return HttpResponseRedirect("/")


def _incoming(request: HttpRequest) -> Incoming:
    return Incoming(
        method=request.method or "",
        query=tuple(parse_qsl(request.META.get("QUERY_STRING", ""), keep_blank_values=True)),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=request.body,
        received=datetime.now(UTC),
    )
