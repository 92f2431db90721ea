"""Connectors that lose results, send them twice, or say what isn't so."""

from mutants.mutant import change, each, mutant

SENDING = (
    mutant(
        "it says delivered whatever it was answered",
        each(
            "submit_results launched",
            "html forbidden not_found conflict rate_limited rate_limited_seconds rate_limited_date "
            "server_error unavailable redirected_302 redirected_307",
        ),
        change(
            """
            answer.require(200, 202)
            said = {_text(each, "id"): each for each in _items(answer, "results")}
            return [_receipt(each, said.get(each.result.id)) for each in deliveries]
            """,
            """
            return [Delivered(each.id) for each in deliveries]
            """,
        ),
    ),
    mutant(
        "it says delivered on a 202 that holds errors",
        "submit_results.right_receipt",
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
        "it takes a wrong password for an unknown learner",
        "submit_results.unauthorized launched.unauthorized",
        change(
            """
            for address, deliveries in ways.items():
                receipts += await self._send(address, deliveries)
            """,
            """
            for address, deliveries in ways.items():
                try:
                    receipts += await self._send(address, deliveries)
                except ServerError as error:
                    if error.status != 401:
                        raise
                    receipts += [UserUnknown(each.id, "nobody") for each in deliveries]
            """,
        ),
    ),
    mutant(
        "it rejects what an outage stopped",
        "submit_results.interrupted " + each("submit_results", "unavailable server_error cut_before"),
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
                        receipts.append(Rejected(each.id, str(failure)))
            """,
        ),
        change(
            """
            from passback import (
            """,
            """
            from passback import (
                ConnectionFailure,
            """,
        ),
    ),
    mutant(
        "it hides an outage in its receipts",
        "submit_results.refused submit_results.interrupted",
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
        "each attempt has another id",
        "submit_results.twice",
        change(
            """
            return {"id": result.id, "user": user, "activity": result.activity.id, "kind": str(result.kind)}
            """,
            """
            number = f"{result.id}-{delivery.attempt}"
            return {"id": number, "user": user, "activity": result.activity.id, "kind": str(result.kind)}
            """,
        ),
        change(
            """
            return [_receipt(each, said.get(each.result.id)) for each in deliveries]
            """,
            """
            return [_receipt(each, said.get(f"{each.result.id}-{each.attempt}")) for each in deliveries]
            """,
        ),
    ),
    mutant(
        "it writes again without a look at what is there",
        "submit_results.twice submit_results.cut_after submit_results.slow submit_results.truncated",
        change(
            """
            if delivery.unsure and await self._is_there(delivery):
            """,
            """
            if delivery.attempt > 99 and await self._is_there(delivery):
            """,
        ),
        file="bare_lms.py",
        suite="TestBare",
    ),
    mutant(
        "it retries a write that isn't idempotent",
        "submit_results.cut_after submit_results.slow submit_results.truncated submit_results.interrupted",
        change(
            """
            answer = await self._ask("POST", "records", json=item)
            """,
            """
            try:
                answer = await self._ask("POST", "records", json=item)
            except CannotConnect:
                answer = await self._ask("POST", "records", json=item)
            """,
        ),
        change(
            """
            from passback import (
            """,
            """
            from passback import (
                CannotConnect,
            """,
        ),
        file="bare_lms.py",
        suite="TestBare",
    ),
    mutant(
        "it calls a write idempotent that isn't",
        "submit_results.interrupted",
        change(
            """
            answer = await self._ask("POST", "records", json=item)
            """,
            """
            answer = await self._ask("POST", "records", json=item, idempotent=True)
            """,
        ),
        file="bare_lms.py",
        suite="TestBare",
    ),
    mutant(
        "it doesn't say why",
        "submit_results.reasons",
        change(
            """
            return UserUnknown(delivery.id, error) if "user" in error else Rejected(delivery.id, error)
            """,
            """
            return UserUnknown(delivery.id, "") if "user" in error else Rejected(delivery.id, error)
            """,
        ),
    ),
    mutant(
        "it says of whom",
        "submit_results.same_words",
        change(
            """
            error = str(said.get("error"))
            """,
            """
            error = f"{delivery.result.learner.email}: {said.get('error')}"
            """,
        ),
    ),
    mutant(
        "it says which result was refused",
        "submit_results.same_words",
        change(
            """
            answer = await self._ask("POST", address, json=items, idempotent=True)
            """,
            """
            answer = await self._ask("POST", address, json=items, idempotent=True)
            if answer.status == 422:
                return [Rejected(each.id, f"{each.result.id} was refused") for each in deliveries]
            """,
        ),
    ),
)
