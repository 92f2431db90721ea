"""Connectors that don't find everybody, or find somebody else."""

from mutants.catalogue.answers import CUTS, REFUSALS
from mutants.mutant import change, each, mutant

LOOKUPS = (
    mutant(
        "it ends the list where something goes wrong",
        f"{each('lookup_users', REFUSALS)} {each('lookup_users', CUTS)} lookup_users.not_implemented",
        change(
            """
            answer = await self._ask("GET", address, query=asked)
            answer.require(200)
            """,
            """
            try:
                answer = await self._ask("GET", address, query=asked)
                answer.require(200)
            except Exception:
                return
            """,
        ),
    ),
    mutant(
        "it drops a page",
        "lookup_users.everybody",
        change(
            """
            address, asked = self._next(answer), {}
            """,
            """
            address, asked = self._next(answer) if len(seen) < 3 else None, {}
            """,
        ),
    ),
    mutant(
        "a sandbox of two pages",
        "lookup_users.everybody",
        change(
            """
            PAGE = 3
            """,
            """
            PAGE = 6
            """,
        ),
        file="acme_sandbox.py",
    ),
    mutant(
        "it takes the address for the login",
        "lookup_users.fields",
        change(
            """
            yield User(id=_text(item, "id"), email=_mail(item), username=_text(item, "login"))
            """,
            """
            yield User(id=_text(item, "id"), email=_mail(item), username=_text(item, "mail"))
            """,
        ),
    ),
    mutant(
        "it finds one of two who share an address",
        "lookup_users.shared_address",
        change(
            """
            yield User(id=_text(item, "id"), email=_mail(item), username=_text(item, "login"))
            """,
            """
            yield User(id=_text(item, "id"), email=_mail(item), username=_text(item, "login"))
            if query.email:
                return
            """,
        ),
    ),
    mutant(
        "it compares addresses letter by letter",
        "lookup_users.shared_address",
        change(
            """
            yield User(id=_text(item, "id"), email=_mail(item), username=_text(item, "login"))
            """,
            """
            if query.email not in (None, item["mail"]):
                continue
            yield User(id=_text(item, "id"), email=_mail(item), username=_text(item, "login"))
            """,
        ),
    ),
    mutant(
        "it filters by what it can't filter by",
        "lookup_users.filters",
        change(
            """
            filters = frozenset({"email"})
            """,
            """
            filters = frozenset({"email", "username"})
            """,
        ),
        change(
            """
            asked = {"email": query.email} if query.email else {}
            """,
            """
            asked = {"email": query.email or query.username or ""} if query.email or query.username else {}
            """,
        ),
    ),
    mutant(
        "it follows a page that leads to itself",
        "lookup_users.ends",
        change(
            """
            if address in seen:
            """,
            """
            if address is None:
            """,
        ),
    ),
    mutant(
        "it doesn't say that it was told 501",
        "lookup_users.not_implemented_status",
        change(
            """
            answer = await self._ask("GET", address, query=asked)
            answer.require(200)
            """,
            """
            answer = await self._ask("GET", address, query=asked)
            if answer.status == 501:
                raise Unsupported("nobody is told")
            answer.require(200)
            """,
        ),
        change(
            """
            from passback import (
            """,
            """
            from passback import (
                Unsupported,
            """,
        ),
    ),
    mutant(
        "it takes the first of what an identity provider says",
        "map_identity.sound",
        change(
            """
            address = Learner(id="-", email=said[0]).address if len(said) == 1 and said[0].strip() else None
            """,
            """
            address = Learner(id="-", email=said[0]).address
            """,
        ),
    ),
    mutant(
        "everybody of one domain is one user",
        "map_identity.tells_apart",
        change(
            """
            return None if address is None else IdentityProposal(user_id=address, matched_by="email")
            """,
            """
            domain = (address or "").partition("@")[2]
            return None if address is None else IdentityProposal(user_id=domain, matched_by="email")
            """,
        ),
    ),
    mutant(
        "it calls an address an id",
        "map_identity.found",
        change(
            """
            return None if address is None else IdentityProposal(user_id=address, matched_by="email")
            """,
            """
            return None if address is None else IdentityProposal(user_id=address, matched_by="id")
            """,
        ),
    ),
    mutant(
        "it looks up who somebody is while a browser waits",
        "map_identity.asks_nobody",
        change(
            """
            address = request.learner.address
            """,
            """
            with suppress(OSError):
                urlopen(f"{self.options.url}/users").close()
            address = request.learner.address
            """,
        ),
        change(
            """
            import hmac
            """,
            """
            import hmac
            from contextlib import suppress
            from urllib.request import urlopen
            """,
        ),
    ),
)
