"""The configuration as it is in force: defaults filled in, options valid, and nothing secret in it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import reduce
from pathlib import Path
from typing import Any

import attrs
from pydantic import BaseModel, Secret, SecretBytes, SecretStr

from passback.contract import Connector, Options
from passback.errors import ConnectionFailure, ContractError
from passback.foreign import contained
from passback.host.config.examining import Examination, Examined
from passback.host.config.mistakes import Place, inside
from passback.host.config.whole import Config

__all__ = ["effective"]

_MASK = "********"
# A shorter one is hidden where it stands, but not looked for in other values: half of them would hold it.
_SHORTEST = 6
# A webhook's address often holds what lets everybody in who knows it.
_ALERT_SECRETS: frozenset[Place] = frozenset(
    {("smtp", "password"), ("webhook", "secret"), ("webhook", "url")}
)


def effective(config: Config, examination: Examination) -> dict[str, Any]:
    """Return `config` in plain values; what can't be read of a connection is left out.

    Secrets, and whatever a reference filled, read ``********``; so do all options of a connection whose
    options don't fit, for nobody knows which of them are secret.
    """
    return {
        "store": str(config.store) if isinstance(config.store, Path) else {"url": _MASK},
        "observers": [
            each if isinstance(each, str) else type(each).__qualname__ for each in config.observers
        ],
        "plugins": config.plugins.model_dump(mode="json"),
        "retention": config.retention.model_dump(mode="json"),
        "alerts": _Masks(places=_ALERT_SECRETS).masked(config.alerts, ()),
        "launches": config.launches.model_dump(mode="json"),
        "web": {**_given(config.web.model_dump(mode="json")), "keys": [_MASK] * len(config.web.keys)},
        "connections": {name: _connection(examination.of(name)) for name in config.drafts},
    }


def _connection(found: Examined) -> dict[str, Any]:
    config = found.draft.config
    fields = config.model_dump(mode="json", exclude={"options", *found.draft.unread})
    if "sending" in fields:
        fields["sending"] = _sending(fields["sending"], found.connector)
    options = (
        _Masks(everything=True)
        if found.options is None
        else _Masks(places=found.draft.references, values=_secrets(found))
    )
    if "activities" not in found.draft.unread:
        fields["activities"] = config.attached
    return {
        **_given(fields),
        "options": options.masked(_dumped(found.options or config.options), ("options",)),
    }


def _sending(given: dict[str, Any], connector: type[Connector[Options]] | None) -> dict[str, Any]:
    """Return how a connection is served: as is `given`, or as its `connector` has it.

    What only the connector says, and nobody may, isn't shown: this is what can stand in a file.
    """
    chosen = attrs.asdict(connector.sending) if connector else {}
    return {key: chosen.get(key) if value is None else value for key, value in given.items()}


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _given(value) if isinstance(value, dict) else value
        for key, value in fields.items()
        if value is not None
    }


def _dumped(options: Options | Mapping[str, Any]) -> object:
    if not isinstance(options, Options):
        return options
    try:
        # A connector's model may bring its own code for this.
        with contained(f"{type(options).__qualname__}.model_dump"):
            return options.model_dump(by_alias=True)
    except (ConnectionFailure, ContractError):
        return _MASK


def _secrets(found: Examined) -> frozenset[str]:
    document: object = {"options": found.draft.config.options}
    values = (reduce(inside, place, document) for place in found.draft.references)
    return frozenset(value for value in values if isinstance(value, str) and len(value) >= _SHORTEST)


@attrs.frozen(kw_only=True)
class _Masks:
    """Hides what is secret.

    Attributes:
        places: Where something secret stands.
        values: What is secret wherever it stands.
        everything: Whether to hide every value.
    """

    places: frozenset[Place] = frozenset()
    values: frozenset[str] = frozenset()
    everything: bool = False

    def masked(self, value: object, place: Place) -> object:
        """Return `value`, which stands at `place`, in plain values and without secrets."""
        if value is None:
            return None
        if place in self.places or isinstance(value, SecretStr | SecretBytes | Secret):
            return _MASK
        if isinstance(value, BaseModel):
            value = value.model_dump(by_alias=True)
        if isinstance(value, Mapping):
            shown = {key: self.masked(each, (*place, key)) for key, each in value.items()}
            return {str(key): each for key, each in shown.items() if each is not None}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.masked(each, (*place, at)) for at, each in enumerate(value)]
        return _MASK if self.everything else self._scalar(value.value if isinstance(value, Enum) else value)

    def _scalar(self, value: object) -> object:
        if isinstance(value, bool | int | float):
            return value
        text = str(value)
        return _MASK if any(secret in text for secret in self.values) else text
