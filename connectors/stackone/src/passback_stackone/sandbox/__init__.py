"""A strict local fake of StackOne's unified LMS, which shares no code with the connector it keeps honest."""

from passback_stackone.sandbox.behaviour import CORNERSTONE, DISTRIBUTION, GO1, Behaviour
from passback_stackone.sandbox.people import Person, population
from passback_stackone.sandbox.sandbox import Sandbox
from passback_stackone.sandbox.signing import signature

__all__ = [
    "CORNERSTONE",
    "DISTRIBUTION",
    "GO1",
    "Behaviour",
    "Person",
    "Sandbox",
    "population",
    "signature",
]
