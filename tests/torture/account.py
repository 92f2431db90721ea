"""The account: what was accepted, where it stands, what is over there; whether that adds up."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from torture.facts import ends, identifier
from torture.other_side import SYSTEMS
from torture.scene import Scene

STATES = ("pending", "delivered", "waiting", "rejected")
_STANDS = (
    "SELECT result.id, delivery.connection, delivery.state FROM result "
    "LEFT JOIN delivery ON delivery.result = result.seq"
)


class Account(NamedTuple):
    """How it ended.

    Attributes:
        accepted: How many results the outbox accepted.
        acknowledged: How many of them the producers know of.
        states: How many deliveries are in which state.
        there: How many statements the systems hold, all together.
        repeated: How many were sent more than once.
        lost: How many acknowledged results the outbox lacks, or a system though they are delivered.
        twice: How many facts a system holds more than once.
        faults: Whatever doesn't add up, for a person.
    """

    accepted: int
    acknowledged: int
    states: Counter[str]
    there: int
    repeated: int
    lost: int
    twice: int
    faults: list[str]

    def line(self) -> str:
        """Return it in one line."""
        states = " + ".join(f"{self.states[each]} {each}" for each in STATES)
        return (
            f"{self.acknowledged} results acknowledged, {self.accepted} accepted; as deliveries to "
            f"{len(SYSTEMS)} systems {self.states.total()} = {states}; {self.there} over there, "
            f"{self.repeated} sent more than once, {self.lost} lost, {self.twice} twice"
        )


def take(scene: Scene) -> Account:
    """Take the account of what came to rest."""
    faults: list[str] = []
    known = {
        identifier(scene.seed, producer, number): ends(number)
        for producer, journal in enumerate(scene.journals())
        for number in range(journal.begun)
    }
    acknowledged = {
        identifier(scene.seed, producer, number)
        for producer, journal in enumerate(scene.journals())
        for number in range(journal.accepted)
    }
    for journal in scene.journals():
        faults += journal.wrong
    stands = [(result, connection, state) for result, connection, state in scene.rows(_STANDS)]
    accepted = {result for result, _, _ in stands}
    missing = acknowledged - accepted
    if accepted - known.keys():
        faults.append(f"{len(accepted - known.keys())} results are in the outbox that nobody submitted")
    states = Counter(STATES[state] for _, _, state in stands if state is not None)
    lost, there, repeated, twice = len(missing), 0, 0, 0
    for name in SYSTEMS:
        mine = [(result, STATES[state]) for result, connection, state in stands if connection == name]
        delivered = {result for result, state in mine if state == "delivered"}
        faults += _wrong_states(name, mine, known, accepted)
        report = scene.other.report(name, scene.place.root / f"{name}.json")
        facts = Counter(fact for _, fact in report["held"])
        held = {result for result, fact in report["held"] if result == fact}
        there += len(report["held"])
        repeated += sum(count > 1 for count in report["sent"].values())
        twice += sum(count > 1 for count in facts.values())
        lost += len(delivered - held)
        if held - delivered:
            faults.append(f"{name} holds {len(held - delivered)} that aren't delivered")
        if len(held) != len(report["held"]):
            faults.append(f"{name} holds statements under other ids than ours")
    if lost:
        faults.append(f"{lost} are lost")
    if twice:
        faults.append(f"{twice} are over there more than once")
    if states["pending"]:
        faults.append(f"{states['pending']} deliveries are still pending")
    return Account(len(accepted), len(acknowledged), states, there, repeated, lost, twice, faults)


def _wrong_states(
    name: str, mine: list[tuple[str, str]], known: dict[str, str], accepted: set[str]
) -> list[str]:
    """Return what isn't in exactly one state, or not in that which it must end in."""
    wrong: list[str] = []
    if sorted(result for result, _ in mine) != sorted(accepted):
        wrong.append(f"{name}: not every accepted result has exactly one delivery")
    ended = Counter((known.get(result, "nothing"), state) for result, state in mine)
    wrong += [
        f"{name}: {count} are {state} that must end {end}"
        for (end, state), count in ended.items()
        if state not in (end, "pending")
    ]
    return wrong
