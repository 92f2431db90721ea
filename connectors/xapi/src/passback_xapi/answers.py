"""What an LRS's answer to a POST of statements says about each of them."""

from __future__ import annotations

from collections.abc import Sequence

from passback import BatchRefused, Delivered, JSONValue, Receipt, Response, ServerError
from passback_xapi.outgoing import Outgoing

__all__ = ["CONFLICT", "REFUSALS", "accepted"]

_OK, _NO_CONTENT = 200, 204
CONFLICT = 409
# What says that the content, rather than the way to it, is at fault.
REFUSALS = (400, 422)


def accepted(answer: Response, outgoing: Sequence[Outgoing]) -> tuple[Sequence[Receipt], Sequence[Outgoing]]:
    """Return the receipts for statements that `answer` names as stored, and those that it doesn't name.

    Raises:
        BatchRefused: It refuses the content.
        ServerError: It says 200 to something else than xAPI, or anything but that it stored them; or it's a
            page, and not of the LRS.
    """
    if answer.status in REFUSALS:
        # What a proxy or a firewall on the way isn't fond of is no verdict on what a statement says. ADL's
        # LRS calls plain text HTML.
        if answer.body.lstrip().startswith(b"<"):
            raise ServerError(
                f"{answer.asked} answered {answer.status} with a page, as a proxy before the LRS does: "
                f"{answer.excerpt()}",
                status=answer.status,
            )
        raise BatchRefused(
            f"the LRS refused it ({answer.status}): {answer.excerpt() or 'without a word why'}"
        )
    answer.require(_OK, _NO_CONTENT)
    if answer.status == _NO_CONTENT:  # Ralph, when it holds them all
        return (), outgoing
    named = _ids(answer)
    if named == [each.id for each in outgoing]:
        return [Delivered(each.delivery.id, each.id) for each in outgoing], ()
    stored = {each.lower() for each in named}
    # Of those that name only what is new to them, some answer an empty list where nothing is.
    if stored - {each.id for each in outgoing}:
        raise ServerError(
            f"{answer.asked} answered 200, but not with ids of statements that were sent; "
            "is this the xAPI endpoint of an LRS?",
            status=answer.status,
        )
    receipts = [Delivered(each.delivery.id, each.id) for each in outgoing if each.id in stored]
    return receipts, [each for each in outgoing if each.id not in stored]


def _ids(answer: Response) -> list[str]:
    document: JSONValue = answer.json()
    named = [each for each in document if isinstance(each, str)] if isinstance(document, list) else []
    if named != document:
        raise ServerError(
            f"{answer.asked} answered 200 with something that is no list of statement ids; "
            "is this the xAPI endpoint of an LRS?",
            status=answer.status,
        )
    return named
