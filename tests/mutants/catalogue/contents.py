"""Connectors that say something else of a result than it says itself, or read something else in an answer."""

from mutants.mutant import change, mutant


def _said(name, rules, old, new):
    """Return a mutant of what is sent of a result."""
    return mutant(name, rules, change(old, new))


_AT = "at, name = result.utc.isoformat(), result.learner.name"
_MORE = 'more = {"at": at, "name": name, "score": score, "passed": result.success, "spent": spent}'
_ANSWERED = """
said = {_text(each, "id"): each for each in _items(answer, "results")}
return [_receipt(each, said.get(each.result.id)) for each in deliveries]
"""

CONTENTS = (
    _said(
        "it sends the time without its zone",
        "submit_results.when",
        _AT,
        "at, name = result.at.replace(tzinfo=None).isoformat(), result.learner.name",
    ),
    _said(
        "it sends the time of the machine's zone",
        "submit_results.when",
        _AT,
        'at, name = f"{datetime.fromtimestamp(result.at.timestamp()).isoformat()}Z", result.learner.name',
    ),
    _said(
        "it sends when it sends",
        "submit_results.when",
        _AT,
        "at, name = datetime.now().astimezone().isoformat(), result.learner.name",
    ),
    _said(
        "no points are no score",
        "submit_results.values",
        "score = None if result.score is None else result.score.scaled",
        "score = (result.score and result.score.scaled) or None",
    ),
    _said(
        "who wasn't marked has no points",
        "submit_results.values",
        "score = None if result.score is None else result.score.scaled",
        "score = 0.0 if result.score is None else result.score.scaled",
    ),
    _said(
        "who didn't pass looks as one who wasn't marked",
        "submit_results.values",
        _MORE,
        'more = {"at": at, "name": name, "score": score, "passed": result.success or None, "spent": spent}',
    ),
    _said(
        "a day more is no time more",
        "submit_results.values",
        "spent = None if result.duration is None else result.duration.total_seconds()",
        "spent = None if result.duration is None else result.duration.seconds",
    ),
    _said(
        "everything is a completion",
        "submit_results.kinds_apart",
        'return {"id": result.id, "user": user, "activity": result.activity.id, "kind": str(result.kind)}',
        'return {"id": result.id, "user": user, "activity": result.activity.id, "kind": "completed"}',
    ),
    _said(
        "names are English",
        "submit_results.texts",
        _AT,
        'at, name = result.utc.isoformat(), (result.learner.name or "").encode("ascii").decode()',
    ),
    _said(
        "everybody has a name",
        "submit_results.texts",
        _AT,
        "at, name = result.utc.isoformat(), result.learner.name.strip()",
    ),
    _said(
        "it takes its note out of the result",
        "submit_results.texts",
        _AT,
        'at, name = result.utc.isoformat(), result.extensions.pop("note", None)',
    ),
    mutant(
        "an id stands in a header as it is",
        "submit_results.texts",
        change(
            """
            headers = {"authorization": f"Bearer {self.options.token.get_secret_value()}"}
            """,
            """
            headers = {"authorization": f"Bearer {self.options.token.get_secret_value()}"}
            if method == "POST":
                headers["idempotency-key"] = parts["json"]["id"]
            """,
        ),
        file="bare_lms.py",
        suite="TestBare",
    ),
    mutant(
        "answers come in the order of the results, turned round",
        "submit_results.answer_order",
        change(
            _ANSWERED,
            """
            said = reversed(_items(answer, "results"))
            return [_receipt(each, item) for each, item in zip(deliveries, said, strict=False)]
            """,
        ),
    ),
    mutant(
        "what isn't mentioned has arrived",
        "submit_results.answer_short",
        change(
            """
            if said is None:
                raise ServerError("POST /results: the answer says nothing of a result")
            if said.get("ok") is True:
            """,
            """
            if said is None or said.get("ok") is True:
            """,
        ),
    ),
    mutant(
        "a batch that isn't taken is rejected",
        "submit_results.whole_batch",
        change(
            """
            answer.require(200, 202)
            """,
            """
            if answer.status in (400, 413, 422):
                return [Rejected(each.id, answer.excerpt()) for each in deliveries]
            answer.require(200, 202)
            """,
        ),
    ),
    mutant(
        "a batch that is too large is an outage",
        "submit_results.whole_batch",
        change(
            """
            answer.require(200, 202)
            """,
            """
            if answer.status == 413:
                raise ServerError("POST /results answered 413")
            answer.require(200, 202)
            """,
        ),
    ),
    mutant(
        "who isn't known yet is rejected",
        "submit_results.user_unknown",
        change(
            """
            return UserUnknown(delivery.id, error) if "user" in error else Rejected(delivery.id, error)
            """,
            """
            return Rejected(delivery.id, error)
            """,
        ),
    ),
    mutant(
        "any result of the same learner is this one",
        "submit_results.not_there_yet",
        change(
            """
            return any(isinstance(each, dict) and each.get("id") == delivery.result.id for each in records)
            """,
            """
            return bool(records)
            """,
        ),
        file="bare_lms.py",
        suite="TestBare",
    ),
)
