"""Which user somebody is who signed in: an external id, a guid or a user name, as their provider says."""

from __future__ import annotations

from passback import IdentityProposal, IdentityRequest
from passback_cornerstone.addresses import GUID
from passback_cornerstone.options import IdentityOptions

__all__ = ["proposal"]

_MATCHED_BY = {"external_id": "external_id", "guid": "id", "username": "username"}


def proposal(request: IdentityRequest, options: IdentityOptions) -> IdentityProposal | None:
    """Return who is proposed; None where nothing is said, or more than one thing."""
    given = _given(request, options)
    if given is None or not given.strip() or (options.gives == "guid" and not GUID.fullmatch(given)):
        return None
    user = given.lower() if options.gives == "guid" else given
    return IdentityProposal(user_id=user, matched_by=_MATCHED_BY[options.gives])


def _given(request: IdentityRequest, options: IdentityOptions) -> str | None:
    learner, assertion = request.learner, request.assertion
    if assertion is None:
        return {"external_id": learner.external_id, "username": learner.username}.get(options.gives)
    if options.attribute is None:
        return assertion.subject
    values = set(assertion.attributes.get(options.attribute, ()))
    return values.pop() if len(values) == 1 else None
