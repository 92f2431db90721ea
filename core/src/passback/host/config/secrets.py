"""References to secrets: what stands in a connection's options in place of a value that is kept elsewhere."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, TypeAlias

import attrs
from pydantic import AfterValidator, SecretStr

from passback.contract import Observer
from passback.errors import ConnectionFailure, ContractError
from passback.foreign import contained
from passback.host.config.mistakes import Mistake, Place
from passback.host.config.source import Mark

__all__ = ["Resolver", "SecretText", "reference"]

_KINDS = ("env", "file", "vault")


def reference(value: object) -> tuple[str, str] | None:
    """Return kind and text of the reference that `value` is; None if it's an option like any other."""
    if isinstance(value, Mapping) and len(value) == 1:
        ((kind, text),) = value.items()
        if kind in _KINDS and isinstance(text, str):
            return kind, text
    return None


def _secret(value: SecretStr | dict[str, str]) -> SecretStr | dict[str, str]:
    if isinstance(value, dict) and reference(value) is None:
        raise ValueError('expected a text, or { env = "…" }, { file = "…" }, { vault = "…" }')
    return value


# A secret outside of a connection's options: itself, or a reference to it.
SecretText: TypeAlias = Annotated[SecretStr | dict[str, str], AfterValidator(_secret)]


class _Unresolved(Exception):  # it never leaves this module
    """What a reference refers to can't be had; the message says why."""


@attrs.define
class Resolver:
    """Replaces the references in one connection's options by what they refer to.

    Attributes:
        folder: Where the paths of files start.
        observers: Says who is asked for what a vault keeps, in this order; asked when one is needed.
        files: The files that were read, or should have been, each with its mark from then.
        places: Where references stood.
        mistakes: The references that lead nowhere.
    """

    folder: Path
    observers: Callable[[], Iterable[Observer]]
    files: dict[Path, Mark] = attrs.field(factory=dict)
    places: set[Place] = attrs.field(factory=set)
    mistakes: list[Mistake] = attrs.field(factory=list)

    def resolved(self, value: object, place: Place = ()) -> object:
        """Return `value`, which stands at `place`, without references; None where one leads nowhere."""
        if found := reference(value):
            self.places.add(place)
            try:
                return self._fetched(*found)
            except _Unresolved as error:
                self.mistakes.append(Mistake(place, str(error)))
                return None
        if isinstance(value, Mapping):
            return {key: self.resolved(each, (*place, key)) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.resolved(each, (*place, at)) for at, each in enumerate(value)]
        return value

    def _fetched(self, kind: str, text: str) -> str:
        if kind == "env":
            return _from_environment(text)
        return self._from_file(text) if kind == "file" else self._from_vault(text)

    def _from_file(self, file: str) -> str:
        path = self.folder / file
        mark = Mark.unread(path)
        try:
            content = path.read_bytes()
            mark = mark.holding(content)
            found = content.decode("utf-8").replace("\r\n", "\n").strip()
        except (OSError, ValueError) as error:
            said = getattr(error, "strerror", None) or "it is no text"
            raise _Unresolved(f"the file {file} can't be read: {said}") from None
        finally:
            # Of several that read it, the first may have seen what the others didn't.
            self.files.setdefault(path, mark)
        if not found:
            # It's filled in a moment, or was emptied by mistake: no system takes nothing for a secret.
            raise _Unresolved(f"the file {file} is empty")
        return found

    def _from_vault(self, text: str) -> str:
        failed: list[str] = []
        for observer in self.observers():
            name = type(observer).__qualname__
            try:
                with contained(f"observer {name}.resolve_secret"):
                    answer = observer.resolve_secret(text)
            except (ConnectionFailure, ContractError):
                failed.append(f"{name} failed at it")
                continue
            if isinstance(answer, str) and answer.strip():
                return answer
            if isinstance(answer, str):
                failed.append(f"{name} answered an empty text")
            elif answer is not None:
                failed.append(f"{name} answered {type(answer).__name__}, expected str or None")
        said = "; ".join(failed) or "name one that does under observers"
        raise _Unresolved(f"no observer resolves this vault reference; {said}")


def _from_environment(variable: str) -> str:
    try:
        found = os.environ[variable].strip()
    except (KeyError, ValueError):
        raise _Unresolved(f"the environment variable {variable} isn't set") from None
    if not found:
        raise _Unresolved(f"the environment variable {variable} is empty")
    return found
