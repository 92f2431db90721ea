"""A strict local fake of Thought Industries, which shares no code with the connector that it keeps honest."""

from passback_thoughtindustries.sandbox.behaviour import PEOPLE, Behaviour, Person
from passback_thoughtindustries.sandbox.sandbox import Sandbox
from passback_thoughtindustries.sandbox.sender import Sender, completed, signed

__all__ = ["PEOPLE", "Behaviour", "Person", "Sandbox", "Sender", "completed", "signed"]
