"""The words: what is said of each alert, for an administrator who needn't be a developer."""

from __future__ import annotations

from collections.abc import Sequence

from passback.alerts.advice import checks, checks_of, commands_of, explained, heading, try_it
from passback.alerts.letter import Letter, clean, counted, lasting, shortened, shown
from passback.contract import Alerted, AlertKind, Health

__all__ = ["letter_of"]


_GIVEN_UP = (
    "What is given up is rejected: it isn't sent by itself any more, and the learning system doesn't show "
    "what these learners did."
)
# Of a connection that perhaps takes none: it may be there for signing in, or to receive.
_NO_RESULTS = (
    "What comes for it meanwhile is kept, and sent by itself as soon as {repaired}. Until then, who signs in "
    "by it, and what its system sends here by itself, may be turned away."
)


def letter_of(alert: Alerted) -> Letter:
    """Return what is said of `alert`."""
    match alert.kind:
        case AlertKind.INCIDENT_BEGAN | AlertKind.INCIDENT_LASTS:
            return _ill(alert)
        case AlertKind.INCIDENT_OVER:
            return _over(alert)
        case AlertKind.EXPIRING:
            return _expiring(alert)
        case AlertKind.DIGEST:
            return _digest(alert)
        case AlertKind.TEST:
            return _test(alert)


def _ill(alert: Alerted) -> Letter:
    name, again = clean(alert.connection), alert.kind is AlertKind.INCIDENT_LASTS
    still, lasts = ("still ", f", for {_lasted(alert)}") if again else ("", "")
    next_try = alert.next_try is not None and alert.next_try > alert.at
    trouble = "asks to wait" if alert.asks_to_wait else alert.health
    title, so_far = f"{name}: results {still}don't arrive", "results don't arrive"
    if not alert.accepted:
        title, so_far = f"{name}: {still}{trouble}", "there is trouble"
    # It may have begun otherwise.
    began = f"{so_far}. By now, Passback" if again or alert.asks_to_wait else "Passback"
    return Letter(
        subject=f"{name}: {still}{trouble}{lasts}",
        title=title,
        paragraphs=(f"Since {shown(alert.since)} {began} {explained(alert)}", *_undelivered(alert)),
        heading=heading(alert),
        said=clean(alert.detail),
        advice=checks(alert),
        commands=(
            *try_it(alert),
            *(commands_of(alert) if alert.needs else ()),
            ("See how all connections do", "passback status"),
        ),
        ending=(
            *((f"It's tried again by itself, next at {shown(alert.next_try)}.",) if next_try else ()),
            "You hear of this once a day while it lasts, and once when it's over.",
            _why(name),
        ),
    )


def _undelivered(alert: Alerted) -> Sequence[str]:
    """Return what becomes of the results of an ill connection."""
    repaired = "the system takes results again" if alert.asks_to_wait else "this is repaired"
    if not alert.accepted:
        return [_NO_RESULTS.format(repaired=repaired)]
    kept = f"what waits ({counted(alert.undelivered)})" if alert.undelivered else "what comes meanwhile"
    lost = f"{'Nothing else' if alert.needs else 'No result'} is lost{' yet' if alert.deadline else ''}"
    paragraphs = [
        (
            f"{lost}: {kept} is sent by itself as soon as {repaired}. Until then the learning system "
            "doesn't show what learners do."
        )
    ]
    if alert.deadline:
        paragraphs.append(_deadline(alert))
    if alert.needs:
        was = "was" if alert.needs == 1 else "were"
        paragraphs.insert(0, f"Too long undelivered, {counted(alert.needs)} {was} given up. {_GIVEN_UP}")
    elif alert.deadline:
        paragraphs.append(_GIVEN_UP)
    return paragraphs


def _deadline(alert: Alerted) -> str:
    until = f"From {shown(alert.deadline)} on Passback gives up one after another"
    return f"{until}, unless it can be delivered before."


def _over(alert: Alerted) -> Letter:
    name = clean(alert.connection)
    # What was rejected before it began isn't there either.
    left = "" if alert.undelivered + alert.needs else ", and none is on the way"
    sent = f": {counted(alert.delivered)} sent" if alert.delivered else ", no result was sent"
    # Some may have arrived all the time, so these don't arrive "again".
    arrive = ", and results arrive" if alert.delivered else ""
    lasted = "came and went for" if alert.came_and_went else "lasted"
    span = f"{_lasted(alert)}, from {shown(alert.since)} to {shown(alert.until)}"
    paragraphs = [f"The connection is well again{arrive}. The trouble {lasted} {span}."]
    if alert.accepted:
        paragraphs.append(f"Since it began{sent}{left}.")
    if alert.undelivered:
        paragraphs.append(f"Still on the way: {counted(alert.undelivered)}.")
    if alert.needs:
        paragraphs.append("Not there, so that somebody should look:")
    return Letter(
        subject=": ".join([name, "working again", *([done] if (done := _done(alert)) else [])]),
        good=True,
        title=f"{name}: working again",
        paragraphs=paragraphs,
        setbacks=shortened(alert.setbacks),
        more=alert.more,
        advice=checks_of(alert),
        commands=commands_of(alert),
        ending=(_why(name),),
    )


def _done(alert: Alerted) -> str:
    sent = [f"{counted(alert.delivered)} sent"] if alert.delivered else []
    if not alert.needs:
        return "".join(sent)
    number = f"{alert.needs:,}" if sent else counted(alert.needs)
    return ", ".join([*sent, f"{number} need{'s' if alert.needs == 1 else ''} you"])


def _expiring(alert: Alerted) -> Letter:
    name, ill = clean(alert.connection), explained(alert)
    count, sending = alert.undelivered, alert.undelivered - alert.needs
    paragraphs = [f"Too long undelivered: {counted(count)}. {_deadline(alert)}", _GIVEN_UP]
    if ill:
        paragraphs.append(f"At the moment Passback {ill}")
    if sending:
        paragraphs.append(f"Still to be sent: {counted(sending)}.")
    if alert.needs:
        paragraphs.append(f"Waiting for something: {counted(alert.needs)}.")
    states = [*(["waiting"] if alert.needs else []), *(["pending"] if sending else [])]
    return Letter(
        subject=f"{name}: {counted(count)} about to be given up",
        title=f"{name}: {counted(count)} about to be given up",
        paragraphs=paragraphs,
        heading=heading(alert),
        said=clean(alert.detail) if ill else "",
        setbacks=shortened(alert.setbacks),
        more=alert.more,
        advice=(*checks(alert), *checks_of(alert)),
        commands=(*(try_it(alert) if ill else ()), *commands_of(alert, *states)),
        ending=(_why(name) if alert.configured else _why_still(name),),
    )


def _digest(alert: Alerted) -> Letter:
    name, needs = clean(alert.connection), f"need{'s' if alert.needs == 1 else ''}"
    # Where nothing was ever taken, nobody knows: the system may not even have been asked.
    works = alert.last_success and alert.health is Health.OK
    lacks = "The connection works, but the" if works else "The"
    return Letter(
        subject=f"{name}: {counted(alert.needs)} {needs} you",
        title=f"{name}: {counted(alert.needs)} {needs} somebody",
        paragraphs=(
            (
                f"{lacks} learning system doesn't have the following. Until somebody looks, it doesn't show "
                "what these learners did."
            ),
        ),
        setbacks=shortened(alert.setbacks),
        more=alert.more,
        advice=checks_of(alert),
        commands=commands_of(alert),
        ending=("You hear of new ones at most once a day.", _why(name)),
    )


def _test(alert: Alerted) -> Letter:
    name = clean(alert.connection)
    return Letter(
        subject=f"{name}: a test",
        good=True,
        title=f"{name}: a test",
        paragraphs=("Mails about this connection arrive here. Nothing is wrong, and nothing is to be done.",),
        ending=(_why(name),),
    )


def _lasted(alert: Alerted) -> str:
    return lasting((alert.until or alert.at) - (alert.since or alert.at))


def _why(name: str) -> str:
    return f"Passback sends this to the contact of the connection {name}."


def _why_still(name: str) -> str:
    return f"Passback sends this to whoever it told of the connection {name} last."
