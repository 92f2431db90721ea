"""Who a statement is about: the learner as the connection's policy identifies them.

Source: xAPI 1.0.3, Data §2.4.2 (exactly one inverse functional identifier).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote, unquote

import idna
import msgspec
from msgspec import UNSET

from passback import Account, InvalidResult, Learner
from passback_xapi.endpoint import is_iri
from passback_xapi.identity import account
from passback_xapi.options import ActorPolicy, NamePolicy, XapiOptions
from passback_xapi.shapes import Account as Holder
from passback_xapi.shapes import Agent

__all__ = ["UnknownActor", "actor", "is_learner", "learner"]


_LOCAL = "!$'*+,;:=-._~"
_MAILTO = re.compile(r"mailto:[^\s@<>\"]+@[^\s@<>\"]+", re.IGNORECASE)
_SHA1 = re.compile(r"[0-9a-f]{40}", re.IGNORECASE)
_IDENTIFIERS = ("mbox", "mbox_sha1sum", "openid", "account")


class UnknownActor(Exception):
    """The policy needs something that the learner doesn't have."""


def actor(learner: Learner, options: XapiOptions, known: Account | None = None) -> msgspec.Raw:
    """Return the Agent for `learner`, whose account is `known`, as JSON.

    Raises:
        UnknownActor: The policy can't identify them; the message says what is missing.
    """
    name = learner.name if options.send_names else None
    match options.actor:
        case ActorPolicy.MBOX:
            mailed = _mailed(name, "mbox", learner.email, learner.id)
        case ActorPolicy.MBOX_SHA1SUM:
            mailed = _mailed(name, "mbox_sha1sum", learner.email, learner.id)
        case ActorPolicy.OPENID:
            return _agent(name, "openid", _openid(learner))
        case ActorPolicy.ACCOUNT:
            return _agent(name, "account", _name(learner, options.account_name), options.home_page)
        case ActorPolicy.SSO:
            home_page, subject = _signed_in(known)
            return _agent(name, "account", subject, home_page)
    if mailed is None:
        raise _unreachable(learner, options)
    return mailed


# Learners come again and again, and what becomes of an address costs as much as the rest of a statement.
@lru_cache(maxsize=4096)
def _mailed(name: str | None, identifier: str, email: str | None, own: str) -> msgspec.Raw | None:
    address = Learner(id=own, email=email).address
    if address is None:
        return None
    mailto = _iri(address)
    return _agent(name, identifier, mailto if identifier == "mbox" else _sha1(mailto))


@lru_cache(maxsize=4096)
def _agent(name: str | None, identifier: str, value: str, home_page: str | None = None) -> msgspec.Raw:
    agent: dict[str, object] = {"objectType": "Agent"}
    if name:
        agent["name"] = name
    agent[identifier] = value if home_page is None else {"homePage": home_page, "name": value}
    return msgspec.Raw(msgspec.json.encode(agent))


def is_learner(agent: object, learner: Learner) -> bool:
    """Return whether `agent`, as an LRS returns it, is `learner` under any policy.

    Another policy than today's may have sent the statement that an LRS already holds.
    """
    if not isinstance(agent, Mapping):
        return False
    if learner.address is not None:
        mailto = _iri(learner.address)
        if _same_mailto(agent.get("mbox"), mailto) or str(agent.get("mbox_sha1sum")).lower() == _sha1(mailto):
            return True
    if learner.openid is not None and agent.get("openid") == learner.openid:
        return True
    account = agent.get("account")
    names = {learner.id, learner.username, learner.external_id} - {None}
    return isinstance(account, Mapping) and account.get("name") in names


def _same_mailto(theirs: object, ours: str) -> bool:
    return isinstance(theirs, str) and _plain(theirs) == _plain(ours)


def _plain(mailto: str) -> str:
    # Some LRSs write an address in lower case, without percents, or its domain as people read it.
    local, _, domain = unquote(mailto).lower().rpartition("@")
    return f"{local}@{_in_dns(domain)}"


def learner(agent: Agent, home_page: str | None) -> Learner:
    """Return the learner that `agent` identifies.

    Args:
        agent: A statement's actor.
        home_page: The system whose account names are the host's own ids.

    Raises:
        InvalidResult: It's a group, or isn't identified by exactly one valid identifier.
    """
    if agent.object_type != "Agent":
        raise InvalidResult("actor", f"expected one person, an Agent, got {agent.object_type[:80]!r}")
    given = [name for name in _IDENTIFIERS if getattr(agent, name) is not UNSET]
    if len(given) != 1:
        got = " and ".join(given) or "none"
        raise InvalidResult("actor", f"expected exactly one of {', '.join(_IDENTIFIERS)}; got {got}")
    name = None if agent.name is UNSET else agent.name or None
    if agent.mbox is not UNSET:
        address = _address(agent.mbox)
        return Learner(id=address, email=address, name=name)
    if agent.mbox_sha1sum is not UNSET:
        if not _SHA1.fullmatch(agent.mbox_sha1sum):
            raise InvalidResult("actor.mbox_sha1sum", "expected 40 hexadecimal digits")
        return Learner(id=agent.mbox_sha1sum.lower(), name=name)
    if agent.account is not UNSET:
        return _holder(agent.account, home_page, name)
    openid = str(agent.openid)
    return Learner(id=openid, openid=openid, name=name)


def _signed_in(known: Account | None) -> tuple[str, str]:
    found = account(known)
    if found is None:
        raise UnknownActor(
            "the learner hasn't signed in yet, and this connection identifies learners by that (actor = sso)"
        )
    return found


def _unreachable(learner: Learner, options: XapiOptions) -> UnknownActor:
    trouble = (
        "the learner's e-mail address can't be used, as a name, @ and a domain are expected, with single "
        "dots inside them and no spaces"
        if learner.email
        else "the learner has no e-mail address"
    )
    return UnknownActor(
        f"{trouble}, and this connection identifies learners by it (actor = {options.actor}); it goes "
        "once any result of theirs has one that can be used, or choose actor = account"
    )


def _iri(address: str) -> str:
    # RFC 6068 §2: what has a meaning in URIs is percent-encoded; a domain is written as DNS has it.
    local, _, domain = address.rpartition("@")
    return f"mailto:{quote(local, safe=_LOCAL)}@{_in_dns(domain)}"


def _in_dns(domain: str) -> str:
    try:
        # Python's own codec is of 2003: it makes fass.de of faß.de, where somebody else may be.
        return domain if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
    except UnicodeError:
        return quote(domain, safe="")


def _address(mailto: str) -> str:
    if not _MAILTO.fullmatch(mailto):
        problem = "expected the mailto IRI of one address, such as mailto:ana@example.com"
        raise InvalidResult("actor.mbox", problem)
    local, _, domain = mailto.partition(":")[2].rpartition("@")
    try:
        written = idna.decode(domain) if "xn--" in domain.lower() else domain
    except UnicodeError:
        written = unquote(domain)
    plain = f"{unquote(local)}@{written}"
    return plain if _iri(plain) == mailto else f"{unquote(local)}@{domain}"


def _holder(account: Holder, home_page: str | None, name: str | None) -> Learner:
    if account.home_page == home_page:
        return Learner(id=account.name, name=name)
    # The same name elsewhere may be somebody else.
    own = f"{account.home_page}#{quote(account.name, safe='')}"
    return Learner(id=own, external_id=account.name, name=name)


def _sha1(mailto: str) -> str:
    return hashlib.sha1(mailto.encode()).hexdigest()  # noqa: S324 - what the specification asks for


def _openid(learner: Learner) -> str:
    if learner.openid is None or not learner.openid.isascii() or not is_iri(learner.openid):
        raise UnknownActor(
            "the learner has no OpenID URI, and this connection identifies learners by it (actor = openid); "
            "it goes once any result of theirs has one, or choose actor = account"
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
            f"the learner has no {policy}, and this connection's account names are that "
            f"(account_name = {policy}); it goes once any result of theirs has one"
        )
    return name
