"""A connection's options: what administrators type, and what must never be shown of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from passback.testing.breaking import Broken
from passback.testing.operations import OPERATIONS, attempt
from passback.testing.rule import rule
from passback.testing.scene import Scene, validated
from passback.testing.secrets import called_proofs, proofs, secret_texts, shown, texts_of

__all__: list[str] = []

_SECRET = re.compile(r"(^|_)(secret|password|passphrase|token|api_?key|private_?key)$", re.IGNORECASE)


def _models(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, type[BaseModel]]]:
    yield path, model
    for name, field in model.model_fields.items():
        for inner in _inner(field.annotation):
            yield from _models(inner, f"{path}{name}.")


def _inner(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 - any annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _inner(argument)


def _fields(scene: Scene) -> Iterator[tuple[str, FieldInfo]]:
    for path, model in _models(scene.suite.connector.options_type):
        for name, field in model.model_fields.items():
            yield f"{path}{name}", field


@rule("options.described")
async def _described(scene: Scene) -> None:
    """Every option says what it is; else an administrator has a name and nothing to go by.

    Write Field(description="…") in the words of whoever has to find the value.
    """
    bare = [name for name, field in _fields(scene) if not (field.description or "").strip()]
    if bare:
        raise Broken(f"no description: {', '.join(bare)}")


@rule("options.unknown_refused")
async def _unknown_refused(scene: Scene) -> None:
    """An option that doesn't exist is refused; else a misspelt one silently has no effect.

    Subclass passback.Options, also for tables inside, and leave its model_config alone.
    """
    lax = [
        path.rstrip(".") or "the options"
        for path, model in _models(scene.suite.connector.options_type)
        if model.model_config.get("extra") != "forbid"
    ]
    if lax:
        raise Broken(f"unknown options are taken in {', '.join(lax)}")


@rule("options.secret_by_name")
async def _secret_by_name(scene: Scene) -> None:
    """What is called a secret is a SecretStr; any other text stands in logs, forms and `passback config`.

    Annotate it with SecretStr, and read it with get_secret_value() where it's sent.
    """
    for name, field in _fields(scene):
        usual = isinstance(field.default, str) and field.default
        if _SECRET.search(name) and "Secret" not in str(field.annotation) and not usual:
            raise Broken(f"{name} is {field.annotation}; expected SecretStr")
        if isinstance(field.default, SecretStr) and field.default.get_secret_value():
            raise Broken(f"{name} has a default, which whoever reads the package knows; let it be required")


@rule("options.secret_by_use")
async def _secret_by_use(scene: Scene) -> None:
    """What proves the connection to the system is a SecretStr, whatever it's called.

    Annotate that option with SecretStr.
    """
    able = scene.able
    for operation in OPERATIONS:
        if not operation.needs <= able:
            continue
        async with scene.take() as take:
            await attempt(operation.play(take))
            plain = {each for each in texts_of(take.options()) if len(each) > 1}
            proving = {
                proof for asked in take.record.asked for proof in (*proofs(asked), *called_proofs(asked))
            }
        if proving & plain:
            raise Broken(
                f"a text of the options that is no SecretStr proves its requests (in {operation.name})"
            )


@rule("options.mistakes_hide_secrets")
async def _mistakes_hide_secrets(scene: Scene) -> None:
    """A mistake in the options is told without the secrets; administrators paste such messages into tickets.

    Don't quote a value in a validator's message, and leave hide_input_in_errors on.
    """
    async with scene.take() as take:
        given, secrets = take.given(), list(secret_texts(take.options()))
    for wrong in (*_spoilt(given, secrets), given | {"no-such-option": secrets}):
        try:
            scene.suite.connector.options_type.model_validate(wrong)
        except ValidationError as error:
            if found := shown(str(error), secrets):
                raise Broken(f"the message of a wrong option quotes a secret ({found})") from None
    validated(scene.suite, given)


def _spoilt(given: Mapping[str, object], secrets: list[str]) -> Iterator[dict[str, object]]:
    for name, value in given.items():
        if isinstance(value, Mapping):
            for inner in _spoilt(value, secrets):
                yield {**given, name: inner}
        if value in secrets:
            yield {**given, name: [value]}
            yield {**given, name: f"{value}\n:"}
