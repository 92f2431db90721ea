"""The command that plays a system to develop against."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Annotated

import typer

from passback.cli.common import app
from passback.cli.output import fail, failing
from passback.foreign import contained

if TYPE_CHECKING:
    from passback.sandbox import Stage

__all__ = ["sandbox"]

_GROUP = "passback.sandboxes.v1"
_LAST_PORT = 65535


@app.command()
def sandbox(
    name: Annotated[str, typer.Argument(help="The connector whose system is played.")],
    like: Annotated[str | None, typer.Option(help="Which kind of it; the usual one if not given.")] = None,
    port: Annotated[
        int, typer.Option(help="The port on the local host; any free one if 0.", min=0, max=_LAST_PORT)
    ] = 0,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            help="WHAT[=VALUE][:TIMES]\\[@ON], as 503:3@/users: misbehave for the next requests. WHAT is a "
            "status (VALUE: Retry-After), html, slow (VALUE: seconds), cut-before, cut-after or truncate."
        ),
    ] = None,
) -> None:
    """Play a system on this machine, strictly: print how to connect to it, and each request as it comes."""
    offered = {each.name: each for each in entry_points(group=_GROUP)}
    if name not in offered:
        fail(
            f"no installed connector brings a sandbox {name!r}; "
            f"there is {', '.join(sorted(offered)) or 'none'}"
        )
    try:
        from passback.sandbox import play  # noqa: PLC0415 - its server isn't needed for anything else
    except ImportError as error:
        fail(f"{error.name} isn't installed; install the sandbox: pip install 'passback-{name}[sandbox]'")
    try:
        play(_kind(offered[name]), like, port, fault or ())
    except ValueError as error:
        fail(str(error))
    except OSError as error:
        fail(f"port {port} can't be used: {error.strerror}; leave --port out for any that is free")


def _kind(offered: EntryPoint) -> type[Stage]:
    from passback.sandbox import Stage  # noqa: PLC0415 - as above

    with failing(), contained(f"the sandbox {offered.name!r}"):
        kind = offered.load()
    if not isinstance(kind, type) or not issubclass(kind, Stage):
        fail(f"the sandbox {offered.name!r} at {offered.value} is no passback.sandbox.Stage")
    return kind
