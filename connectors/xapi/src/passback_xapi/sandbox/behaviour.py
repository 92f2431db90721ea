"""What one kind of Learning Record Store does where the rules leave room, or where it breaks them."""

from dataclasses import dataclass
from typing import Literal

Resend = Literal["ids", "no-content", "new-ids", "conflict"]
SingleGet = Literal["statement", "list"]


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """The settings of a sandbox; the defaults are those of a store that follows xAPI 1.0.3.

    Attributes:
        key: The user name of the Basic credentials.
        secret: The password of the Basic credentials.
        versions: The versions offered, newest first within each line.
        about: Whether the about resource exists.
        version_header: Whether replies carry X-Experience-API-Version.
        version_required: Whether requests must carry X-Experience-API-Version.
        resend: The answer to a POST of statements already held and identical: all ids; no content when all
            are held, else the ids of the new ones; always the ids of the new ones; or a conflict.
        missing_credentials_status: The status of a request without credentials.
        single_get: Whether a read by id answers the statement (or 404), or a list of one (or none).
        validates: Whether statements are checked in full, or only for what a store needs to keep them.
        invalid_status: The status of a batch with a statement that is refused.
        bad_identifier_status: The status for a malformed mbox or account home page, where it differs.
        filled_timestamp_conflicts: Whether a statement sent twice without a timestamp differs from itself.
        empty_array_status: The status of a POST of no statements.
        page: The most statements in one page of a read.
        newest_first: The order of a read that asks for none.
        max_bytes: The largest body taken.
        max_batch: The most statements taken in one POST.
    """

    key: str = "sandbox-key"
    secret: str = "sandbox-secret"  # noqa: S105 - a made-up secret, printed for whoever tries the sandbox
    versions: tuple[str, ...] = ("1.0.3", "1.0.2", "1.0.1", "1.0.0")
    about: bool = True
    version_header: bool = True
    version_required: bool = True
    resend: Resend = "ids"
    missing_credentials_status: int = 401
    single_get: SingleGet = "statement"
    validates: bool = True
    invalid_status: int = 400
    bad_identifier_status: int = 400
    filled_timestamp_conflicts: bool = False
    empty_array_status: Literal[200, 400] = 200
    page: int = 100
    newest_first: bool = True
    max_bytes: int | None = None
    max_batch: int | None = None


RALPH = Behaviour(
    about=False,
    version_header=False,
    version_required=False,
    resend="no-content",
    single_get="list",
    validates=False,
    invalid_status=422,
    bad_identifier_status=500,
    filled_timestamp_conflicts=True,
    empty_array_status=400,
)
"""Ralph 5.1; measured: lrs table, column Ralph 5.1."""

LEARNING_LOCKER = Behaviour()
"""Learning Locker's statements service; measured: lrs table, column Learning Locker."""

POSTGRES_LRS = Behaviour()
"""The LRS on PostgreSQL; measured: lrs table, column PostgreSQL LRS.

Its rate limit is played with ``Sandbox.fail(status=429, headers={"Retry-After": ...})``.
"""

ADL = Behaviour(resend="conflict", missing_credentials_status=400, empty_array_status=400)
"""ADL's own LRS; measured: lrs table, column ADL LRS."""
