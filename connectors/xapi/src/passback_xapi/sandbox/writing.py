"""Answers to writes of statements."""

from typing import cast

from starlette.requests import Request
from starlette.responses import Response

from passback_xapi.sandbox import body, leniency, query, validation
from passback_xapi.sandbox.answers import reply
from passback_xapi.sandbox.behaviour import Behaviour
from passback_xapi.sandbox.comparison import same
from passback_xapi.sandbox.formats import is_uuid
from passback_xapi.sandbox.refusal import Invalid, Refused
from passback_xapi.sandbox.store import Store
from passback_xapi.sandbox.validation import Edition

_VERSIONS: dict[Edition, str] = {"1.0": "1.0.0", "2.0": "2.0.0"}

Statement = dict[str, object]


class Writer:
    """Takes the statements of requests of one edition into a store."""

    def __init__(self, behaviour: Behaviour, store: Store, edition: Edition) -> None:
        self._behaviour = behaviour
        self._store = store
        self._edition = edition

    async def put(self, request: Request) -> Response:
        """Answer a PUT of one statement."""
        given = query.unique(request.query_params.multi_items())
        if given.keys() != {"statementId"}:
            raise Refused(400, "statementId: is required, alone")
        identifier = given["statementId"]
        if not is_uuid(identifier):
            raise Refused(400, "statementId: must be a UUID")
        sent = await self._content(request)
        if isinstance(sent, list):
            raise Refused(400, "a PUT takes one statement")
        (statement,) = self._checked([sent])
        if str(statement.setdefault("id", identifier)).lower() != identifier.lower():
            raise Refused(400, "statement 0: id: differs from statementId")
        if not self._known([statement]):
            self._store.add([statement], _VERSIONS[self._edition])
        return Response(status_code=204)

    async def post(self, request: Request) -> Response:
        """Answer a POST of one statement or an array of them, all or none of which are kept."""
        if request.query_params:
            raise Refused(400, "a POST of statements has no parameters")
        sent = await self._content(request)
        batch = sent if isinstance(sent, list) else [sent]
        if not batch and self._behaviour.empty_array_status != 200:  # noqa: PLR2004 - the status is the setting
            raise Refused(self._behaviour.empty_array_status, "the array is empty")
        if self._behaviour.max_batch is not None and len(batch) > self._behaviour.max_batch:
            raise Refused(413, f"more than {self._behaviour.max_batch} statements")
        statements = self._checked(batch)
        _no_id_twice(statements)
        known = self._known(statements)
        new = [statement for statement in statements if str(statement.get("id")).lower() not in known]
        if known and self._behaviour.resend == "conflict":
            raise Refused(409, f"id: {min(known)} is held already")
        added = self._store.add(new, _VERSIONS[self._edition])
        return self._ids(statements, new, added)

    async def _content(self, request: Request) -> object:
        content = await request.body()
        if self._behaviour.max_bytes is not None and len(content) > self._behaviour.max_bytes:
            raise Refused(413, f"more than {self._behaviour.max_bytes} bytes")
        kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise Refused(400, "Content-Type: must be application/json")
        try:
            return body.parsed(content)
        except Invalid as invalid:
            raise Refused(400, str(invalid)) from invalid

    def _checked(self, batch: list[object]) -> list[Statement]:
        for index, sent in enumerate(batch):
            try:
                self._check(sent)
            except Invalid as invalid:
                raise Refused(self._behaviour.invalid_status, f"statement {index}: {invalid}") from invalid
            except Refused as refused:
                raise Refused(refused.status, f"statement {index}: {refused.message}") from refused
        return cast("list[Statement]", batch)

    def _check(self, sent: object) -> None:
        if self._behaviour.validates:
            validation.statement(sent, self._edition)
        else:
            leniency.statement(sent, self._behaviour)

    def _known(self, statements: list[Statement]) -> set[str]:
        """Return the ids already held, all of them of statements that say the same."""
        known: set[str] = set()
        for index, statement in enumerate(statements):
            kept = self._store.get(str(statement.get("id")))
            if kept is None:
                continue
            filled = kept.filled and not self._behaviour.filled_timestamp_conflicts
            if not same(statement, kept.statement, filled=filled):
                raise Refused(409, f"statement {index}: id: is held with other content")
            known.add(str(statement["id"]).lower())
        return known

    def _ids(self, statements: list[Statement], new: list[Statement], added: list[str]) -> Response:
        if self._behaviour.resend in {"no-content", "new-ids"}:
            if statements and not new and self._behaviour.resend == "no-content":
                return Response(status_code=204)
            return reply(added)
        made = iter(added)
        is_new = {id(statement) for statement in new}
        return reply([next(made) if id(s) in is_new else s["id"] for s in statements])


def _no_id_twice(statements: list[Statement]) -> None:
    seen: set[str] = set()
    for index, statement in enumerate(statements):
        if "id" not in statement:
            continue
        identifier = str(statement["id"]).lower()
        if identifier in seen:
            raise Refused(400, f"statement {index}: id: is in the batch twice")
        seen.add(identifier)
