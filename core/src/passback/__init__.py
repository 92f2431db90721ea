"""Passback: learning results into any LMS, durably, and people signed in from it.

A connector imports what it needs from here, and so does a host app. Names are loaded when they're first
used, so that ``import passback`` itself costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from passback.clock import Clock, SystemClock
    from passback.connection import Connection
    from passback.contract import (
        Connector,
        Context,
        Extension,
        Health,
        HealthChanged,
        Observer,
        Options,
        Sending,
        Settled,
    )
    from passback.delivery import (
        Acceptance,
        ConnectionState,
        DeliveryState,
        Selection,
        State,
        Totals,
        WaitingFor,
    )
    from passback.errors import (
        BatchRefused,
        BatchTooLarge,
        CannotConnect,
        ConfigError,
        ConnectionFailure,
        ConnectionNotReady,
        ContentConflict,
        ContractError,
        InvalidResult,
        OutboxError,
        OutboxInUse,
        OutboxTooNew,
        PassbackError,
        RateLimited,
        ServerError,
        Unsupported,
    )
    from passback.host import CheckOutcome, Config, Passback, read_config
    from passback.http import HTTP, AddressPolicy, Exchange, Response, Timeouts, basic_auth
    from passback.model import (
        Activity,
        ActivityUnknown,
        AlreadyThere,
        Assertion,
        Batch,
        Counters,
        Delivered,
        Delivery,
        IdentityProposal,
        IdentityRequest,
        Item,
        JSONValue,
        Launch,
        LaunchQuery,
        Learner,
        NeedsLaunch,
        Receipt,
        Rejected,
        Result,
        ResultKind,
        Score,
        TryLater,
        User,
        UserQuery,
        UserUnknown,
        canonical,
        parse_result,
        read_result,
    )
    from passback.plugins import Entry, LoadReport, Policy, Status

_HOMES: dict[str, tuple[str, ...]] = {
    "clock": ("Clock", "SystemClock"),
    "connection": ("Connection",),
    "contract": (
        "Connector", "Context", "Extension", "Health", "HealthChanged", "Observer", "Options", "Sending",
        "Settled",
    ),
    "delivery": (
        "Acceptance", "ConnectionState", "DeliveryState", "Selection", "State", "Totals", "WaitingFor",
    ),
    "errors": (
        "BatchRefused", "BatchTooLarge", "CannotConnect", "ConfigError", "ConnectionFailure",
        "ConnectionNotReady", "ContentConflict", "ContractError", "InvalidResult", "OutboxError",
        "OutboxInUse", "OutboxTooNew", "PassbackError", "RateLimited", "ServerError", "Unsupported",
    ),
    "host": ("CheckOutcome", "Config", "Passback", "read_config"),
    "http": ("HTTP", "AddressPolicy", "Exchange", "Response", "Timeouts", "basic_auth"),
    "model": (
        "Activity", "ActivityUnknown", "AlreadyThere", "Assertion", "Batch", "Counters", "Delivered",
        "Delivery", "IdentityProposal", "IdentityRequest", "Item", "JSONValue", "Launch", "LaunchQuery",
        "Learner", "NeedsLaunch", "Receipt", "Rejected", "Result", "ResultKind", "Score", "TryLater", "User",
        "UserQuery", "UserUnknown", "canonical", "parse_result", "read_result",
    ),
    "plugins": ("Entry", "LoadReport", "Policy", "Status"),
}  # fmt: skip
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "HTTP",
    "Acceptance",
    "Activity",
    "ActivityUnknown",
    "AddressPolicy",
    "AlreadyThere",
    "Assertion",
    "Batch",
    "BatchRefused",
    "BatchTooLarge",
    "CannotConnect",
    "CheckOutcome",
    "Clock",
    "Config",
    "ConfigError",
    "Connection",
    "ConnectionFailure",
    "ConnectionNotReady",
    "ConnectionState",
    "Connector",
    "ContentConflict",
    "Context",
    "ContractError",
    "Counters",
    "Delivered",
    "Delivery",
    "DeliveryState",
    "Entry",
    "Exchange",
    "Extension",
    "Health",
    "HealthChanged",
    "IdentityProposal",
    "IdentityRequest",
    "InvalidResult",
    "Item",
    "JSONValue",
    "Launch",
    "LaunchQuery",
    "Learner",
    "LoadReport",
    "NeedsLaunch",
    "Observer",
    "Options",
    "OutboxError",
    "OutboxInUse",
    "OutboxTooNew",
    "Passback",
    "PassbackError",
    "Policy",
    "RateLimited",
    "Receipt",
    "Rejected",
    "Response",
    "Result",
    "ResultKind",
    "Score",
    "Selection",
    "Sending",
    "ServerError",
    "Settled",
    "State",
    "Status",
    "SystemClock",
    "Timeouts",
    "Totals",
    "TryLater",
    "Unsupported",
    "User",
    "UserQuery",
    "UserUnknown",
    "WaitingFor",
    "basic_auth",
    "canonical",
    "parse_result",
    "read_config",
    "read_result",
]


def __getattr__(name: str) -> object:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
