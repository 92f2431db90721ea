"""The one transactional store: its engines, its tables and their revisions."""

from passback.store import schema
from passback.store.columns import LARGEST, insert_new, insert_once
from passback.store.engines import DatabaseURL
from passback.store.locking import CONFIGURING, RECOGNISING, RETAINING, lock
from passback.store.many import (
    InsertMany,
    grouped,
    groups,
    listed,
    mapped,
    numbers,
    parts,
    spelled,
    texts,
    words,
)
from passback.store.prepared import Prepared
from passback.store.states import FOLLOWS, State, WaitingFor
from passback.store.store import Store
from passback.store.times import AT_ONCE, milliseconds, moment
from passback.store.whose import CODES, whose

__all__ = [
    "AT_ONCE",
    "CODES",
    "CONFIGURING",
    "FOLLOWS",
    "LARGEST",
    "RECOGNISING",
    "RETAINING",
    "DatabaseURL",
    "InsertMany",
    "Prepared",
    "State",
    "Store",
    "WaitingFor",
    "grouped",
    "groups",
    "insert_new",
    "insert_once",
    "listed",
    "lock",
    "mapped",
    "milliseconds",
    "moment",
    "numbers",
    "parts",
    "schema",
    "spelled",
    "texts",
    "whose",
    "words",
]
