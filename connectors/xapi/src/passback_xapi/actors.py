"""Who a statement is about: the learner as the connection's policy identifies them.

Source: xAPI 1.0.3, Data §2.4.2 (exactly one inverse functional identifier).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from urllib.parse import quote

from passback import JSONValue, Learner
from passback_xapi.endpoint import is_iri
from passback_xapi.options import ActorPolicy, NamePolicy, XapiOptions

__all__ = ["UnknownActor", "actor", "is_learner"]


_LOCAL = "!$'*+,;:=-._~"


class UnknownActor(Exception):
    """The policy needs something that the learner doesn't have."""


def actor(learner: Learner, options: XapiOptions) -> dict[str, JSONValue]:
    """Return the Agent for `learner`.

    Raises:
        UnknownActor: The policy can't identify them; the message says what is missing.
    """
    agent: dict[str, JSONValue] = {"objectType": "Agent"}
    if learner.name and options.send_names:
        agent["name"] = learner.name
    match options.actor:
        case ActorPolicy.MBOX:
            agent["mbox"] = _mailto(learner, options)
        case ActorPolicy.MBOX_SHA1SUM:
            agent["mbox_sha1sum"] = _sha1(_mailto(learner, options))
        case ActorPolicy.OPENID:
            agent["openid"] = _openid(learner)
        case ActorPolicy.ACCOUNT:
            agent["account"] = {"homePage": options.home_page, "name": _name(learner, options.account_name)}
    return agent


def is_learner(agent: object, learner: Learner) -> bool:
    """Return whether `agent`, as an LRS returns it, is `learner` under any policy.

    Another policy than today's may have sent the statement that an LRS already holds.
    """
    if not isinstance(agent, Mapping):
        return False
    if learner.address is not None:
        mailto = _iri(learner.address)
        if agent.get("mbox") == mailto or str(agent.get("mbox_sha1sum")).lower() == _sha1(mailto):
            return True
    if learner.openid is not None and agent.get("openid") == learner.openid:
        return True
    account = agent.get("account")
    names = {learner.id, learner.username, learner.external_id} - {None}
    return isinstance(account, Mapping) and account.get("name") in names


def _mailto(learner: Learner, options: XapiOptions) -> str:
    if learner.address is None:
        raise UnknownActor(
            f"learner {learner.id!r} has no e-mail address, and this connection identifies learners by it "
            f"(actor = {options.actor}); give the learner one, or choose actor = account"
        )
    return _iri(learner.address)


def _iri(address: str) -> str:
    # RFC 6068 §2: what has a meaning in URIs is percent-encoded; a domain is written as DNS has it.
    local, _, domain = address.rpartition("@")
    try:
        domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        domain = quote(domain, safe="")
    return f"mailto:{quote(local, safe=_LOCAL)}@{domain}"


def _sha1(mailto: str) -> str:
    return hashlib.sha1(mailto.encode()).hexdigest()  # noqa: S324 - what the specification asks for


def _openid(learner: Learner) -> str:
    if learner.openid is None or not learner.openid.isascii() or not is_iri(learner.openid):
        raise UnknownActor(
            f"learner {learner.id!r} has no OpenID URI, and this connection identifies learners by it "
            "(actor = openid)"
        )
    return learner.openid


def _name(learner: Learner, policy: NamePolicy) -> str:
    name = {
        NamePolicy.ID: learner.id,
        NamePolicy.USERNAME: learner.username,
        NamePolicy.EXTERNAL_ID: learner.external_id,
    }[policy]
    if not name:
        raise UnknownActor(
            f"learner {learner.id!r} has no {policy}, and this connection's account names are that "
            f"(account_name = {policy})"
        )
    return name
