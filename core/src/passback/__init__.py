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
        Attached,
        ConnectionState,
        DeliveryState,
        Exported,
        Selection,
        State,
        Step,
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
    from passback.host import (
        BlockingPassback,
        CheckOutcome,
        Config,
        ConnectionConfig,
        NetworkConfig,
        Passback,
        PluginConfig,
        RetentionConfig,
        SendingConfig,
        read_config,
    )
    from passback.http import HTTP, AddressPolicy, Exchange, Response, Timeouts, basic_auth
    from passback.model import (
        DEFAULT_ORGANISATION,
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
        Reach,
        Receipt,
        Rejected,
        Result,
        ResultKind,
        Score,
        Standing,
        TryLater,
        User,
        UserQuery,
        UserUnknown,
        canonical,
        parse_result,
        read_result,
        result_schema,
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
        "Acceptance", "Attached", "ConnectionState", "DeliveryState", "Exported", "Selection", "State",
        "Step", "Totals", "WaitingFor",
    ),
    "errors": (
        "BatchRefused", "BatchTooLarge", "CannotConnect", "ConfigError", "ConnectionFailure",
        "ConnectionNotReady", "ContentConflict", "ContractError", "InvalidResult", "OutboxError",
        "OutboxInUse", "OutboxTooNew", "PassbackError", "RateLimited", "ServerError", "Unsupported",
    ),
    "host": (
        "BlockingPassback", "CheckOutcome", "Config", "ConnectionConfig", "NetworkConfig", "Passback",
        "PluginConfig", "RetentionConfig", "SendingConfig", "read_config",
    ),
    "http": ("HTTP", "AddressPolicy", "Exchange", "Response", "Timeouts", "basic_auth"),
    "model": (
        "DEFAULT_ORGANISATION", "Activity", "ActivityUnknown", "AlreadyThere", "Assertion", "Batch",
        "Counters", "Delivered", "Delivery", "IdentityProposal", "IdentityRequest", "Item", "JSONValue",
        "Launch", "LaunchQuery", "Learner", "NeedsLaunch", "Reach", "Receipt", "Rejected", "Result",
        "ResultKind", "Score", "Standing", "TryLater", "User", "UserQuery", "UserUnknown", "canonical",
        "parse_result", "read_result", "result_schema",
    ),
    "plugins": ("Entry", "LoadReport", "Policy", "Status"),
}  # fmt: skip
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "DEFAULT_ORGANISATION",
    "HTTP",
    "Acceptance",
    "Activity",
    "ActivityUnknown",
    "AddressPolicy",
    "AlreadyThere",
    "Assertion",
    "Attached",
    "Batch",
    "BatchRefused",
    "BatchTooLarge",
    "BlockingPassback",
    "CannotConnect",
    "CheckOutcome",
    "Clock",
    "Config",
    "ConfigError",
    "Connection",
    "ConnectionConfig",
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
    "Exported",
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
    "NetworkConfig",
    "Observer",
    "Options",
    "OutboxError",
    "OutboxInUse",
    "OutboxTooNew",
    "Passback",
    "PassbackError",
    "PluginConfig",
    "Policy",
    "RateLimited",
    "Reach",
    "Receipt",
    "Rejected",
    "Response",
    "Result",
    "ResultKind",
    "RetentionConfig",
    "Score",
    "Selection",
    "Sending",
    "SendingConfig",
    "ServerError",
    "Settled",
    "Standing",
    "State",
    "Status",
    "Step",
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
    "result_schema",
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
