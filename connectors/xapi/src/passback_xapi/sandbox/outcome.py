"""The rules for results and their scores."""

from passback_xapi.sandbox.fields import Fields, boolean, duration, extensions, number, record, text
from passback_xapi.sandbox.refusal import Invalid


def result(value: object, field: str) -> None:
    """Check a result."""
    fields: Fields = {
        "score": _score,
        "success": boolean,
        "completion": boolean,
        "response": text,
        "duration": duration,
        "extensions": extensions,
    }
    record(value, field, fields)


def _score(value: object, field: str) -> None:
    found = record(value, field, dict.fromkeys(("scaled", "raw", "min", "max"), number))
    score = {name: member for name, member in found.items() if isinstance(member, int | float)}
    if not -1 <= score.get("scaled", 0) <= 1:
        raise Invalid(f"{field}.scaled", "must be between -1 and 1")
    low, high = score.get("min", float("-inf")), score.get("max", float("inf"))
    if low >= high:
        raise Invalid(f"{field}.min", "must be less than max")
    if "raw" in score and not low <= score["raw"] <= high:
        raise Invalid(f"{field}.raw", "must be between min and max")
