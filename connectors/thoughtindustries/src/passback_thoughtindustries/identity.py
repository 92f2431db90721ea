"""Which user somebody is: ``externalCustomerId`` stays the same when an address doesn't (wire facts §6.3)."""

from __future__ import annotations

from collections.abc import Mapping

from passback import IdentityProposal, IdentityRequest, Learner
from passback_thoughtindustries.options import ThoughtIndustriesOptions

__all__ = ["proposal"]


def proposal(options: ThoughtIndustriesOptions, request: IdentityRequest) -> IdentityProposal | None:
    """Return by what somebody is to be found: external id, else address; None where neither is known."""
    if request.assertion is None:
        external, address = request.learner.external_id, request.learner.address
    else:
        # Where somebody signed in, what they signed in with counts, not what we believed before.
        attributes = request.assertion.attributes
        external = _only(attributes, options.external_id_attribute)
        address = _only(attributes, options.email_attribute)
        address = Learner(id="-", email=address).address
    if external:
        return IdentityProposal(user_id=external, matched_by="external_id")
    return IdentityProposal(user_id=address, matched_by="email") if address else None


def _only(attributes: Mapping[str, tuple[str, ...]], name: str) -> str | None:
    said = set(attributes.get(name, ()))
    return said.pop().strip() or None if len(said) == 1 else None
