"""Connectors that mix up people, customers and browsers, or take what is the host's."""

from mutants.mutant import change, mutant


def _built(name, rules, *lines):
    """Return a mutant that does more when it's built."""
    begun = "super().__init__(context)"
    return mutant(name, rules, change(begun, "\n".join([begun, *lines])))


def _door(name, rules, *changes):
    return mutant(name, rules, *changes, file="door_lms.py", suite="TestDoor")


_URL = 'address: str | None = f"{self.options.url}/users"'
_RESULTS = 'return f"{self.options.url}/results"'
_EVENT = "said = json.loads(incoming.body)"
_LISTED = "return Received(status=200, body=[each.activity.id for each in request.courses])"
_LEAVING = 'return Departure(url=f"{authorize}?{query}", kept={"nonce": nonce})'
_SIGNED_IN = 'return Assertion(issuer=self.options.url, subject=_text(said, "subject"), session=code)'

STRANGERS = (
    mutant(
        "an address is put into the URL as it is",
        "lookup_users.exact_question",
        change('asked = {"email": query.email} if query.email else {}', "asked = {}"),
        change(_URL, f'{_URL} + (f"?email={{query.email}}" if query.email else "")'),
    ),
    mutant(
        "everybody is asked for, whoever is looked for",
        "lookup_users.filters",
        change('asked = {"email": query.email} if query.email else {}', "asked = {}"),
    ),
    mutant(
        "the pages of before are remembered",
        "lookup_users.anew",
        change("seen: set[str] = set()", "seen = vars(self).setdefault('_seen', set())"),
    ),
    mutant(
        "an empty page is the last",
        "lookup_users.empty_page",
        change(
            "address, asked = self._next(answer), {}",
            'address, asked = self._next(answer) if _items(answer, "users") else None, {}',
        ),
    ),
    mutant(
        "everybody has an address",
        "lookup_users.without_address",
        change(
            'return None if item.get("mail") is None else _text(item, "mail")', 'return _text(item, "mail")'
        ),
    ),
    mutant(
        "a token proves everything",
        "check.asks_the_system",
        change(
            """
            answer = await self._ask("GET", f"{self.options.url}/me")
            answer.require(200)
            _document(answer)
            """,
            "",
        ),
    ),
    mutant(
        "everybody has the same secret",
        "options.secret_by_name",
        change(
            'secret: SecretStr = Field(description="Its secret.")',
            'secret: SecretStr = Field(default=SecretStr("for-everybody"), description="Its secret.")',
        ),
    ),
    _built(
        "its settings are the environment's",
        "life.leaves_the_host_alone",
        "import os",
        'os.environ["ACME_URL"] = self.options.url',
    ),
    _built(
        "it logs as it likes",
        "life.leaves_the_host_alone",
        "import logging",
        "logging.basicConfig(level=logging.DEBUG, force=True)",
    ),
    mutant(
        "the last connection's address is everybody's",
        "life.strangers",
        change("super().__init__(context)", "super().__init__(context)\ntype(self).given = self.options"),
        change(_RESULTS, 'return f"{self.given.url}/results"'),
    ),
    mutant(
        "one launch serves everybody",
        "read_launch.own_only",
        change(
            """
            if delivery.launch is not None:
                return delivery.launch.parameters["callback"]
            """,
            """
            if delivery.launch is not None:
                self._callback = delivery.launch.parameters["callback"]
            if hasattr(self, "_callback"):
                return self._callback
            """,
        ),
    ),
    mutant(
        "a callback begins as our address does",
        "read_launch.stays_home",
        change(
            "return (parts.scheme, parts.netloc) == (own.scheme, own.netloc) and address.isprintable()",
            "return address.startswith(self.options.url)",
        ),
    ),
    mutant(
        "everybody is signed in as the first",
        "sign_in_url.own",
        change('user = "" if request.account is None else request.account.user_id', 'user = "u1"'),
    ),
    mutant(
        "it goes on wherever a browser wants",
        "sign_in_url.hostile",
        change("return SignIn(url=address)", "return SignIn(url=request.return_to or address)"),
    ),
    mutant(
        "it gives a browser its secret",
        "sign_in_url.leads_somewhere",
        change(
            "return SignIn(url=address)",
            'return SignIn(url=f"{address}&key={self.options.secret.get_secret_value()}")',
        ),
    ),
    mutant(
        "it proposes an address for a name",
        "map_identity.sound",
        change(
            'return None if address is None else IdentityProposal(user_id=address, matched_by="email")',
            'return None if address is None else IdentityProposal(user_id=address, matched_by="mail")',
        ),
    ),
    mutant(
        "the catalogue is the first list",
        "list_courses.any_list",
        change(
            _LISTED,
            """
            listed = vars(self).setdefault("_listed", [each.activity.id for each in request.courses])
            return Received(status=200, body=listed)
            """,
        ),
    ),
    mutant(
        "it logs what it received",
        "secrets.incoming",
        change(
            _EVENT, f'import logging\nlogging.getLogger("acme").debug("%s", dict(incoming.headers))\n{_EVENT}'
        ),
    ),
    mutant(
        "an event happened when it came",
        "receive_results.again",
        change('moment = datetime.fromisoformat(said["at"])', "moment = incoming.received"),
    ),
    mutant(
        "every event is one that it knows",
        "receive_results.other_events",
        change(
            "except (InvalidResult, ValueError, LookupError, TypeError, RecursionError):",
            "except ValueError:",
        ),
    ),
    mutant(
        "an event is good for half a day",
        "receive_results.old",
        change("_FRESH = timedelta(minutes=5)", "_FRESH = timedelta(hours=12)"),
    ),
    _door(
        "a hint is put into the address as it is",
        "start_sign_in.hints",
        change(
            _LEAVING,
            'return Departure(url=f"{authorize}?{query}&hint={request.hint}", kept={"nonce": nonce})',
        ),
    ),
    _door(
        "the next nonce can be guessed",
        "start_sign_in.fresh",
        change(
            "nonce = secrets.token_hex(8)",
            'self._count = vars(self).get("_count", 0) + 1\nnonce = f"{self._count:08}"',
        ),
    ),
    _door(
        "who wasn't sent away comes in",
        "finish_sign_in.unasked",
        change(
            "if not nonce or not code.isalnum() or len(code) > 100:",
            "if not code.isalnum() or len(code) > 100:",
        ),
        change('if said.get("nonce") != nonce:', 'if nonce and said.get("nonce") != nonce:'),
    ),
    _door(
        "a browser comes back to where it left",
        "finish_sign_in.another_process",
        change(_LEAVING, f"self._nonce = nonce\n{_LEAVING}"),
        change('nonce = (request.kept or {}).get("nonce")', 'nonce = vars(self).get("_nonce")'),
    ),
    _door(
        "a browser says who says so",
        "finish_sign_in.additions",
        change(
            _SIGNED_IN,
            """
            issuer = given.get("iss", self.options.url)
            return Assertion(issuer=issuer, subject=_text(said, "subject"), session=code)
            """,
        ),
    ),
    _door(
        "junk is an outage",
        "finish_sign_in.hostile",
        change(
            """raise SignInRefused("the provider doesn't take the code")""",
            """raise ServerError("the provider doesn't take the code")""",
        ),
    ),
    _door(
        "who signs out has a session",
        "start_sign_out.leads_to_the_provider",
        change(
            """
            if not request.assertion.session:
                return None
            """,
            """
            if not request.assertion.session:
                raise ValueError("no session")
            """,
        ),
    ),
    _door(
        "a provider is shown as it was",
        "inspect_provider.truth",
        change(
            "address = await self._authorize()",
            'address = vars(self).get("_seen") or await self._authorize()\nself._seen = address',
        ),
    ),
    _door(
        "people come back to where it's tested",
        "publish_metadata.ours",
        change(
            'body = f"people come back to {place.callback}"',
            'body = "people come back to https://test.example/callback"',
        ),
    ),
    _door(
        "a sample can be read",
        "read_sample.junk",
        change("except (ValueError, KeyError, TypeError, RecursionError):", "except KeyError:"),
    ),
)
