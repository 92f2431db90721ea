"""``passback sso``: identity providers, what they say, and whom they vouch for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from passback.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    ConnectionArgument,
    JsonOption,
    app,
    host_for,
    run,
)
from passback.cli.output import NEEDS_SOMEBODY, ago, counted, fail, mark, out, plain, print_json, table
from passback.errors import Unsupported
from passback.host import Passback
from passback.identity.linking import Link
from passback.model import Access, Observation

__all__ = ["attributes", "check_provider", "end", "explain", "links", "relink", "rename_issuer"]

group = typer.Typer(no_args_is_help=True)
app.add_typer(group, name="sso", help="Who signs in, by whom, and as which learner.")

_SHORTEST = 6

_LinkArgument = Annotated[str, typer.Argument(help="The link, as passback sso links shows it.")]
_ByOption = Annotated[str, typer.Option("--by", help="Who says so; it's kept.")]


@group.command("check")
def check_provider(
    connection: ConnectionArgument, config: ConfigOption = DEFAULT_CONFIG, *, json: JsonOption = False
) -> None:
    """Show what an identity provider publishes, and what it would be sent."""
    host = host_for(config)

    async def show() -> int:
        try:
            place = host.providers.place(connection)
            seen = await host.providers.inspect(connection)
        finally:
            await host.aclose()
        ours = [
            Observation(what="callback, to enter at the provider", said=place.callback),
            *_metadata(host, connection, place.metadata),
            Observation(what="after sign-out", said=place.signed_out),
        ]
        _observed([*ours, *seen], json=json)
        return NEEDS_SOMEBODY if any(each.verdict == "problem" for each in seen) else 0

    if code := run(show()):
        raise typer.Exit(code)


@group.command()
def explain(
    connection: ConnectionArgument,
    sample: Annotated[Path, typer.Argument(help="A file with a response or a token; - for standard input.")],
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    json: JsonOption = False,
) -> None:
    """Show what an identity provider's answer says, and which attribute becomes what; no values."""
    host = host_for(config)
    body = _read(sample)

    async def show() -> int:
        try:
            reading, told = host.providers.explain(connection, body)
        finally:
            await host.aclose()
        sent = sorted(reading.assertion.attributes) if reading.assertion else []
        names = [Observation(what="attributes that were sent", said=", ".join(sent) or "none")]
        _observed([*reading.observations, *(names if reading.assertion else ()), *told], json=json)
        return 0 if reading.assertion is not None else NEEDS_SOMEBODY

    if code := run(show()):
        raise typer.Exit(code)


@group.command()
def attributes(*, json: JsonOption = False) -> None:
    """Print what a customer's provider must send that signs people in to Thought Industries itself."""
    names = Access.attribute_names()
    if json:
        print_json(names)
        return
    table("What Thought Industries takes", ["attribute", "holds"], list(names.items()))
    out.print("Names are case-sensitive. What isn't sent stays as it is; what is sent empty is emptied.")


@group.command()
def links(
    connection: Annotated[str | None, typer.Option(help="Only those of this connection.")] = None,
    learner: Annotated[str | None, typer.Option(help="Only those of this learner.")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    json: JsonOption = False,
) -> None:
    """List who signs in by whom, and as which learner."""
    host = host_for(config)

    async def show() -> None:
        async with host:
            found = await host.linking.links(connection=connection, learner=learner)
        if json:
            for link in found:
                print_json(_as_json(link))
            return
        columns = ["link", "connection", "who", "learner", "last used", "state"]
        table(counted(len(found), "link"), columns, [_row(each) for each in found])

    run(show())


@group.command()
def end(link: _LinkArgument, by: _ByOption, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Let nobody in by a link any longer; its identity becomes nobody else's."""
    host = host_for(config)

    async def work() -> None:
        async with host:
            await host.linking.end(_chosen(link, await host.linking.links()), by)

    run(work())
    out.print("Nobody is let in by it any longer.")


@group.command()
def relink(
    link: _LinkArgument,
    learner: Annotated[str, typer.Argument(help="The learner's id.")],
    by: _ByOption,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Say that whoever comes by a link is another learner from now on."""
    host = host_for(config)

    async def work() -> None:
        async with host:
            await host.linking.relink(_chosen(link, await host.linking.links()), learner, by)

    run(work())
    out.print(f"Whoever comes by it is {plain(learner)} from now on.")


@group.command("rename-issuer")
def rename_issuer(
    connection: ConnectionArgument,
    before: Annotated[str, typer.Argument(help="What the provider called itself.")],
    after: Annotated[str, typer.Argument(help="What it calls itself now, meaning the same people.")],
    by: _ByOption,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Keep everybody's link although the provider calls itself otherwise."""
    host = host_for(config)

    async def work() -> int:
        async with host:
            return await host.linking.rename_issuer(connection, before, after, by)

    out.print(f"{counted(run(work()), 'link')}: {plain(before)} is {plain(after)} now.", highlight=False)


def _metadata(host: Passback, connection: str, address: str) -> list[Observation]:
    try:
        host.providers.metadata(connection)
    except Unsupported:
        return []
    return [Observation(what="metadata, where it reads them", said=address)]


def _observed(seen: list[Observation], *, json: bool) -> None:
    for each in seen:
        if json:
            print_json(each)
        else:
            # Addresses and fingerprints are copied from here: they stay in one piece.
            line = f"{mark(each.verdict)} {plain(each.what)}: {plain(each.said)}"
            out.print(line, highlight=False, soft_wrap=True)


def _read(sample: Path) -> bytes:
    if str(sample) == "-":
        return typer.get_binary_stream("stdin").read()
    try:
        return sample.read_bytes()
    except OSError as error:
        fail(f"{sample} can't be read: {error.strerror}")


def _chosen(link: str, known: list[Link]) -> Link:
    found = [each for each in known if each.key.hex().startswith(link)]
    if len(link) < _SHORTEST or len(found) != 1:
        fail(f"no link begins with {link!r}, or several do; passback sso links shows them")
    return found[0]


def _row(link: Link) -> list[str]:
    who = "erased" if link.identity is None else f"{link.identity.kind} {link.identity.subject}"
    return [
        _short(link),
        link.connection,
        who,
        link.learner,
        ago(link.used),
        "live" if link.live else "ended",
    ]


def _short(link: Link) -> str:
    return link.key.hex()[:12]


def _as_json(link: Link) -> dict[str, object]:
    known = link.identity
    return {
        "link": _short(link),
        "connection": link.connection,
        "organisation": link.organisation,
        "learner": link.learner,
        "live": link.live,
        "issuer": known.issuer if known else None,
        "kind": known.kind if known else None,
        "subject": known.subject if known else None,
        "created": link.created.isoformat(),
        "used": link.used.isoformat(),
    }
