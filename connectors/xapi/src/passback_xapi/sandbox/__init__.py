"""A strict local fake of a Learning Record Store, which shares no code with the connector it keeps honest."""

from passback_xapi.sandbox.behaviour import (
    ADL,
    LEARNING_LOCKER,
    POSTGRES_LRS,
    RALPH,
    Behaviour,
    Resend,
    SingleGet,
)
from passback_xapi.sandbox.sandbox import Sandbox

__all__ = [
    "ADL",
    "LEARNING_LOCKER",
    "POSTGRES_LRS",
    "RALPH",
    "Behaviour",
    "Resend",
    "Sandbox",
    "SingleGet",
]
