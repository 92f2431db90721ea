"""The records that everything else is about: frozen, without I/O."""

from passback.model.codec import EXPORTED, canonical, parse_result, read_result
from passback.model.exchange import (
    ActivityUnknown,
    AlreadyThere,
    Batch,
    Delivered,
    Delivery,
    NeedsLaunch,
    Receipt,
    Rejected,
    TryLater,
    UserUnknown,
)
from passback.model.incoming import Incoming, Received
from passback.model.people import (
    Assertion,
    IdentityProposal,
    IdentityRequest,
    Launch,
    LaunchQuery,
    User,
    UserQuery,
)
from passback.model.result import (
    DEFAULT_ORGANISATION,
    Activity,
    Counters,
    Item,
    JSONValue,
    Learner,
    Result,
    ResultKind,
    Score,
)
from passback.model.schema import result_schema
from passback.model.standing import Reach, Standing, stand

__all__ = [
    "DEFAULT_ORGANISATION",
    "EXPORTED",
    "Activity",
    "ActivityUnknown",
    "AlreadyThere",
    "Assertion",
    "Batch",
    "Counters",
    "Delivered",
    "Delivery",
    "IdentityProposal",
    "IdentityRequest",
    "Incoming",
    "Item",
    "JSONValue",
    "Launch",
    "LaunchQuery",
    "Learner",
    "NeedsLaunch",
    "Reach",
    "Receipt",
    "Received",
    "Rejected",
    "Result",
    "ResultKind",
    "Score",
    "Standing",
    "TryLater",
    "User",
    "UserQuery",
    "UserUnknown",
    "canonical",
    "parse_result",
    "read_result",
    "result_schema",
    "stand",
]
