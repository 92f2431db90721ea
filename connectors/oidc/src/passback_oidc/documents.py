"""What a provider answers, as the one JSON object that it must be."""

from __future__ import annotations

from passback import JSONValue, Response, ServerError, json_object

__all__ = ["document"]

_LARGEST = 512 * 1024


def document(answer: Response, *statuses: int) -> dict[str, JSONValue]:
    """Return the JSON object that an answer is.

    Args:
        answer: The answer.
        statuses: Those that may have one; 200 if none is named.

    Raises:
        ServerError: It's another status, too large or no such object.
        RateLimited: It asks to slow down.
    """
    answer.require(*(statuses or (200,)))
    if len(answer.body) > _LARGEST:
        raise ServerError(
            f"{answer.asked} answered with more than {_LARGEST // 1024} KiB; is it the right address?",
            status=answer.status,
        )
    try:
        return json_object(answer.body)
    except ValueError:
        kind = answer.headers.get("content-type", "no content type").partition(";")[0]
        raise ServerError(
            f"{answer.asked} answered {answer.status} with something that is no JSON object that can be read "
            f"in one way only ({kind[:80]}); is it the right address?",
            status=answer.status,
        ) from None
