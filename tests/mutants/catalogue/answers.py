"""Connectors that misread what a system answers, or what a way to it does."""

from mutants.mutant import change, each, mutant

ALL = "check lookup_users submit_results launched sign_in_url"
REFUSALS = (
    "html unauthorized forbidden not_found conflict rate_limited rate_limited_seconds rate_limited_date "
    "server_error unavailable redirected_302 redirected_307 huge"
)
CUTS = "cut_before cut_after slow truncated"

ANSWERS = (
    mutant(
        "it believes a good status whatever the answer says",
        "submit_results.error_under_200",
        change(
            """
            said = {_text(each, "id"): each for each in _items(answer, "results")}
            return [_receipt(each, said.get(each.result.id)) for each in deliveries]
            """,
            """
            answer.json()
            return [Delivered(each.id) for each in deliveries]
            """,
        ),
    ),
    mutant(
        "it calls a cut connection a refusal",
        f"{each('lookup_users submit_results launched sign_in_url', CUTS)} check.slow submit_results.refused",
        change(
            """
            answer = await self._oauth.request(method, address, **parts)
            """,
            """
            try:
                answer = await self._oauth.request(method, address, **parts)
            except CannotConnect as error:
                raise ServerError(str(error)) from None
            """,
        ),
        change(
            """
            from passback import (
            """,
            """
            from passback import (
                CannotConnect,
            """,
        ),
    ),
    mutant(
        "it calls what isn't there an outage",
        each(ALL, "not_implemented"),
        change(
            """
            return answer.hiding([self.options.secret.get_secret_value()])
            """,
            """
            if answer.status == 501:
                raise CannotConnect("it is down")
            return answer.hiding([self.options.secret.get_secret_value()])
            """,
        ),
        change(
            """
            from passback import (
            """,
            """
            from passback import (
                CannotConnect,
            """,
        ),
    ),
    mutant(
        "it forgets when to come again",
        each(ALL, "rate_limited_seconds rate_limited_date"),
        change(
            """
            return answer.hiding([self.options.secret.get_secret_value()])
            """,
            """
            if answer.status == 429:
                raise RateLimited("it asks to slow down")
            return answer.hiding([self.options.secret.get_secret_value()])
            """,
        ),
        change(
            """
            from passback import (
            """,
            """
            from passback import (
                RateLimited,
            """,
        ),
    ),
    mutant(
        "it asks again and again when asked to slow down",
        each(ALL, "rate_limited rate_limited_seconds"),
        change(
            """
            answer = await self._oauth.request(method, address, **parts)
            """,
            """
            answer = await self._oauth.request(method, address, **parts)
            for _ in range(4):
                if answer.status == 429:
                    answer = await self._oauth.request(method, address, **parts)
            """,
        ),
    ),
    mutant(
        "it sends the token to a redirect's host",
        each(ALL, "redirected_302 redirected_307"),
        change(
            """
            answer = await self._oauth.request(method, address, **parts)
            """,
            """
            answer = await self._oauth.request(method, address, **parts)
            if answer.status in (302, 307):
                answer = await self._oauth.request(method, answer.headers["location"], **parts)
            """,
        ),
    ),
    mutant(
        "it reads an answer whatever its size",
        each(ALL, "huge"),
        change(
            """
            answer = await self._oauth.request(method, address, **parts)
            """,
            """
            proof = {"authorization": f"Bearer {await self._oauth._valid()}"}
            parts.pop('idempotent', None)
            parts["params"] = parts.pop("query", None)
            async with httpx2.AsyncClient(trust_env=False) as client:
                found = await client.request(method, address, headers=proof, **parts)
            answer = Response(status=found.status_code, headers=found.headers, body=found.content,
                              asked=method, received=self.clock.now())
            """,
        ),
        change(
            """
            from pydantic import Field, SecretStr
            """,
            """
            import httpx2
            from pydantic import Field, SecretStr
            """,
        ),
    ),
    mutant(
        "it insists on what the answer is called",
        each(ALL, "content_type html"),
        change(
            """
            found = answer.json()
            if not isinstance(found, dict):
            """,
            """
            if "json" not in answer.headers["content-type"]:
                raise ValueError
            found = answer.json()
            if not isinstance(found, dict):
            """,
        ),
    ),
    mutant(
        "it can't stand a key that comes twice",
        each(ALL, "doubled_keys"),
        change(
            """
            found = answer.json()
            if not isinstance(found, dict):
            """,
            """
            pairs = json.loads(answer.body, object_pairs_hook=list)
            if len(dict(pairs)) < len(pairs):
                raise KeyError(str(len(pairs)))
            found = answer.json()
            if not isinstance(found, dict):
            """,
        ),
    ),
    mutant(
        "it takes it that JSON is an object",
        each("lookup_users submit_results launched sign_in_url", "nonsense"),
        change(
            """
            found = answer.json()
            if not isinstance(found, dict):
            """,
            """
            found = answer.json()
            if found is answer:
            """,
        ),
    ),
    mutant(
        "it reuses a stale token",
        each(ALL, "token_renewed"),
        change(
            """
            answer = await self._oauth.request(method, address, **parts)
            """,
            """
            self._held = getattr(self, "_held", None) or await self._oauth._valid()
            proof = {"authorization": f"Bearer {self._held}"}
            answer = await self.http.request(method, address, headers=proof, **parts)
            """,
        ),
    ),
    mutant(
        "it sends people to the first page whatever goes wrong",
        each("sign_in_url", REFUSALS),
        change(
            """
            answer.require(200)
            address = _text(_document(answer), "url")
            """,
            """
            try:
                answer.require(200)
                address = _text(_document(answer), "url")
            except Exception:
                address = self.options.url
            """,
        ),
        change(
            """
            answer = await self._ask("POST", f"{self.options.url}/users/{quote(user, safe='')}/login")
            """,
            """
            try:
                answer = await self._ask("POST", f"{self.options.url}/users/{quote(user, safe='')}/login")
            except Exception:
                return SignIn(url=self.options.url)
            """,
        ),
    ),
)
