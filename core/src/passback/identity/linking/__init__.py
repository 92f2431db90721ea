"""Who signed in becomes the right learner, for ever: mapping, links, and the decision."""

from passback.identity.linking.administering import end_link, erase_person, relink, rename_issuer
from passback.identity.linking.deciding import (
    Claim,
    Decision,
    LinkPolicy,
    Merge,
    Outcome,
    decide,
    prove,
    require_identity,
)
from passback.identity.linking.departures import Departures, once, token
from passback.identity.linking.links import Identity, Link, LinkChange, changes_of, links_of
from passback.identity.linking.people import Person, find, know
from passback.identity.linking.profile import AttributeRule, Profile, map_profile
from passback.identity.linking.provisions import Grants, Provision, provide
from passback.identity.linking.roles import GroupChange, RoleRule, Roles, groups_of, role_of

__all__ = [
    "AttributeRule",
    "Claim",
    "Decision",
    "Departures",
    "Grants",
    "GroupChange",
    "Identity",
    "Link",
    "LinkChange",
    "LinkPolicy",
    "Merge",
    "Outcome",
    "Person",
    "Profile",
    "Provision",
    "RoleRule",
    "Roles",
    "changes_of",
    "decide",
    "end_link",
    "erase_person",
    "find",
    "groups_of",
    "know",
    "links_of",
    "map_profile",
    "once",
    "prove",
    "provide",
    "relink",
    "rename_issuer",
    "require_identity",
    "role_of",
    "token",
]
