"""The database's own guard: which state of a delivery may follow which."""

from __future__ import annotations

from sqlalchemy import Connection

from passback.store.states import FOLLOWS

__all__ = ["guard"]

_SAID = "constraint: this state can not follow that one"


def guard(db: Connection) -> None:
    """Have the database refuse what `FOLLOWS` doesn't allow, whoever writes."""
    pairs = sorted((before.value, after.value) for before in FOLLOWS for after in FOLLOWS[before])
    allowed = ", ".join(f"({before}, {after})" for before, after in pairs)
    statements = _sqlite(allowed) if db.dialect.name == "sqlite" else _postgresql(allowed)
    for statement in statements:
        db.exec_driver_sql(statement)


def _sqlite(allowed: str) -> list[str]:
    return [
        "DROP TRIGGER IF EXISTS delivery_follows",
        f"""
        CREATE TRIGGER delivery_follows BEFORE UPDATE OF state ON delivery
        WHEN OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (VALUES {allowed})
        BEGIN SELECT RAISE(ABORT, '{_SAID}'); END
        """,
    ]


def _postgresql(allowed: str) -> list[str]:
    return [
        f"""
        CREATE OR REPLACE FUNCTION delivery_follows() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '{_SAID}' USING ERRCODE = 'check_violation'; END $$
        """,
        f"""
        CREATE OR REPLACE TRIGGER delivery_follows BEFORE UPDATE OF state ON delivery FOR EACH ROW
        WHEN (OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN ({allowed}))
        EXECUTE FUNCTION delivery_follows()
        """,
    ]
