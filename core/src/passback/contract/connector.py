"""The contract: what a connector is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from typing import Any, ClassVar, Generic, TypeVar, get_args, get_origin

import attrs
from pydantic import BaseModel, ConfigDict

from passback.clock import Clock
from passback.contract.hooks import hookspec, mark_hooks
from passback.errors import ContractError, Unsupported
from passback.http import HTTP
from passback.model import (
    Assertion,
    Batch,
    CourseListRequest,
    Departure,
    IdentityProposal,
    IdentityRequest,
    Incoming,
    Launch,
    LaunchQuery,
    Observation,
    Receipt,
    Received,
    Sample,
    SampleReading,
    ServiceMetadata,
    SignIn,
    SignInPlace,
    SignInRequest,
    SignInReturn,
    SignInStart,
    SignOutStart,
    User,
    UserQuery,
)

__all__ = ["Connector", "Context", "Options", "Sending"]


class Options(BaseModel):
    """What a connection of one kind needs, as its administrator knows it.

    Subclass it with one described field for each option; secrets are ``SecretStr``. An unknown option is
    an error.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


OptionsT_co = TypeVar("OptionsT_co", bound=Options, covariant=True)


@attrs.frozen(kw_only=True)
class Sending:
    """How a system likes its results; a connection's configuration may lower or raise each.

    Attributes:
        batch: The most results in one call of `submit_results`.
        linger: How long to wait for a batch to fill, in seconds.
        concurrency: How many calls of `submit_results` may run at once; what a learner does in an activity
            stays in order all the same. Inside a batch the order is the connector's to keep: what must be
            tried later takes with it what the same learner did later in the same activity.
        latest_only: Whether the system keeps only the latest status of a learner in an activity. Progress
            that a later result contains isn't sent then.
    """

    batch: int = attrs.field(default=1, validator=attrs.validators.ge(1))
    linger: float = attrs.field(default=0.2, validator=attrs.validators.ge(0))
    concurrency: int = attrs.field(default=1, validator=attrs.validators.ge(1))
    latest_only: bool = False


@attrs.frozen(kw_only=True)
class Context(Generic[OptionsT_co]):
    """What the core hands a connector.

    Attributes:
        connection: The connection's name.
        options: Its options, valid.
        http: Its HTTP session.
        clock: What tells the time.
    """

    connection: str
    options: OptionsT_co
    http: HTTP
    clock: Clock


class Connector(ABC, Generic[OptionsT_co]):
    """One kind of learning system; subclass it as ``Connector[MyOptions]``.

    `check` is required. Every other hook is optional, and those that a connector overrides are its
    capabilities: there is no second list to keep in step. Raise `ConnectionFailure`'s subclasses for what
    concerns the whole connection; answer with a receipt for what concerns one result.

    Attributes:
        options_type: The options model; taken from the type argument.
        sending: How the system likes its results.
        filters: The fields of `UserQuery` by which the system itself looks users up. Without one, all users
            are listed and compared. Set it in ``__init__`` where it depends on the options.
        keys: The fields of `User` by which its users can be told apart; others aren't compared. Empty where
            results name learners without an account: then nobody is looked up, which saves a query a batch.
        connection: The name of the connection that this instance serves.
        options: Its options.
        http: Its HTTP session.
        clock: What tells the time.
    """

    options_type: ClassVar[type[Options]] = Options
    sending: ClassVar[Sending] = Sending()
    filters: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset({"external_id", "id", "username", "email"})

    def __init_subclass__(cls, **kwargs: Any) -> None:  # noqa: ANN401 - passed on, whatever it is
        super().__init_subclass__(**kwargs)
        for base in vars(cls).get("__orig_bases__", ()):
            origin = get_origin(base)
            if isinstance(origin, type) and issubclass(origin, Connector):
                cls._take_options(get_args(base)[0])
        if not isinstance(cls.sending, Sending):
            raise ContractError(f"{cls.__module__}.{cls.__qualname__}.sending must be a Sending")
        mark_hooks(cls, Connector)

    @classmethod
    def _take_options(cls, argument: object) -> None:
        if isinstance(argument, type) and issubclass(argument, Options):
            cls.options_type = argument
        elif not isinstance(argument, TypeVar):
            raise ContractError(
                f"{cls.__module__}.{cls.__qualname__}: Connector[…] takes a subclass of Options that is "
                f"defined above it, not {argument!r}"
            )

    def __init__(self, context: Context[OptionsT_co]) -> None:
        self.connection = context.connection
        self.options = context.options
        self.http = context.http
        self.clock = context.clock

    @hookspec
    @abstractmethod
    async def check(self) -> None:
        """Prove that the address and the credentials work, as a test button would; change nothing.

        Raises:
            ConnectionFailure: They don't; the message says what was tried and what to do.
        """

    @hookspec
    def lookup_users(self, query: UserQuery) -> AsyncIterator[User]:  # noqa: ARG002 - for those who override it
        """Yield the users of this system that match `query`, to the last page.

        Raises:
            Unsupported: With status 501, the system doesn't tell who its users are. Nothing else means that.
        """
        raise _unsupported(self, "lookup_users")

    @hookspec
    def map_identity(self, request: IdentityRequest) -> IdentityProposal | None:  # noqa: ARG002
        """Return which user of this system somebody is, None if that can't be told."""
        raise _unsupported(self, "map_identity")

    @hookspec
    async def submit_results(self, batch: Batch) -> Sequence[Receipt]:  # noqa: ARG002
        """Send `batch` and return one receipt for each of its deliveries.

        A system that wants its own user's id finds it in a delivery's `account`; where there is none,
        `UserUnknown` makes the core look the learner up, and the delivery comes again.

        Raises:
            CutShort: The connection failed after some had their receipts, which it brings.
            ConnectionFailure: The whole connection is concerned; everything of the batch stays.
        """
        raise _unsupported(self, "submit_results")

    @hookspec
    def read_launch(self, query: LaunchQuery) -> Launch | None:  # noqa: ARG002
        """Return the validated launch, None if `query` is none of this system's."""
        raise _unsupported(self, "read_launch")

    @hookspec
    def receive_results(self, incoming: Incoming) -> Received:  # noqa: ARG002
        """Return what the system says that sent `incoming` to this connection's address.

        Check the signature on the raw body first, in constant time, and refuse what is older than a few
        minutes: with `Received(status=401)`. The same message again must give the same results, with the
        same ids: then it's known, and no second fact.
        """
        raise _unsupported(self, "receive_results")

    @hookspec
    async def sign_in_url(self, request: SignInRequest) -> SignIn:  # noqa: ARG002
        """Return where one of our learners is signed in to this system.

        Raises:
            ConnectionFailure: The system doesn't give one; says why.
        """
        raise _unsupported(self, "sign_in_url")

    @hookspec
    def list_courses(self, request: CourseListRequest) -> Received:  # noqa: ARG002
        """Return what the system is answered that pulls the list of courses.

        Check its credentials first, in constant time, and refuse with `Received(status=401)`.
        """
        raise _unsupported(self, "list_courses")

    @hookspec
    async def start_sign_in(self, request: SignInStart) -> Departure:  # noqa: ARG002
        """Return where a browser signs in at the identity provider.

        Raises:
            ConnectionFailure: The provider doesn't tell how.
        """
        raise _unsupported(self, "start_sign_in")

    @hookspec
    async def finish_sign_in(self, request: SignInReturn) -> Assertion:  # noqa: ARG002
        """Verify what a browser brought back, and return what the identity provider says by it.

        Raises:
            SignInRefused: It proves nothing; says why.
            ConnectionFailure: The provider can't be asked what is needed to verify it.
        """
        raise _unsupported(self, "finish_sign_in")

    @hookspec
    async def start_sign_out(self, request: SignOutStart) -> Departure | None:  # noqa: ARG002
        """Return where a browser signs out at the identity provider; None where it offers nothing."""
        raise _unsupported(self, "start_sign_out")

    @hookspec
    def publish_metadata(self, place: SignInPlace) -> ServiceMetadata:  # noqa: ARG002
        """Return who we are, for the administrator of the identity provider."""
        raise _unsupported(self, "publish_metadata")

    @hookspec
    async def inspect_provider(self, place: SignInPlace) -> Sequence[Observation]:  # noqa: ARG002
        """Return what the identity provider publishes and what we would send it, each with a verdict.

        Raises:
            ConnectionFailure: It can't be asked.
        """
        raise _unsupported(self, "inspect_provider")

    @hookspec
    def read_sample(self, sample: Sample) -> SampleReading:  # noqa: ARG002
        """Return what an administrator's sample would say, and why it would be refused; sign nobody in."""
        raise _unsupported(self, "read_sample")

    async def aclose(self) -> None:
        """Let go of what the connector opened itself; the HTTP session is closed by the core."""


def _unsupported(connector: Connector[Options], hook: str) -> Unsupported:
    return Unsupported(f"{type(connector).__name__} has no {hook}")
