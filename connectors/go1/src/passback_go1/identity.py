"""Which user somebody is: GO1's portals know people by their e-mail address (wire facts §3.5)."""

from __future__ import annotations

from passback import IdentityProposal, IdentityRequest, Learner

__all__ = ["proposal"]


def proposal(attribute: str, request: IdentityRequest) -> IdentityProposal | None:
    """Return the address that tells who somebody is; None where there is none, or more than one.

    Args:
        attribute: The attribute of a sign-in that has it, in its exact case.
        request: Whom it's about.
    """
    if request.assertion is None:
        address = request.learner.address
    else:
        said = set(request.assertion.attributes.get(attribute, ()))
        address = said.pop() if len(said) == 1 else None
        # Where somebody signed in, what they signed in with counts, not what we believed before.
        if address is not None and Learner(id="-", email=address).address is None:
            address = None
    return None if address is None else IdentityProposal(user_id=address, matched_by="email")
