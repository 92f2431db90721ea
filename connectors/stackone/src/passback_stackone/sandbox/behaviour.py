"""What the account behind the sandbox can do, and where the wire facts leave room."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """The settings of a sandbox; the defaults are those of a tenant's own account.

    Attributes:
        api_key: The API key (wire facts §4.1).
        account_id: The linked account (§4.1).
        integration: Whether users can be read, or answer 501: content distribution (§4.1, §4.3).
        email_filter: Whether the LMS has an e-mail filter, as GO1 has (§4.2).
        unknown_filter: What a filter that the LMS lacks gives; ignored, or a status (INFERRED).
        reads_completions: Whether completions and assignments can be read; 501 otherwise (§4.1).
        takes_progress: Whether assignments can be written; 501 otherwise (§4.1).
        wants_passthrough: What the LMS must find in a completion's passthrough (§4.3, Cornerstone).
        content: The learning objects that are there, by external reference or id; None for any.
        enabled: Whether the integration is enabled; 412 otherwise (§4.4).
        missing_account_status: What a request without ``x-account-id`` gives (§4.1, INFERRED).
        largest_page: The largest page (INFERRED).
        cursor_seconds: How long a cursor lives; None for ever (INFERRED).
        per_minute: How many requests a key may make in a minute (§4.4).
        day_only: Whether the LMS keeps only the day of a completion (INFERRED).
    """

    api_key: str = "sandbox-key"
    account_id: str = "45355976281015164504"
    integration: Literal["tenant", "distribution"] = "tenant"
    email_filter: bool = False
    unknown_filter: Literal["ignored", 400, 501] = "ignored"
    reads_completions: bool = True
    takes_progress: bool = True
    wants_passthrough: tuple[str, ...] = ()
    content: frozenset[str] | None = None
    enabled: bool = True
    missing_account_status: Literal[400, 401] = 400
    largest_page: int = 100
    cursor_seconds: float | None = None
    per_minute: int = 1000
    day_only: bool = False


GO1 = Behaviour(email_filter=True)
"""A tenant with GO1 behind it: users can be filtered by e-mail."""

DISTRIBUTION = Behaviour(integration="distribution", reads_completions=False)
"""Content distribution: nobody says who the users are."""

CORNERSTONE = Behaviour(
    integration="distribution",
    reads_completions=False,
    wants_passthrough=("userGuid", "sessionToken", "callbackUrl"),
)
"""Content distribution with Cornerstone behind it: completions carry the launch's query."""
