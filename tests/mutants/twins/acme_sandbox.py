"""Acme Learn, invented: what the twins talk to."""

import base64
import hashlib
import hmac
import json
import secrets
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Route

from passback import Incoming
from passback.sandbox import Stage

CLIENT, SECRET, SIGNING = "acme-client", "acme-secret-value", "acme-signing-value"
AT = datetime(2026, 11, 2, 8, 30, tzinfo=UTC)
PAGE = 3


def people():
    """Return more than three pages of people, of whom two share an address."""
    some = [{"id": f"u{n}", "mail": f"user{n}@example.com", "login": f"user{n}"} for n in range(1, 11)]
    return [*some, {"id": "u11", "mail": "USER2@example.com", "login": "user11"}]


def basic(name, password):
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def signature(body, at):
    signed = f"{int(at.timestamp())}.".encode() + body
    return f"{int(at.timestamp())},{hmac.new(SIGNING.encode(), signed, hashlib.sha256).hexdigest()}"


class Sandbox(Stage):
    title = "Acme Learn"

    def __init__(self):
        self.people = people()
        self.results = []
        self.records = []
        self._tokens = set()
        self._codes = {}
        routes = [
            Route("/token", self._token, methods=["POST"]),
            Route("/me", self._me),
            Route("/users", self._users),
            Route("/users/{id}/login", self._login, methods=["POST"]),
            Route("/results", self._results, methods=["POST"]),
            Route("/callbacks/{id}", self._results, methods=["POST"]),
            Route("/records", self._records, methods=["GET", "POST"]),
            Route("/provider", self._provider),
            Route("/exchange", self._exchange, methods=["POST"]),
        ]
        super().__init__(Starlette(routes=routes, exception_handlers={HTTPException: _refuse}))

    def guide(self, url):
        return url

    def launch(self, url):
        return [
            ("acme_user", "u1"),
            ("acme_token", "launch-token-1"),
            ("acme_callback", f"{url}/callbacks/7"),
        ]

    def event(self):
        said = {"id": "e1", "user": "u1", "activity": "ladder-1", "at": AT.isoformat()}
        return self.signed(json.dumps(said).encode())

    def signed(self, body):
        headers = {"acme-signature": signature(body, AT), "acme-sent": str(int(AT.timestamp()))}
        return Incoming(method="POST", headers=headers, body=body, received=AT)

    def pull(self):
        return Incoming(method="GET", headers={"authorization": basic(CLIENT, SECRET)}, received=AT)

    def sign_in(self, departure):
        """Return what a browser brings back that signed in."""
        sent = dict(parse_qsl(urlsplit(departure.url).query))
        code = secrets.token_hex(8)
        self._codes[code] = {"subject": "u1", "nonce": sent["nonce"]}
        return Incoming(method="GET", query=(("code", code), ("state", sent["state"])), received=AT)

    async def _provider(self, request):
        self._require(request)
        return JSONResponse({"authorize": f"{request.base_url}authorize"})

    async def _exchange(self, request):
        self._require(request)
        said = self._codes.pop((await request.json())["code"], None)
        return JSONResponse({"error": "invalid_grant"}, 400) if said is None else JSONResponse(said)

    async def _token(self, request):
        if request.headers.get("authorization") != basic(CLIENT, SECRET):
            raise HTTPException(401, "invalid_client")
        token = secrets.token_hex(12)
        self._tokens.add(token)
        return JSONResponse({"access_token": token, "expires_in": 3600, "token_type": "Bearer"})

    def _require(self, request):
        kind, _, proof = request.headers.get("authorization", "").partition(" ")
        if kind != "Bearer" or (proof not in self._tokens and proof != SECRET):
            raise HTTPException(401, "unauthorized")

    async def _me(self, request):
        self._require(request)
        return JSONResponse({"name": "the customer"})

    async def _users(self, request):
        self._require(request)
        mail, page = request.query_params.get("email"), int(request.query_params.get("page", "0"))
        found = [each for each in self.people if mail is None or each["mail"].lower() == mail.lower()]
        start, end = page * PAGE, (page + 1) * PAGE
        following = str(request.url.include_query_params(page=page + 1)) if end < len(found) else None
        return JSONResponse({"users": found[start:end], "next": following, "page": page})

    async def _login(self, request):
        self._require(request)
        if request.path_params["id"] not in {each["id"] for each in self.people}:
            raise HTTPException(404, "unknown_user")
        return JSONResponse({"url": f"{request.base_url}enter?once={secrets.token_hex(8)}"})

    async def _results(self, request):
        self._require(request)
        said = [self._taken(each) for each in await request.json()]
        # It has accepted the request, whatever became of what is in it, and answers in an order of its own.
        return JSONResponse({"results": said[::-1]}, 200 if all(each["ok"] for each in said) else 202)

    def _taken(self, item):
        if item["user"] not in {each["id"] for each in self.people}:
            return {"id": item["id"], "ok": False, "error": "there is no such user"}
        if item["id"] not in {each["id"] for each in self.results}:
            self.results.append(item)
        return {"id": item["id"], "ok": True, "error": None}

    async def _records(self, request):
        self._require(request)
        if request.method == "GET":
            user = request.query_params["user"]
            return JSONResponse({"records": [each for each in self.records if each["user"] == user]})
        item = await request.json()
        if item["user"] not in {each["id"] for each in self.people}:
            raise HTTPException(422, "there is no such user")
        self.records.append(item)
        return JSONResponse(item, 201)


async def _refuse(_request, failed):
    return JSONResponse({"error": failed.detail}, failed.status_code)
