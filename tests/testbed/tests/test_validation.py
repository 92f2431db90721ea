import pytest

from passback_testbed import validate_statements

# The first of them may have to install it.
pytestmark = pytest.mark.timeout(600)


def test_a_good_statement_has_no_problems(learning_locker_home, statement):
    assert validate_statements([statement()], learning_locker_home) == [[]]


def test_each_bad_statement_has_its_own_problems(learning_locker_home, statement):
    batch = [
        statement(),
        statement(verb={"id": "passed"}),
        statement(result={"score": {"scaled": 2}}, colour="red"),
    ]
    good, verb, result = validate_statements(batch, learning_locker_home)
    assert good == []
    assert len(verb) == 1
    assert verb[0].startswith("statement.verb.id: ")
    assert len(result) == 2
    assert "colour" in " ".join(result)
