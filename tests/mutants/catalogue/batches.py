"""Connectors that get lost among several results."""

from mutants.mutant import change, mutant

BATCHES = (
    mutant(
        "it goes on with what the same learner did later",
        "submit_results.order_held",
        change(
            """
            for address, deliveries in ways.items():
                receipts += await self._send(address, deliveries)
            """,
            """
            for address, deliveries in ways.items():
                for each in deliveries:
                    try:
                        receipts += await self._send(address, [each])
                    except ConnectionFailure as failure:
                        receipts.append(TryLater(each.id, self.clock.now(), "later"))
            """,
        ),
        change(
            """
            from passback import (
            """,
            """
            from passback import (
                ConnectionFailure,
                TryLater,
            """,
        ),
    ),
    mutant(
        "it sends the first of a batch, and answers for all",
        "submit_results.arrives",
        change(
            """
            items = [_item(each) for each in deliveries]
            """,
            """
            items = [_item(each) for each in deliveries[:1]]
            """,
        ),
        change(
            """
            answer.require(200, 202)
            said = {_text(each, "id"): each for each in _items(answer, "results")}
            return [_receipt(each, said.get(each.result.id)) for each in deliveries]
            """,
            """
            answer.require(200, 202)
            return [Delivered(each.id) for each in deliveries]
            """,
        ),
    ),
    mutant(
        "it asks for more than it sends",
        "submit_results.full_batch",
        change(
            """
            sending = Sending(batch=3, concurrency=2)
            """,
            """
            sending = Sending(batch=6, concurrency=2)
            """,
        ),
        change(
            """
            items = [_item(each) for each in deliveries]
            """,
            """
            items = [_item(each) for each in deliveries[:5]]
            """,
        ),
        change(
            """
            answer.require(200, 202)
            said = {_text(each, "id"): each for each in _items(answer, "results")}
            return [_receipt(each, said.get(each.result.id)) for each in deliveries]
            """,
            """
            answer.require(200, 202)
            said = {_text(each, "id"): each for each in _items(answer, "results")}
            return [_receipt(each, said.get(each.result.id, {"ok": True})) for each in deliveries]
            """,
        ),
    ),
    mutant(
        "it answers for the wrong delivery",
        "submit_results.right_receipt",
        change(
            """
            return [_receipt(each, said.get(each.result.id)) for each in deliveries]
            """,
            """
            answers = sorted(said.values(), key=lambda each: each.get("ok") is True)
            return [_receipt(each, kept) for each, kept in zip(deliveries, answers)]
            """,
        ),
    ),
    mutant(
        "it takes answers to come in the order of what it sent",
        "submit_results.right_receipt",
        change(
            """
            return [_receipt(each, said.get(each.result.id)) for each in deliveries]
            """,
            """
            return [_receipt(each, kept) for each, kept in zip(deliveries, said.values())]
            """,
        ),
    ),
    mutant(
        "it knows three kinds of results",
        "submit_results.kinds",
        change(
            """
            return {"id": result.id, "user": user, "activity": result.activity.id, "kind": str(result.kind)}
            """,
            """
            kind = {"completed": "done", "passed": "done", "failed": "failed"}[result.kind]
            return {"id": result.id, "user": user, "activity": result.activity.id, "kind": kind}
            """,
        ),
    ),
    mutant(
        "it forgets a delivery",
        "submit_results.arrives submit_results.right_receipt",
        change(
            """
            return [_receipt(each, said.get(each.result.id)) for each in deliveries]
            """,
            """
            return [_receipt(each, said.get(each.result.id)) for each in deliveries[:2]]
            """,
        ),
    ),
    mutant(
        "it sends the last first",
        "submit_results.order",
        change(
            """
            items = [_item(each) for each in deliveries]
            """,
            """
            items = [_item(each) for each in reversed(deliveries)]
            """,
        ),
    ),
    mutant(
        "it loses its place when two batches are under way",
        "life.two_at_once",
        change(
            """
            items = [_item(each) for each in deliveries]
            """,
            """
            items = [_item(each) for each in deliveries]
            self._now = deliveries
            """,
        ),
        change(
            """
            return [_receipt(each, said.get(each.result.id)) for each in deliveries]
            """,
            """
            return [_receipt(each, {"ok": bool(said)}) for each in self._now]
            """,
        ),
    ),
)
