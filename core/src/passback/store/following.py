"""The database's own guard: which state of a delivery may follow which."""

from __future__ import annotations

from sqlalchemy import Connection

from passback.store.states import FOLLOWS

__all__ = ["guard"]

_SAID = "constraint: this state can not follow that one"


def guard(db: Connection) -> None:
    """Have the database refuse what `FOLLOWS` doesn't allow, whoever writes."""
    pairs = sorted((before, after) for before in FOLLOWS for after in FOLLOWS[before] if before != after)
    # Words, as SQLite makes a table of a list for each row anew, which costs as much as the rest of a change.
    allowed = " OR ".join(f"OLD.state = {before:d} AND NEW.state = {after:d}" for before, after in pairs)
    wrong = f"OLD.state <> NEW.state AND NOT ({allowed})"
    for statement in _sqlite(wrong) if db.dialect.name == "sqlite" else _postgresql(wrong):
        db.exec_driver_sql(statement)


def _sqlite(wrong: str) -> list[str]:
    return [
        "DROP TRIGGER IF EXISTS delivery_follows",
        f"""
        CREATE TRIGGER delivery_follows BEFORE UPDATE OF state ON delivery
        WHEN {wrong}
        BEGIN SELECT RAISE(ABORT, '{_SAID}'); END
        """,
    ]


def _postgresql(wrong: str) -> list[str]:
    return [
        f"""
        CREATE OR REPLACE FUNCTION delivery_follows() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '{_SAID}' USING ERRCODE = 'check_violation'; END $$
        """,
        f"""
        CREATE OR REPLACE TRIGGER delivery_follows BEFORE UPDATE OF state ON delivery FOR EACH ROW
        WHEN ({wrong})
        EXECUTE FUNCTION delivery_follows()
        """,
    ]
