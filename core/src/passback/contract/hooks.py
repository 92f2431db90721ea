"""The hooks: what a connector, an extension or an observer may implement.

A hook takes one record, so that the contract grows by fields on it and an older plugin runs unchanged on a
newer core.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import attrs
import pluggy

from passback.contract.alert import Alerted
from passback.contract.health import Health
from passback.errors import ContractError
from passback.model import (
    IdentityProposal,
    IdentityRequest,
    Launch,
    LaunchQuery,
    Receipt,
    Result,
)

__all__ = [
    "PROJECT",
    "Attempted",
    "Extension",
    "HealthChanged",
    "Observer",
    "Settled",
    "hookspec",
    "implemented",
    "implements",
    "mark_hooks",
]

PROJECT = "passback"
hookspec = pluggy.HookspecMarker(PROJECT)
_hookimpl = pluggy.HookimplMarker(PROJECT)


@attrs.frozen(kw_only=True)
class Settled:
    """One delivery got its receipt.

    Attributes:
        connection: The connection's name.
        result: What was delivered, or not.
        receipt: The connector's answer.
    """

    connection: str
    result: Result
    receipt: Receipt


@attrs.frozen(kw_only=True)
class HealthChanged:
    """A connection's health is another than before.

    Attributes:
        connection: The connection's name.
        before: What it was.
        now: What it is.
        detail: Why.
        at: Since when.
    """

    connection: str
    before: Health
    now: Health
    detail: str
    at: datetime


@attrs.frozen(kw_only=True)
class Attempted:
    """One batch was sent, or couldn't be.

    Attributes:
        connection: The connection's name.
        results: How many results were in it.
        delivered: How many of them have arrived.
        at: When it began.
        seconds: How long it took.
        failure: What ended it; None if nothing did.
        receipts: How many receipts of each type there are, by the type's name.
    """

    connection: str
    results: int
    delivered: int
    at: datetime
    seconds: float
    failure: str | None = None
    receipts: Mapping[str, int] = attrs.field(factory=dict)


class Extension:
    """Answers for one tenant what its connector would answer otherwise; asked before the connector.

    Offer it in the entry-point group ``passback.extensions.v1`` and name it under a connection's
    ``extensions``. The first answer that is not None counts.
    """

    def __init_subclass__(cls) -> None:
        mark_hooks(cls, Extension)

    @hookspec
    def map_identity(self, request: IdentityRequest) -> IdentityProposal | None:
        """Return which user of this connection's LMS somebody is, None to leave it to the next."""

    @hookspec
    def read_launch(self, query: LaunchQuery) -> Launch | None:
        """Return the validated launch, None to leave it to the next."""


class Observer:
    """Is told what happens in the whole host, and asked for the secrets that a vault keeps.

    It can change nothing, and its failures stop nothing but the connection whose secret it can't give. Offer
    it in the entry-point group ``passback.observers.v1`` and name it under ``observers``. Its hooks are sync
    and should return at once.
    """

    def __init_subclass__(cls) -> None:
        mark_hooks(cls, Observer)

    @hookspec
    def settled(self, event: Settled) -> None:
        """Take note that a delivery got its receipt."""

    @hookspec
    def attempted(self, event: Attempted) -> None:
        """Take note that a batch was sent, or couldn't be."""

    @hookspec
    def health_changed(self, event: HealthChanged) -> None:
        """Take note that a connection's health changed."""

    @hookspec
    def alerted(self, event: Alerted) -> None:
        """Take note that somebody is told of a connection, or would be if alerts were configured.

        Called once for each alert; none if the process is killed at that very moment.
        """

    @hookspec
    def resolve_secret(self, reference: str) -> str | None:
        """Return the secret that ``{ vault = reference }`` stands for, None to leave it to the next."""


def hooks_of(spec: type) -> Mapping[str, Callable[..., Any]]:
    """Return the hooks that `spec` declares."""
    marker = f"{PROJECT}_spec"
    return {name: member for name, member in vars(spec).items() if hasattr(member, marker)}


def implemented(cls: type, spec: type) -> frozenset[str]:
    """Return the names of the hooks of `spec` that `cls` implements: its capabilities."""
    return frozenset(name for name in hooks_of(spec) if implements(cls, spec, name))


def implements(cls: type, spec: type, hook: str) -> bool:
    """Return whether `cls` implements the hook of `spec` that is called `hook`."""
    return getattr(cls, hook) is not getattr(spec, hook)


def mark_hooks(cls: type, spec: type) -> None:
    """Make each hook of `spec` that `cls` overrides an implementation of it.

    Overriding is implementing: a forgotten decorator can't hide a capability.

    Raises:
        ContractError: An override is async where the hook is sync or the other way round, takes other
            arguments, or is misspelt.
    """
    hooks = hooks_of(spec)
    for name, declared in hooks.items():
        member = inspect.getattr_static(cls, name)
        if member is declared:
            continue
        where = f"{cls.__module__}.{cls.__qualname__}.{name}"
        if _kind(member) not in _allowed(declared):
            raise ContractError(f"{where} must be {' or '.join(_allowed(declared))}; it is {_kind(member)}")
        taken, given = (list(inspect.signature(each).parameters) for each in (member, declared))
        if taken != given:
            raise ContractError(f"{where} must take ({', '.join(given)}); it takes ({', '.join(taken)})")
        _hookimpl(member)
    _refuse_misspelt(cls, hooks)


def _refuse_misspelt(cls: type, hooks: Mapping[str, Callable[..., Any]]) -> None:
    # A hook that is almost called right would silently never be asked.
    for name, member in vars(cls).items():
        meant = difflib.get_close_matches(name, hooks, n=1, cutoff=0.93)
        if callable(member) and name not in hooks and meant and getattr(cls, meant[0]) is hooks[meant[0]]:
            raise ContractError(f"{cls.__module__}.{cls.__qualname__}.{name}: did you mean {meant[0]!r}?")


def _kind(member: object) -> str:
    if inspect.isasyncgenfunction(member):
        return "an async generator"
    if inspect.iscoroutinefunction(member):
        return "async def"
    return "def" if inspect.isfunction(member) else type(member).__name__


def _allowed(declared: Callable[..., Any]) -> tuple[str, ...]:
    if "AsyncIterator" in str(inspect.signature(declared).return_annotation):
        return ("an async generator", "def")
    return (_kind(declared),)
