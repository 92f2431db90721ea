"""Connectors that can't be found, chosen or configured as they should be."""

from mutants.mutant import change, mutant

OFFERS = (
    mutant(
        "its entry point leads to something else",
        "contract.entry_point",
        change(
            """
            acme = acme_lms:AcmeConnector
            """,
            """
            acme = acme_lms:AcmeOptions
            """,
        ),
        file="entry_points.txt",
    ),
    mutant(
        "it's offered for another version of the contract",
        "contract.entry_point",
        change(
            """
            [passback.connectors.v1]
            """,
            """
            [passback.connectors.v2]
            """,
        ),
        file="entry_points.txt",
    ),
    mutant(
        "it runs on any core, it says",
        "contract.core_range",
        change(
            """
            Requires-Dist: passback>=0.1,<0.2
            """,
            """
            Requires-Dist: passback
            """,
        ),
        file="METADATA",
    ),
    mutant(
        "nobody says what it is for",
        "contract.described",
        change(
            '''
            class AcmeConnector(Connector[AcmeOptions]):
                """Acme Learn."""
            ''',
            """
            class AcmeConnector(Connector[AcmeOptions]):
            """,
        ),
    ),
    mutant(
        "an option without a description",
        "options.described",
        change(
            """
            client: str = Field(description="The API client.")
            """,
            """
            client: str
            """,
        ),
    ),
    mutant(
        "a misspelt option has no effect",
        "options.unknown_refused",
        change(
            """
            url: str = Field(description="The address of the customer's Acme Learn.")
            """,
            """
            model_config = {"extra": "ignore"}
            url: str = Field(description="The address of the customer's Acme Learn.")
            """,
        ),
    ),
    mutant(
        "a secret that is any text",
        "options.secret_by_name options.secret_by_use secrets.reprs",
        change(
            """
            token: SecretStr = Field(description="An API token.")
            """,
            """
            token: str = Field(description="An API token.")
            """,
        ),
        change(
            """
            headers = {"authorization": f"Bearer {self.options.token.get_secret_value()}"}
            """,
            """
            headers = {"authorization": f"Bearer {self.options.token}"}
            """,
        ),
        file="bare_lms.py",
        suite="TestBare",
    ),
    mutant(
        "a secret that is any text, in a header of the vendor's own",
        "options.secret_by_use",
        change(
            """
            token: SecretStr = Field(description="An API token.")
            """,
            """
            token: str = Field(description="An API token.")
            """,
        ),
        change(
            """
            headers = {"authorization": f"Bearer {self.options.token.get_secret_value()}"}
            """,
            """
            headers = {"x-acme-key": self.options.token}
            """,
        ),
        file="bare_lms.py",
        suite="TestBare",
    ),
    mutant(
        "a validator that quotes the secret",
        "options.mistakes_hide_secrets",
        change(
            """
            signing: SecretStr = Field(description="The key by which Acme Learn signs what it sends.")
            """,
            """
            @field_validator("secret")
            @classmethod
            def _one_line(cls, value: SecretStr) -> SecretStr:
                if "\\n" in value.get_secret_value():
                    raise ValueError(f"{value.get_secret_value()!r} has two lines")
                return value

            signing: SecretStr = Field(description="The key by which Acme Learn signs what it sends.")
            """,
        ),
        change(
            """
            from pydantic import Field, SecretStr
            """,
            """
            from pydantic import Field, SecretStr, field_validator
            """,
        ),
    ),
    mutant(
        "a suite with a rule of its own",
        "suite.intact",
        change(
            """
            def course_request(self, sandbox):
            """,
            """
            def submit_results_arrives(self):
                return None

            def course_request(self, sandbox):
            """,
        ),
        file="suites.py",
    ),
    mutant(
        "a suite with a misspelt member",
        "suite.intact",
        change(
            """
            def course_request(self, sandbox):
            """,
            """
            def arived(self, sandbox):
                return []

            def course_request(self, sandbox):
            """,
        ),
        file="suites.py",
    ),
    mutant(
        "a suite that leaves out what it doesn't keep",
        "suite.intact",
        change(
            """
            def course_request(self, sandbox):
            """,
            """
            @classmethod
            def rules(cls):
                return super().rules()[:3]

            def course_request(self, sandbox):
            """,
        ),
        file="suites.py",
    ),
    mutant(
        "a waiver without a reason",
        "suite.intact",
        change(
            """
            connector = AcmeConnector
            """,
            """
            connector = AcmeConnector
            waivers = {"check.works": " "}
            """,
        ),
        file="suites.py",
    ),
    mutant(
        "a waiver of no rule",
        "suite.intact",
        change(
            """
            connector = AcmeConnector
            """,
            """
            connector = AcmeConnector
            waivers = {"check.work": "slow"}
            """,
        ),
        file="suites.py",
    ),
)
