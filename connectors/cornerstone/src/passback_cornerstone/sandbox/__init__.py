"""A strict local fake of a Cornerstone portal, which shares no code with the connector it keeps honest."""

from passback_cornerstone.sandbox.behaviour import Behaviour
from passback_cornerstone.sandbox.catalogue import Pull
from passback_cornerstone.sandbox.population import Person
from passback_cornerstone.sandbox.sandbox import Sandbox

__all__ = ["Behaviour", "Person", "Pull", "Sandbox"]
