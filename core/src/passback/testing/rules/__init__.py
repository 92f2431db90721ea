"""The rules: importing this package defines them."""

from passback.testing.rule import all_rules
from passback.testing.rules import (
    checking,
    intact,
    keeping_quiet,
    launches,
    living,
    lookups,
    offering,
    on_the_way,
    options,
    people,
    providing,
    receiving,
    signing_in,
    submitting,
)

__all__ = [
    "all_rules",
    "checking",
    "intact",
    "keeping_quiet",
    "launches",
    "living",
    "lookups",
    "offering",
    "on_the_way",
    "options",
    "people",
    "providing",
    "receiving",
    "signing_in",
    "submitting",
]
