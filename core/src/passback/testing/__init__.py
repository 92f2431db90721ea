"""The conformance kit: what every connector must keep, tried over real sockets with all that goes wrong."""

from passback.testing.breaking import Broken
from passback.testing.conformance import Conformance
from passback.testing.rule import Rule
from passback.testing.rules import all_rules

__all__ = ["Broken", "Conformance", "Rule", "all_rules"]
