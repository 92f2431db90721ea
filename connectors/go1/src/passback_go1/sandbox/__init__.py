"""A strict local fake of GO1, which shares no code with the connector it keeps honest."""

from passback_go1.sandbox.behaviour import PEOPLE, Behaviour, Person
from passback_go1.sandbox.sandbox import Sandbox
from passback_go1.sandbox.sender import Sender, completed

__all__ = ["PEOPLE", "Behaviour", "Person", "Sandbox", "Sender", "completed"]
