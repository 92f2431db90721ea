"""Corrections: a result of its own for each that was refused, which says which one it corrects."""

from __future__ import annotations

from uuid import UUID, uuid5

from passback.model.result import Result

__all__ = ["CORRECTS", "corrected_by", "correction_id"]

# The extension that says which result another one corrects.
CORRECTS = "corrects"
_NAMESPACE = UUID("5d0f0d5e-7a2f-5c53-8d38-1f5b8f0a3c11")


def correction_id(organisation: str, result_id: str) -> str:
    """Return the id of the correction of a result: the same file submitted twice gives the same facts."""
    return str(uuid5(_NAMESPACE, f"{organisation}\n{result_id}"))


def corrected_by(result: Result) -> str | None:
    """Return the id of the result that `result` corrects; None where it's no correction.

    What the host calls by the extension's name is the host's, so the id must be that of a correction, too.
    """
    said = result.extensions.get(CORRECTS)
    if not isinstance(said, str) or result.id != correction_id(result.organisation, said):
        return None
    return said
