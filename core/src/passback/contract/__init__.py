"""What a connector author implements."""

from passback.contract.alert import AMBIGUOUS, GIVEN_UP, Alerted, AlertKind, Setback
from passback.contract.connector import Connector, Context, Options, Sending
from passback.contract.discretion import discreet, hush, secret_texts, within
from passback.contract.health import Health
from passback.contract.hooks import (
    PROJECT,
    Attempted,
    Extension,
    HealthChanged,
    Observer,
    Settled,
    implemented,
    implements,
)

__all__ = [
    "AMBIGUOUS",
    "CONNECTORS",
    "EXTENSIONS",
    "GIVEN_UP",
    "OBSERVERS",
    "PROJECT",
    "AlertKind",
    "Alerted",
    "Attempted",
    "Connector",
    "Context",
    "Extension",
    "Health",
    "HealthChanged",
    "Observer",
    "Options",
    "Sending",
    "Setback",
    "Settled",
    "discreet",
    "hush",
    "implemented",
    "implements",
    "secret_texts",
    "within",
]

# The entry-point groups; the suffix is the version of the contract.
CONNECTORS = "passback.connectors.v1"
EXTENSIONS = "passback.extensions.v1"
OBSERVERS = "passback.observers.v1"
