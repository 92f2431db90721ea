"""The options that an author asked for: what stands of each in the scaffold."""

from __future__ import annotations

from passback.scaffold.plan import ExtraOption, Plan

__all__ = ["options"]

_EXAMPLE = "example"
_WIDTH = 110


def options(plan: Plan) -> dict[str, str]:
    """Return what stands in the place-holders for the options of `plan`: some lines each."""
    each = plan.options
    return {
        "option_fields": "\n".join(_field(option) for option in each),
        "option_values": "\n".join(f'            "{option.name}": "{_EXAMPLE}",' for option in each),
        "option_lines": "\n".join(f'options.{option.name} = "{_EXAMPLE}"' for option in each),
        "option_rows": "\n".join(f"| `{option.name}` | {option.description} |" for option in each),
    }


def _field(option: ExtraOption) -> str:
    given = f'min_length=1, description="{option.description}"'
    line = f"    {option.name}: str = Field({given})"
    return line if len(line) <= _WIDTH else f"    {option.name}: str = Field(\n        {given}\n    )"
