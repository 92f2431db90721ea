"""What the options of ``passback init`` say, and which of them are missing."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from passback.cli.answers import Answers, Kept, kept_in_environment, kept_in_file, pairs
from passback.cli.form import Form, Question
from passback.errors import ConfigError
from passback.host.config import ConnectionConfig, Mistake, explain, name_problem, suggestion

__all__ = ["contact_wrong", "missing_options", "name_wrong", "networks_wrong", "take_options", "who_problems"]


def name_wrong(taken: Container[str], name: str) -> str | None:
    """Return what is wrong with `name` beside the connections that there are; None if nothing is."""
    if name in taken:
        return f"the configuration has a connection {name!r} already"
    return name_problem(name)


def contact_wrong(contact: str) -> str | None:
    """Return what is wrong with `contact`; None if nothing is."""
    found = _connection_mistakes({"connector": "-", "contact": contact})
    return found[0].problem if found else None


def networks_wrong(networks: object) -> list[str]:
    """Return what is wrong with each of `networks`, which a connection may reach."""
    table = {"connector": "-", "contact": "nobody@example.com", "network": {"allow": networks}}
    return [each.problem for each in _connection_mistakes(table)]


def who_problems(answers: Answers, taken: Container[str], kinds: Iterable[str]) -> list[str]:
    """Return what is wrong with name, contact, kind and network, each with the option that gives it."""
    names = sorted(kinds)
    problems: list[str] = []
    if wrong := name_wrong(taken, answers.name):
        problems.append(f"--name: {wrong}")
    if wrong := contact_wrong(answers.contact):
        problems.append(f"--contact: {wrong}")
    if answers.connector not in names:
        problems.append(f"--connector: expected one of {', '.join(names)}")
    networks = networks_wrong(answers.network.get("allow", ()))
    return [*problems, *(f"--allow: {wrong}" for wrong in networks)]


def _connection_mistakes(table: Mapping[str, object]) -> list[Mistake]:
    try:
        ConnectionConfig.model_validate(table)
    except ValidationError as error:
        return explain(error, ConnectionConfig, table)
    return []


def take_options(
    form: Form, answers: Answers, given: tuple[Iterable[str], Iterable[str], Iterable[str]], folder: Path
) -> list[str]:
    """Put the options that are `given` into `answers`; return what is wrong with them.

    Args:
        form: The connector's questions.
        answers: What is known so far.
        given: ``key=value`` pairs: of properties, of secrets in variables, of secrets in files.
        folder: Where the paths of secret files start.
    """
    options, variables, files = given
    questions = {each.key: each for each in form.questions}
    found, whole = pairs(options)
    problems = [] if whole else [_no_pair("--option")]
    for key, value in found.items():
        if problem := _property_problem(questions.get(key), key, questions):
            problems.append(problem)
        else:
            answers.options[key] = questions[key].value(value)
    ways: list[tuple[str, Iterable[str], Callable[[str], Kept]]] = [
        ("--secret-env", variables, kept_in_environment),
        ("--secret-file", files, partial(kept_in_file, folder)),
    ]
    return problems + [each for way in ways for each in _take_secrets(questions, answers, way)]


def _take_secrets(
    questions: Mapping[str, Question],
    answers: Answers,
    said: tuple[str, Iterable[str], Callable[[str], Kept]],
) -> list[str]:
    """Put the secrets that one of the command's options says into `answers`; return what is wrong with them.

    Args:
        questions: The connector's questions.
        answers: What is known so far.
        said: The command's option, what it was given, and how to get such a secret.
    """
    option, given, kept = said
    found, whole = pairs(given)
    problems = [] if whole else [_no_pair(option)]
    for key, where in found.items():
        if key not in questions:
            problems.append(f"{option} {key}: unknown{suggestion(key, questions)}")
            continue
        try:
            answers.secrets[key] = kept(where)
        except ConfigError as error:
            problems.append(f"{option} {key}: {error}")
            # It's given, so that it isn't missing too.
            answers.secrets[key] = Kept("", where, None)
    return problems


def _no_pair(option: str) -> str:
    return f"{option}: expected key=value"


def _property_problem(question: Question | None, key: str, known: Iterable[str]) -> str | None:
    if question is None:
        return f"--option {key}: unknown{suggestion(key, known)}"
    if question.secret:
        return f"--option {key}: a secret doesn't stand in the configuration; {_way(question)}"
    return None


def missing_options(form: Form, answers: Answers, *, checked: bool) -> list[str]:
    """Return which options must still be given, or given otherwise."""
    questions = {each.key: each for each in form.questions}
    problems: list[str] = []
    for mistake in answers.mistakes(form):
        question = questions.get(str(mistake.place[0])) if mistake.place else None
        if question is not None and not answers.has(question.key):
            problems.append(f"{_way(question)}: {question.description}")
        else:
            problems.append(f"--option {mistake}")
    if checked:
        problems += [
            f"the environment variable {kept.where} isn't set here; set it, or give --no-check"
            for kept in answers.secrets.values()
            if kept.kind == "env" and kept.value is None
        ]
    return problems


def _way(question: Question) -> str:
    if question.secret:
        return f"give --secret-env {question.key}=NAME or --secret-file {question.key}=PATH"
    return f"give --option {question.key}=…"
