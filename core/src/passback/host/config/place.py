"""Where the outbox is: a file beside the configuration, or a database server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, Field, SecretStr

from passback.errors import OutboxError
from passback.host.config.mistakes import Mistake
from passback.host.config.secrets import Resolver, SecretText
from passback.host.config.table import Table
from passback.store import DatabaseURL

__all__ = ["OutboxPlace", "StoreConfig", "located", "refers"]

_SCHEMES = ("postgresql://", "postgres://")
_PLACE = ("store", "url")


class StoreConfig(Table):
    """A PostgreSQL server, for more than one machine."""

    url: SecretText = Field(
        repr=False, description="Where it is: postgresql://user:password@host:5432/database."
    )


def _table(value: object) -> object:
    if not isinstance(value, str | Path | Mapping | StoreConfig):
        raise ValueError("expected the path of a file, or the URL of a PostgreSQL server")  # noqa: TRY004
    return {"url": value} if isinstance(value, str) and "://" in value else value


OutboxPlace: TypeAlias = Annotated[Path | StoreConfig, BeforeValidator(_table)]


def refers(store: Path | StoreConfig) -> bool:
    """Return whether a reference says where the outbox is."""
    return isinstance(store, StoreConfig) and not isinstance(store.url, SecretStr)


def located(store: Path | StoreConfig, resolver: Callable[[], Resolver]) -> Path | DatabaseURL | Mistake:
    """Return where the outbox is, as a `resolver` resolves it, or what is wrong with that."""
    if isinstance(store, Path):
        return store
    found = _url(store, resolver())
    return found if isinstance(found, Mistake) else DatabaseURL(found, lambda: _again(store, resolver()))


def _url(store: StoreConfig, resolver: Resolver) -> str | Mistake:
    given = store.url.get_secret_value() if isinstance(store.url, SecretStr) else store.url
    url = resolver.resolved(given, _PLACE)
    if resolver.mistakes:
        return resolver.mistakes[0]
    if not isinstance(url, str) or not url.startswith(_SCHEMES):
        return Mistake(_PLACE, "expected a URL such as postgresql://user:password@host:5432/database")
    return url


def _again(store: StoreConfig, resolver: Resolver) -> str:
    found = _url(store, resolver)
    if isinstance(found, Mistake):
        raise OutboxError(
            f"the server refuses the outbox's password, and its URL is wrong by now: {found.problem}"
        )
    return found
