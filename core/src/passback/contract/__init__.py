"""What a connector author implements."""

from passback.contract.connector import Connector, Context, Options, Sending
from passback.contract.hooks import (
    PROJECT,
    Extension,
    Health,
    HealthChanged,
    Observer,
    Settled,
    implemented,
)

__all__ = [
    "CONNECTORS",
    "EXTENSIONS",
    "OBSERVERS",
    "PROJECT",
    "Connector",
    "Context",
    "Extension",
    "Health",
    "HealthChanged",
    "Observer",
    "Options",
    "Sending",
    "Settled",
    "implemented",
]

# The entry-point groups; the suffix is the version of the contract.
CONNECTORS = "passback.connectors.v1"
EXTENSIONS = "passback.extensions.v1"
OBSERVERS = "passback.observers.v1"
