"""What every table of the configuration has in common."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from passback.host.config.mistakes import unknown

__all__ = ["Table"]

_UNKNOWN = "unknown_key"


class Table(BaseModel):
    """One kind of table; an unknown key is an error, and no message shows a value."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="wrap")
    @classmethod
    def _suggest_keys(cls, given: Any, validate: ModelWrapValidatorHandler[Self]) -> Self:  # noqa: ANN401
        try:
            return validate(given)
        except ValidationError as error:
            details = [_suggesting(each, cls) for each in error.errors(include_url=False)]
            raise ValidationError.from_exception_data(cls.__name__, details, hide_input=True) from None


def _suggesting(detail: ErrorDetails, model: type[BaseModel]) -> InitErrorDetails:
    """Return `detail` as it was; an unknown key with what was probably meant, for whoever writes Python."""
    kind: str | PydanticCustomError = detail["type"]
    if kind == "extra_forbidden":
        kind = PydanticCustomError(_UNKNOWN, unknown(detail["loc"][-1], [model]))
    elif kind == _UNKNOWN:  # in a table within this one
        kind = PydanticCustomError(_UNKNOWN, detail["msg"])
    return InitErrorDetails(type=kind, loc=detail["loc"], input=detail["input"], ctx=detail.get("ctx", {}))
