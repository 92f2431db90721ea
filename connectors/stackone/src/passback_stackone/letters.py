"""Deliveries with all that is needed to send them: whose they are, where they go, and what goes along."""

from __future__ import annotations

import attrs

from passback import Delivered, Delivery, JSONValue, NeedsLaunch, Receipt, UserUnknown
from passback_stackone.api import user_path
from passback_stackone.launches import passthrough
from passback_stackone.options import StackOneOptions
from passback_stackone.outgoing import Outgoing, outgoing

__all__ = ["Letter", "letter"]


@attrs.frozen(kw_only=True)
class Letter:
    """A delivery, ready to be sent.

    Attributes:
        delivery: The delivery.
        content: What its result becomes.
        user: The path of the user.
        path: Where it's written, and what was written is read.
        body: What is written.
        launch: The id of the launch that goes along, if one does.
        hidden: Texts in it that are shown to nobody.
    """

    delivery: Delivery
    content: Outgoing
    user: str
    path: str
    body: dict[str, JSONValue] = attrs.field(repr=False)
    launch: int | None = None
    hidden: frozenset[str] = attrs.field(default=frozenset(), repr=False)


def letter(delivery: Delivery, options: StackOneOptions) -> Letter | Receipt:
    """Return `delivery` ready to be sent, or its receipt where it can't or needn't be."""
    content = outgoing(delivery.result, options)
    if content is None:
        return Delivered(delivery.id, sent=False)
    account, launch = delivery.account, delivery.launch
    if account is None:
        return UserUnknown(delivery.id, "nobody over there is known to be this learner")
    user = user_path(account.user_id)
    if user is None:
        return UserUnknown(delivery.id, "the id of their account can't be one of StackOne's")
    ready = Letter(
        delivery=delivery, content=content, user=user, path=f"{user}/{content.kind}", body=content.body
    )
    if not options.passthrough:
        return ready
    if launch is None or not launch.passthrough:
        return NeedsLaunch(delivery.id, "this learner's launch is needed: its query goes along (passthrough)")
    return attrs.evolve(
        ready,
        body={**content.body, "passthrough": passthrough(launch.passthrough)},
        launch=launch.id,
        hidden=frozenset(value for _, value in launch.passthrough),
    )
