"""Asking a person: what is wrong with an answer is said at once, and it's asked again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import typer
from pydantic import SecretStr

from passback.cli.answers import Answers, Kept, kept_in_environment, variable_wrong
from passback.cli.form import Form, Question
from passback.cli.given import networks_wrong
from passback.cli.output import mark, out, plain, printable
from passback.cli.toml import toml_value

__all__ = ["Problem", "ask", "ask_network", "ask_options", "choose", "forget"]

# What is wrong with an answer; None if nothing is.
Problem = Callable[[str], str | None]


def ask(label: str, description: str, problem: Problem, *, default: str | None = None) -> str:
    """Return the first answer that `problem` finds nothing wrong with; the empty default can be skipped."""
    if description:
        out.print(f"\n{plain(description)}", highlight=False, style="dim")
    while True:
        shown = default or None
        answer: str = typer.prompt(printable(label), default=default, show_default=shown is not None).strip()
        wrong = problem(answer)
        if wrong is None:
            return answer
        complain(wrong)


def choose(label: str, choices: Mapping[str, str]) -> str:
    """Return which of `choices`, name → description, was chosen."""
    out.print()
    for name, description in choices.items():
        out.print(f"  [bold]{plain(name)}[/bold]  {plain(description)}", highlight=False)
    names = list(choices)
    return ask(label, "", lambda answer: _not_among(answer, names), default=names[0])


def complain(problem: str) -> None:
    """Say what is wrong with an answer."""
    out.print(f"{mark('problem')} {plain(problem)}", highlight=False)


def ask_options(form: Form, answers: Answers, folder: Path) -> None:
    """Ask for the options that `answers` lacks, the required ones first, until all fit together."""
    while True:
        missing = [each for each in form.questions if not answers.has(each.key)]
        optional = [each for each in missing if not each.required]
        asked = [each for each in missing if each.required]
        for question in asked:
            _ask_option(form, question, answers, folder)
        if optional and typer.confirm(
            f"\nSet any of the {len(optional)} optional properties?", default=False
        ):
            for question in optional:
                _ask_option(form, question, answers, folder)
        wrong = answers.mistakes(form)
        if not wrong:
            return
        for mistake in wrong:
            complain(str(mistake))
        forget(form, answers, (str(each.place[0]) for each in wrong if each.place))


def ask_network(answers: Answers) -> None:
    """Ask what the connection may reach beyond https on the public internet."""
    allowed = typer.confirm("\nMay http:// be used?", default=False)
    about = "Private networks that may be reached, as 10.0.0.0/8, with commas between them; Enter for none."
    networks = _listed(
        ask("Networks", about, lambda said: "; ".join(networks_wrong(_listed(said))) or None, default="")
    )
    answers.network = {"allow_http": True} if allowed else {}
    answers.network |= {"allow": networks} if networks else {}


def forget(form: Form, answers: Answers, keys: Iterable[str] = ()) -> None:
    """Take back the answers to `keys`, so that they are asked for again; without any, a person says which."""
    chosen = set(keys)
    if not chosen:
        known = [each.key for each in form.questions if answers.has(each.key)]

        def problem(answer: str) -> str | None:
            return next((said for key in _listed(answer) if (said := _not_among(key, known))), None)

        chosen = set(_listed(ask("Change which (Enter for none)", ", ".join(known), problem, default="")))
    for key in chosen:
        answers.options.pop(key, None)
        answers.secrets.pop(key, None)


def _listed(answer: str) -> list[str]:
    return answer.replace(",", " ").split()


def _not_among(answer: str, names: Iterable[str]) -> str | None:
    return None if answer in names else f"expected one of {', '.join(names)}"


def _ask_option(form: Form, question: Question, answers: Answers, folder: Path) -> None:
    if question.secret:
        kept = _ask_secret(form, question, answers, folder)
        if kept is not None:
            answers.secrets[question.key] = kept
        return
    choices = f" One of: {', '.join(question.choices)}." if question.choices else ""
    default = None if question.required else ""
    if question.default is not None:
        default = question.default if isinstance(question.default, str) else toml_value(question.default)

    def problem(answer: str) -> str | None:
        if not answer and not question.required:
            return None
        return form.problem(question.key, {**answers.values(), question.key: question.value(answer)})

    answer = ask(question.key, question.description + choices, problem, default=default)
    if answer and answer != default:
        answers.options[question.key] = question.value(answer)


def _ask_secret(form: Form, question: Question, answers: Answers, folder: Path) -> Kept | None:
    out.print(f"\n{plain(question.description)}", highlight=False, style="dim")
    while True:
        typed: str = typer.prompt(printable(question.key), default="", show_default=False, hide_input=True)
        if not typed.strip() and not question.required:
            return None
        value = SecretStr(typed.strip())
        wrong = form.problem(question.key, {**answers.values(), question.key: value})
        if typed.strip() and wrong is None:
            break
        complain(wrong or "expected a text that isn't empty")
    where = choose(
        "Keep it in", {"env": "an environment variable", "file": "a file beside the configuration"}
    )
    if where == "env":
        proposed = f"{answers.name}_{question.key}".upper().replace("-", "_").replace(".", "_")
        variable = ask("Variable", "", variable_wrong, default=proposed)
        if kept_in_environment(variable).value is None:
            out.print(f"Set {plain(variable)} wherever passback runs.", highlight=False, style="yellow")
        return Kept("env", variable, value)

    def taken(answer: str) -> str | None:
        return "it's there already, and a secret is never overwritten" if (folder / answer).exists() else None

    file = ask("File", "", taken, default=f"{answers.name}.{question.key}")
    return Kept("file", file, value, new=True)
