"""Results of every kind, with everything that they may hold."""

from datetime import datetime, timedelta, timezone

import attrs
from hypothesis import strategies as st

from passback import Activity, Counters, Item, Learner, Result, ResultKind, Score

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60).filter(str.strip)
optional_texts = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**62), 2**62)
counts = st.none() | st.integers(0, 2**62)
zones = st.timedeltas(timedelta(hours=-23), timedelta(hours=23)).map(timezone)
times = st.datetimes(datetime(2, 1, 2), datetime(9998, 12, 30), timezones=zones)  # noqa: DTZ001 - zones are added
json_keys = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(json_keys, inner, max_size=3),
    max_leaves=8,
)


@st.composite
def scores(draw):
    low, middle, high = sorted(draw(st.lists(numbers, min_size=3, max_size=3, unique_by=float)), key=float)
    given_values = {"raw": middle, "min": low, "max": high, "scaled": draw(st.floats(-1, 1))}
    wanted = draw(st.sets(st.sampled_from(sorted(given_values))))
    return Score(**{name: given_values[name] for name in wanted})


@st.composite
def results(draw):
    kind = draw(st.sampled_from(ResultKind))
    return Result(
        id=draw(texts),
        kind=kind,
        at=draw(times),
        organisation=draw(st.just("default") | texts),
        started=draw(st.none() | times),
        learner=Learner(
            id=draw(texts),
            **{name: draw(optional_texts) for name in ("email", "name", "username", "external_id", "openid")},
        ),
        activity=Activity(id=draw(texts), name=draw(optional_texts)),
        item=Item(id=draw(texts), name=draw(optional_texts)) if kind.concerns_item else None,
        score=draw(st.none() | scores()),
        success=draw(st.none() | st.booleans()),
        completion=draw(st.none() | st.booleans()),
        progress=draw(st.none() | st.floats(0, 1) | st.sampled_from([0, 1])),
        duration=draw(st.none() | st.timedeltas(timedelta())),
        counters=draw(
            st.none() | st.builds(Counters, **dict.fromkeys([f.name for f in attrs.fields(Counters)], counts))
        ),
        extensions=draw(st.dictionaries(json_keys, json_values, max_size=4)),
    )
