"""The reporting view of users, as OData has it (wire facts §2.2)."""

import re

from starlette.requests import Request
from starlette.responses import Response

from passback_cornerstone.sandbox.answers import Refused, asked_for
from passback_cornerstone.sandbox.state import State

_FILTER = re.compile(r"(?P<column>[a-z_]+) eq '(?P<text>(?:[^']|'')*)'")
_COLUMNS = ("user_id", "user_ref", "user_email", "user_login")
_OPTIONS = {"$filter", "$select", "$skiptoken"}


class View:
    """The view ``vw_rpt_user``."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def rows(self, request: Request) -> Response:
        """Answer a page of rows."""
        given = dict(request.query_params)
        if not self._state.behaviour.view:
            raise Refused(404, "there is no such view")
        if not given.keys() <= _OPTIONS:
            raise Refused(400, f"unknown: {', '.join(sorted(given.keys() - _OPTIONS))}")
        columns = given.get("$select", ",".join(_COLUMNS)).split(",")
        if not set(columns) <= set(_COLUMNS):
            raise Refused(400, "$select: no such column")
        found = self._filtered(given.get("$filter"))
        begin = _number(given.get("$skiptoken", "0"))
        end = begin + self._state.behaviour.view_page_size
        rows: list[object] = [{column: row[column] for column in columns} for row in found[begin:end]]
        document: dict[str, object] = {"@odata.context": f"{request.url.path}/$metadata", "value": rows}
        if end < len(found):
            following = request.url.include_query_params(**{"$skiptoken": str(end)})
            document["@odata.nextLink"] = str(following)
        return asked_for(request, document, xml=self._state.behaviour.xml)

    def _filtered(self, text: str | None) -> list[dict[str, object]]:
        rows = [each.row() for each in self._state.people]
        if text is None:
            return rows
        # OData doubles a quote inside a text; anything else is a syntax error.
        found = _FILTER.fullmatch(text)
        if found is None or found["column"] not in _COLUMNS:
            raise Refused(400, "$filter: expected column eq 'text'")
        wanted = found["text"].replace("''", "'").lower()
        return [row for row in rows if str(row[found["column"]]).lower() == wanted]


def _number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise Refused(400, "$skiptoken: unknown")
    return int(text)
