"""Report results from Flask: ``flask run``, and ``passback work`` beside it, which delivers them."""

from datetime import UTC, datetime

import attrs
from flask import Flask, request

from passback import BlockingPassback, ContentConflict, InvalidResult, Result, Selection, parse_result

app = Flask(__name__)
pb = BlockingPassback.from_file("passback.toml", deliver=False)  # one for all threads, and before any fork


@app.post("/complete")
def complete() -> tuple[dict[str, str], int]:
    """Take a completion in: when this answers, it's on disk."""
    try:
        return {"id": pb.submit(completion(request.get_json())).result_id}, 202
    except (InvalidResult, ContentConflict) as error:
        return {"error": str(error)}, 422


def completion(said: object) -> Result:
    """Return what a client says as a result; with an id and a time of its own it may say so again."""
    if not isinstance(said, dict):
        raise InvalidResult("", "expected a JSON object")
    fact = {
        "kind": "completed",
        "learner": {"id": said.get("learner")},
        "activity": {"id": said.get("activity")},
        "at": said.get("at") or datetime.now(UTC).isoformat(),
    }
    if said.get("score") is not None:
        fact["score"] = {"scaled": said["score"]}
    if said.get("id") is not None:
        if not said.get("at"):
            raise InvalidResult("at", "missing; an id stands for one fact, and that has one time")
        fact["id"] = said["id"]
    return parse_result(fact)


@app.get("/results/<result_id>")
def result(result_id: str) -> list[dict[str, object]]:
    """Say where a result stands: one delivery for each connection it goes to."""
    return [attrs.asdict(each) for each in pb.deliveries(Selection(results=[result_id]))]


@app.get("/learners/<learner_id>")
def learner(learner_id: str) -> list[dict[str, object]]:
    """Say where a learner stands in each activity, and how much of it was delivered."""
    return [attrs.asdict(each) for each in pb.results(learner_id)]
