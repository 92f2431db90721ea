"""What is known of a connection that is being made, and what of it goes into the file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import attrs
from pydantic import SecretStr

from passback.cli.form import Form
from passback.errors import ConfigError
from passback.host.config import Mistake

__all__ = ["Answers", "Kept", "kept_in_environment", "kept_in_file", "pairs", "variable_wrong"]


@attrs.frozen
class Kept:
    """A secret, and where it's kept.

    Attributes:
        kind: ``env`` or ``file``; empty where it can't be had from there.
        where: The variable or the file, as the configuration names it.
        value: The secret; None where it isn't known here.
        new: Whether the file is yet to be written.
    """

    kind: str
    where: str
    value: SecretStr | None
    new: bool = False


@attrs.define(kw_only=True)
class Answers:
    """One connection on its way into the file.

    Attributes:
        connector: The kind.
        name: What it's called.
        contact: Who is told when it breaks.
        options: The options that were given and aren't secret.
        secrets: Those that are.
        network: What it may reach beyond https on the public internet.
    """

    connector: str
    name: str
    contact: str
    options: dict[str, object] = attrs.field(factory=dict)
    secrets: dict[str, Kept] = attrs.field(factory=dict)
    network: dict[str, object] = attrs.field(factory=dict)

    def values(self) -> dict[str, object]:
        """Return the options with the secrets that are known here."""
        known = {key: kept.value for key, kept in self.secrets.items() if kept.value is not None}
        return {**self.options, **known}

    def has(self, key: str) -> bool:
        """Return whether the option called `key` is given."""
        return key in self.options or key in self.secrets

    def mistakes(self, form: Form) -> list[Mistake]:
        """Return what `form` finds wrong with the options; a secret that isn't known here can't be judged."""
        unknown = {key for key, kept in self.secrets.items() if kept.value is None}
        return [each for each in form.mistakes(self.values()) if not unknown.intersection(each.place[:1])]

    def table(self) -> dict[str, object]:
        """Return the connection's table, references in place of secrets."""
        options = {**self.options, **{key: {each.kind: each.where} for key, each in self.secrets.items()}}
        table: dict[str, object] = {"connector": self.connector, "contact": self.contact}
        return table | {key: part for key, part in (("options", options), ("network", self.network)) if part}


def pairs(given: Iterable[str]) -> tuple[dict[str, str], bool]:
    """Return the ``key=value`` pairs that were `given`, and whether all of it is such pairs."""
    parted = [each.partition("=") for each in given]
    found = {key.strip(): value for key, sign, value in parted if sign and key.strip()}
    return found, all(sign and key.strip() for key, sign, _ in parted)


def variable_wrong(variable: str) -> str | None:
    """Return what is wrong with `variable` as the name of an environment variable; None if nothing is."""
    fits = variable.isidentifier() and variable.isascii()
    return None if fits else "expected a name of letters, digits and underscores, such as ACME_SECRET"


def kept_in_environment(variable: str) -> Kept:
    """Return the secret that `variable` holds, if it's set here.

    Raises:
        ConfigError: No variable is called so.
    """
    if wrong := variable_wrong(variable):
        raise ConfigError(wrong)
    value = os.environ.get(variable, "").strip()
    return Kept("env", variable, SecretStr(value) if value else None)


def kept_in_file(folder: Path, file: str) -> Kept:
    """Return the secret in `file`, whose path starts at `folder`.

    Raises:
        ConfigError: It can't be read, or is empty.
    """
    try:
        value = (folder / file).read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or "it is no text"
        raise ConfigError(f"the secret can't be read: {said}", file=folder / file) from None
    if not value:
        raise ConfigError("the file is empty, where a secret was expected", file=folder / file)
    return Kept("file", file, SecretStr(value))
