"""A connector's options as questions: what to ask, what may be answered, and whether an answer fits."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import attrs
from pydantic import Secret, SecretBytes, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from passback.contract import Connector, Options
from passback.errors import ConnectionFailure, ContractError
from passback.foreign import contained
from passback.host.config import Mistake, explain

__all__ = ["Form", "Question"]


@attrs.frozen(kw_only=True)
class Question:
    """One option.

    Attributes:
        key: Its name in the configuration.
        description: What it is.
        required: Whether it must be answered.
        secret: Whether its value mustn't be shown or stand in the configuration.
        default: What holds where it isn't answered, as TOML would have it; None if nothing does.
        choices: The answers there are; empty where it's free.
        text: Whether an answer is meant as it's typed; otherwise it may be TOML.
    """

    key: str
    description: str
    required: bool
    secret: bool
    default: object
    choices: Sequence[str]
    text: bool

    def value(self, answer: str) -> object:
        """Return what `answer`, as it was typed, means."""
        answer = answer.strip()
        if self.text:
            return answer
        try:
            return tomllib.loads(f"answer = {answer}")["answer"]
        except tomllib.TOMLDecodeError:
            return answer


class Form:
    """The questions of one connector."""

    def __init__(self, connector: type[Connector[Options]]) -> None:
        self._model = connector.options_type
        self.questions = [_question(name, field) for name, field in self._model.model_fields.items()]

    def mistakes(self, answers: Mapping[str, object]) -> list[Mistake]:
        """Return what is wrong with `answers`, all of them together."""
        what = f"{self._model.__module__}.{self._model.__qualname__}"
        try:
            # A connector's model runs its own code.
            with contained(what):
                try:
                    self._model.model_validate(dict(answers))
                except ValidationError as error:
                    return explain(error, self._model, answers)
        except ContractError as error:
            return [Mistake((), str(error))]
        except ConnectionFailure as error:
            return [Mistake((), f"{what} raised {type(error).__name__}")]
        return []

    def problem(self, key: str, answers: Mapping[str, object]) -> str | None:
        """Return what is wrong with the answer to `key` in `answers`; None if nothing is."""
        return next((each.problem for each in self.mistakes(answers) if each.place[:1] == (key,)), None)


def _question(name: str, field: FieldInfo) -> Question:
    kinds = list(_kinds(field.annotation))
    choices = [str(each) for kind in kinds for each in _choices(kind)]
    return Question(
        key=field.alias or name,
        description=field.description or "",
        required=field.is_required(),
        secret=any(
            isinstance(kind, type) and issubclass(kind, SecretStr | SecretBytes | Secret) for kind in kinds
        ),
        default=_default(field),
        choices=choices,
        text=bool(choices) or any(kind in (str, SecretStr) for kind in kinds),
    )


def _kinds(annotation: object) -> Iterator[Any]:
    """Yield the types that may stand at `annotation`, out of unions and notes."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _kinds(get_args(annotation)[0])
    elif origin in (Union, UnionType):
        for argument in get_args(annotation):
            yield from _kinds(argument)
    elif annotation is not NoneType:
        yield annotation


def _choices(kind: object) -> Sequence[object]:
    if get_origin(kind) is Literal:
        return [each for each in get_args(kind) if isinstance(each, str)]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return [each.value for each in kind]
    return ()


def _default(field: FieldInfo) -> object:
    default = field.default
    if default is PydanticUndefined:
        return None
    return default.value if isinstance(default, Enum) else default
