"""The resource that takes messages."""

import time
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse

from passback_webhook.sandbox.behaviour import Behaviour
from passback_webhook.sandbox.fields import parsed, require_fields
from passback_webhook.sandbox.refusal import Refused
from passback_webhook.sandbox.signatures import BadSignature, verify


class Events:
    """Takes messages, each of them once.

    Attributes:
        kept: The messages that were taken, oldest first.
        repeated: The ids of those that came again.
    """

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._known: dict[str, object] = {}
        self.kept: list[dict[str, object]] = []
        self.repeated: list[str] = []

    async def answer(self, request: Request) -> JSONResponse:
        """Take what a request carries.

        Raises:
            Refused: It breaks a rule.
        """
        body = await request.body()
        signed = self._signed(request.headers, body)
        kind = request.headers.get("content-type", "")
        found = parsed(body, request.scope["query_string"], kind, self._behaviour)
        if not self._behaviour.batches:
            return JSONResponse(self._taken(require_fields(found, self._behaviour), signed))
        if not isinstance(found, list) or not found:
            raise Refused(400, "malformed", "expected an array of messages")
        return JSONResponse({"results": [self._each(one) for one in found]})

    def _each(self, message: object) -> dict[str, object]:
        try:
            return self._taken(require_fields(message, self._behaviour), None)
        except Refused as refused:
            identity = message.get(self._behaviour.known_id) if isinstance(message, dict) else None
            return {"id": identity, "ok": False, "code": refused.code, "error": refused.message}

    def _signed(self, headers: Mapping[str, str], body: bytes) -> str | None:
        if not self._behaviour.signing_secrets:
            return None
        try:
            return verify(self._behaviour.signing_secrets, headers, body, time.time())
        except BadSignature as bad:
            raise Refused(401, "signature", str(bad)) from bad

    def _taken(self, message: dict[str, object], signed: str | None) -> dict[str, object]:
        self._require_user(message)
        own = message.get(self._behaviour.known_id)
        identity = signed or str(own or len(self._known))
        number = f"m-{len(self.kept) + 1}"
        if identity in self._known:
            self.repeated.append(identity)
            return {"id": own, "ok": True, "duplicate": True, "number": self._known[identity]}
        self._known[identity] = number
        self.kept.append(message)
        return {"id": own, "ok": True, "duplicate": False, "number": number}

    def _require_user(self, message: dict[str, object]) -> None:
        known = {str(each.id) for each in self._behaviour.users}
        known |= {each.mail for each in self._behaviour.users} | {
            each.number for each in self._behaviour.users
        }
        if known and message.get(self._behaviour.user_field) not in known:
            raise Refused(404, "user_not_found", "there is no such user")
