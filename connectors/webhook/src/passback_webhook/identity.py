"""Which user somebody is."""

from __future__ import annotations

from passback import IdentityProposal, IdentityRequest
from passback_webhook.addresses import as_text
from passback_webhook.expressions import Expression, ExpressionFailed
from passback_webhook.facts import IDENTITY, about_identity
from passback_webhook.people_options import IdentityOptions

__all__ = ["proposal"]


def proposal(options: IdentityOptions | None, request: IdentityRequest) -> IdentityProposal | None:
    """Return who `options` say the person of `request` is; None where they don't tell."""
    if options is None:
        return None
    try:
        user = as_text(Expression(options.user, IDENTITY).value(about_identity(request)))
    except ExpressionFailed:  # the data of one person doesn't fit; others may be told all the same
        return None
    return IdentityProposal(user_id=user, matched_by=options.matched_by) if user.strip() else None
