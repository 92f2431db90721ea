"""Whoever signed in, as an account: the identity provider's page, and the subject there.

Source: xAPI 1.0.3, Data §2.4.2.4 (account).
"""

from __future__ import annotations

from passback import Account, Assertion, IdentityProposal
from passback_xapi.endpoint import is_iri

__all__ = ["account", "proposal"]


def proposal(assertion: Assertion | None) -> IdentityProposal | None:
    """Return the account of `assertion`, as one text; None where its issuer is no IRI, or there is none."""
    if assertion is None or not is_iri(assertion.issuer):
        return None
    # No IRI has a space, so it's told where it ends.
    return IdentityProposal(user_id=f"{assertion.issuer} {assertion.subject}", matched_by="identity")


def account(known: Account | None) -> tuple[str, str] | None:
    """Return the home page and the name of `known`; None where it isn't one that `proposal` made."""
    if known is None:
        return None
    home_page, _, name = known.user_id.partition(" ")
    return (home_page, name) if name and is_iri(home_page) else None
