"""Connectors that let people in who proved nothing, or send them astray."""

from mutants.catalogue.answers import CUTS, REFUSALS
from mutants.mutant import Mutant, change, each

BOTH = "start_sign_in finish_sign_in"


def door(name, rules, *changes):
    """Return a mutant of the twin that signs people in."""
    return Mutant(name, tuple(rules.split()), changes, "door_lms.py", "TestDoor")


def asking(*lines):
    """Return a change of how the provider is asked."""
    asked = 'return await self.http.request(method, f"{self.options.url}/{path}", headers=headers, json=body)'
    return asked, "\n".join(lines).replace("ASKED", asked.removeprefix("return "))


def importing(names):
    """Return a change that imports more of passback."""
    return "from passback import (", f"from passback import (\n    {names},"


DOORS = (
    door(
        "it sends browsers to where it used to be whatever goes wrong",
        each("start_sign_in", REFUSALS),
        change(
            """
            authorize = await self._authorize()
            """,
            """
            try:
                authorize = await self._authorize()
            except Exception:
                authorize = f"{self.options.url}/authorize"
            """,
        ),
    ),
    door(
        "it takes a browser's word where the provider doesn't answer",
        each("finish_sign_in", REFUSALS),
        change(
            """
            answer = await self._ask("POST", "exchange", {"code": code})
            """,
            """
            try:
                answer = await self._ask("POST", "exchange", {"code": code})
                answer.require(200, 400)
                _text(_document(answer), "subject" if answer.status == 200 else "error")
            except Exception:
                return Assertion(issuer=self.options.url, subject=code)
            """,
        ),
    ),
    door(
        "the door calls a cut connection a refusal",
        each(BOTH, CUTS),
        asking(
            "try:",
            "    return ASKED",
            "except CannotConnect as error:",
            "    raise SignInRefused(str(error)) from None",
        ),
        importing("CannotConnect"),
    ),
    door(
        "the door takes each refusal for an outage",
        f"{each(BOTH, 'not_implemented')} start_sign_in.token_renewed",
        asking(
            "answer = ASKED",
            "if answer.status in (401, 501):",
            '    raise CannotConnect("it is down")',
            "return answer",
        ),
        importing("CannotConnect"),
    ),
    door(
        "the door insists on what an answer is called",
        each(BOTH, "content_type"),
        change(
            """
            found = answer.json()
            """,
            """
            found = answer.json()
            if "json" not in answer.headers["content-type"]:
                raise ValueError
            """,
        ),
    ),
    door(
        "the door can't stand a key that comes twice",
        each(BOTH, "doubled_keys"),
        change(
            """
            found = answer.json()
            """,
            """
            found = answer.json()
            if answer.body.count(b"null") > 0:
                raise KeyError
            """,
        ),
    ),
    door(
        "the door takes it that JSON is an object",
        each(BOTH, "nonsense"),
        change(
            """
            if not isinstance(found, dict):
                raise ServerError(f"{answer.asked} answered JSON that is no object")
            """,
            "",
        ),
    ),
    door(
        "the door swallows its cancellation",
        each(BOTH, "cancelled"),
        asking(
            "try:",
            "    return ASKED",
            "except asyncio.CancelledError:",
            '    raise ServerError("it was interrupted") from None',
        ),
        ("import secrets", "import asyncio\nimport secrets"),
    ),
    door(
        "the door blocks the event loop",
        each(BOTH, "loop_free"),
        asking("time.sleep(0.2)", "return ASKED"),
        ("import secrets", "import secrets\nimport time"),
    ),
    door(
        "the door forgets the state",
        "start_sign_in.leads_to_the_provider",
        change(
            """
            query = urlencode({"state": request.state, "nonce": nonce, "to": request.place.callback})
            """,
            """
            query = urlencode({"state": nonce, "nonce": nonce, "to": request.place.callback})
            """,
        ),
    ),
    door(
        "every browser has the same nonce",
        "start_sign_in.fresh",
        ("nonce = secrets.token_hex(8)", 'nonce = "n-0S6_WzA2Mj"'),
    ),
    door(
        "nobody ever comes in",
        "finish_sign_in.genuine",
        (
            'if said.get("nonce") != nonce:',
            'if said.get("Nonce") != nonce:',
        ),
    ),
    door(
        "a code that isn't there makes a crash",
        "finish_sign_in.hostile",
        ('code = given.get("code", "")', 'code = given["code"]'),
    ),
    door(
        "whatever is called a code is one",
        "finish_sign_in.tampered",
        change(
            """
            raise SignInRefused("the provider doesn't take the code")
            """,
            """
            return Assertion(issuer=self.options.url, subject=given["state"])
            """,
        ),
    ),
    door(
        "a code is anybody's",
        "finish_sign_in.other_browser",
        ('if said.get("nonce") != nonce:', 'if "nonce" not in said:'),
    ),
    door(
        "a code is good for ever",
        "finish_sign_in.again",
        change(
            """
            return Assertion(issuer=self.options.url, subject=_text(said, "subject"), session=code)
            """,
            """
            known = self.__dict__.setdefault("known", {})
            known[code] = Assertion(issuer=self.options.url, subject=_text(said, "subject"))
            return known[code]
            """,
        ),
        change(
            """
            answer = await self._ask("POST", "exchange", {"code": code})
            """,
            """
            if code in self.__dict__.get("known", {}):
                return self.known[code]
            answer = await self._ask("POST", "exchange", {"code": code})
            """,
        ),
    ),
)
