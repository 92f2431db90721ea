"""Each wrong connector is caught by each rule that is meant for it."""

import logging
import os
from collections import Counter

import pytest

from mutants.catalogue import MUTANTS
from mutants.installing import imported, unpack
from mutants.mutant import MOST_LINES
from passback.testing import Broken, all_rules
from passback.testing.running import Run, play


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name.replace(" ", "-"))
def test_a_wrong_connector_is_caught_by_the_rules_meant_for_it(mutant, stand, tmp_path):
    unpack(tmp_path, {mutant.file: mutant.source()})
    rules = {rule.name: rule for rule in all_rules()}
    survived = []
    with imported(tmp_path) as suites:
        for name in mutant.rules:
            try:
                play(rules[name], getattr(suites, mutant.suite), Run(stand))
            except Broken:
                continue
            survived.append(name)
    assert not survived


@pytest.mark.parametrize("name", ["its settings are the environment's", "it logs as it likes"])
def test_what_a_wrong_connector_does_to_the_process_ends_with_its_rule(name, stand, tmp_path):
    (mutant,) = (each for each in MUTANTS if each.name == name)
    (rule,) = (each for each in all_rules() if each.name in mutant.rules)
    unpack(tmp_path, {mutant.file: mutant.source()})
    root = logging.getLogger()
    before = root.level, list(root.handlers), dict(os.environ)
    with imported(tmp_path) as suites, pytest.raises(Broken):
        play(rule, getattr(suites, mutant.suite), Run(stand))
    assert (root.level, list(root.handlers), dict(os.environ)) == before


def test_every_rule_catches_somebody():
    caught = {name for mutant in MUTANTS for name in mutant.rules}
    assert {rule.name for rule in all_rules()} == caught


def test_a_wrong_connector_is_a_few_lines_from_a_right_one():
    assert {mutant.name: mutant.lines() for mutant in MUTANTS if mutant.lines() > MOST_LINES} == {}


def test_each_is_wrong_in_its_own_way():
    assert max(Counter(mutant.name for mutant in MUTANTS).values()) == 1
    assert len(MUTANTS) >= 40
