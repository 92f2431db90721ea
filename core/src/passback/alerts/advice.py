"""What to check, and the commands that show more."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from passback.alerts.letter import clean, shown
from passback.contract import AMBIGUOUS, GIVEN_UP, Alerted, Health, Setback

__all__ = ["checks", "checks_of", "commands_of", "explained", "heading", "try_it"]

_EXPLAINED: Mapping[Health, str] = {
    # It may have hung, or cut the connection, in the middle of an answer.
    Health.CANNOT_CONNECT: "can't connect to the learning system: it isn't reached, its certificate isn't "
    "trusted, or it gives no whole answer.",
    Health.SERVER_ERROR: "gets a server error: the learning system is reached, but it refuses, or "
    "answers with an error.",
    Health.MISCONFIGURED: "can't use this connection: something is wrong with its configuration.",
}
_CHECKS: Mapping[Health, Sequence[str]] = {
    Health.CANNOT_CONNECT: (
        "Is the learning system running, and can the machine that runs Passback reach it?",
        "Is its address in the configuration still right?",
        "Did a firewall, a VPN, a DNS name or a certificate change?",
    ),
    Health.SERVER_ERROR: (
        "Are key, secret or token in the configuration still valid?",
        "Is the address in the configuration complete, and still right?",
        "Does the learning system report a disturbance, or was it updated?",
    ),
    Health.MISCONFIGURED: (
        "What was changed last in the configuration, or in what is installed beside Passback?",
    ),
}
_GONE = (
    "Was the connection renamed? What was accepted for it waits under its old name: add that again.",
    "Was it removed on purpose, and does nobody need these results? Then nothing is to be done.",
)
_WAITED_FOR = (
    "Is it being maintained, or is it overloaded? Who runs it knows when it takes results again.",
    "Does it allow a number of requests that is used up, perhaps by others with the same credentials?",
)
# What was set back → what becomes of it.
_SET_BACK = {
    "rejected": "Rejected: the learning system refuses it, or it can't be written as that system needs it. "
    "Where the reason names a setting, here or there, repair that; what doesn't go by itself then, send once "
    "more. Where it names the result itself, send a correction: a result never changes, so it would only be "
    "rejected again.",
    GIVEN_UP: "Given up: it couldn't be delivered in time. Once that is repaired, send it once more.",
    "account": "Waiting for an account: the learner isn't known there. Once they are, it goes by itself: "
    "Passback looks them up, or tries it again once a day.",
    AMBIGUOUS: "Waiting for an account: several users there could be the learner, and none is guessed. See "
    "who they are, and say which: then it goes by itself.",
    "activity": "Waiting for the activity: it isn't known there. It's tried again every day, and "
    "whenever the configuration changes.",
    "launch": "Waiting for a launch: the learner has to open the content from the learning system again.",
    "connection": "Waiting for the connection: as the configuration is, it can't take this.",
}
_NOBODY_FOUND = (
    "Waiting for an account: users can't be looked up there now, so nobody knows whether the learner is "
    "known. Once they can, what is found goes by itself."
)
# Whose word alone doesn't say it.
_LISTED = {"pending": "ones still to be sent"}


def explained(alert: Alerted) -> str:
    """Return how the connection does, as the rest of a sentence; empty where that's well."""
    if not alert.configured:
        return "sends nothing there: the configuration doesn't name this connection any more."
    if alert.asks_to_wait:
        return "is asked to wait: the learning system is reached, but takes nothing for now."
    return _EXPLAINED.get(alert.health, "")


def heading(alert: Alerted) -> str:
    """Return what the alert's detail is."""
    # Nothing came back from who wasn't reached, nor over an address that can't be called.
    return "What is wrong" if alert.health is Health.MISCONFIGURED else "What happened"


def checks(alert: Alerted) -> Sequence[str]:
    """Return what to check where a connection isn't well."""
    if not alert.configured:
        return _GONE
    if not alert.asks_to_wait:
        return _CHECKS.get(alert.health, ())
    waits = alert.next_try is not None and alert.next_try > alert.at
    until = f" until {shown(alert.next_try)}; it's left alone until then" if waits else ""
    return (f"The learning system asked to wait{until}.", *_WAITED_FOR)


def checks_of(alert: Alerted) -> Sequence[str]:
    """Return what becomes of each kind of what was set back, and what somebody can do."""
    advice = _SET_BACK if alert.looks_up else {**_SET_BACK, "account": _NOBODY_FOUND}
    kinds = dict.fromkeys(_kind(each) for each in alert.setbacks)
    return [advice[kind] for kind in kinds if kind in advice]


def _kind(setback: Setback) -> str:
    for known in (GIVEN_UP, AMBIGUOUS):
        if setback.reason.startswith(known):
            return known
    return setback.waiting_for or setback.state


def try_it(alert: Alerted) -> Sequence[tuple[str, str]]:
    """Return the command that shows what is wrong with an ill connection."""
    if not alert.configured:
        return [("See how all connections do", "passback status")]
    if alert.health is Health.MISCONFIGURED:
        return [("See what is wrong, and in which line", "passback config check")]
    return [("Try the connection", f"passback check {shlex.quote(clean(alert.connection))}")]


def commands_of(alert: Alerted, *states: str) -> Sequence[tuple[str, str]]:
    """Return the commands that list what is in `states`, or set back, and that help it on."""
    name = shlex.quote(clean(alert.connection))
    chosen = f"--connection {name} --state"
    listed = states or tuple(dict.fromkeys(each.state for each in alert.setbacks))
    commands = [
        (f"List the {_LISTED.get(state, state)}", f"passback deliveries {chosen} {state}") for state in listed
    ]
    if "rejected" in listed:
        commands.append(("Once repaired, send the rejected again", f"passback replay {chosen} rejected"))
    # What was given up was right, and only late.
    if "rejected" in listed and any(_kind(each) == "rejected" for each in alert.setbacks):
        written = f"passback export --corrections {chosen} rejected -o corrections.jsonl"
        commands += [
            ("Or write them as corrections, to be edited", written),
            ("Once edited, send the corrections", "passback submit corrections.jsonl"),
        ]
    if any(_kind(each) == AMBIGUOUS for each in alert.setbacks):
        commands += [
            ("See who could be several users", f"passback users accounts {name} --state ambiguous"),
            ("Say which of them a learner is", f"passback users decide {name} LEARNER USER"),
        ]
    return commands
