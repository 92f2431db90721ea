"""An ID token that an administrator has copied, read as a sign-in would read it, but for its signature."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from passback import Assertion, JSONValue, Observation, Sample, SampleReading, SignInRefused, json_object
from passback_oidc.claims import Expected, claim_faults
from passback_oidc.options import OidcOptions
from passback_oidc.presets import Preset
from passback_oidc.statements import Statements
from passback_oidc.tokens import Token, header_faults, read_token
from passback_oidc.words import shown

__all__ = ["sample_reading"]


def sample_reading(
    sample: Sample, options: OidcOptions, preset: Preset, statements: Statements
) -> SampleReading:
    """Return what an ID token, an answer with one in it, or claims alone would say."""
    try:
        token = _read(sample.body)
    except SignInRefused as refused:
        return SampleReading(observations=(_problem(str(refused)),))
    expected = Expected(issuers=preset.issuers(token.claims), client=options.client_id, at=sample.at)
    faults = [*preset.faults(token.claims), *claim_faults(token, expected)]
    if token.text:
        faults = [*header_faults(token, options.algorithms), *faults]
    assertion: Assertion | None = None
    try:
        assertion = statements.assertion(token.claims)
    except SignInRefused as refused:
        faults.append(str(refused))
    return SampleReading(
        assertion=assertion,
        observations=(
            *(_problem(fault) for fault in dict.fromkeys(faults)),
            *_notes(token, options, preset, assertion),
        ),
    )


def _read(body: bytes) -> Token:
    text = body.strip()
    if not text.startswith(b"{"):
        return read_token(text.decode("ascii", "replace"))
    try:
        said = json_object(text)
    except ValueError:
        raise SignInRefused("the sample is no JSON object, or has a member twice") from None
    if isinstance(inside := said.get("id_token"), str):
        return read_token(inside)
    return Token(text="", header={}, claims=said)


def _notes(
    token: Token, options: OidcOptions, preset: Preset, assertion: Assertion | None
) -> Iterator[Observation]:
    yield Observation(what="signature", said="isn't checked in a sample, and neither is the nonce")
    if options.userinfo == "auto" and preset.asks_userinfo:
        yield Observation(what="userinfo", said="what it adds when somebody signs in isn't in a sample")
    for name in _nested(token.claims, options):
        yield Observation(
            what=shown(name), said="holds claims of its own; name those that you need in the option nested"
        )
    if assertion is None:
        return
    for name in sorted(assertion.incomplete):
        yield Observation(
            what=shown(name),
            said="is left out because it is too long; nothing follows from it, and nobody loses a role",
            verdict="warning",
        )
    if "@" in assertion.subject:
        yield Observation(
            what="subject", said="looks like an address, and addresses change hands", verdict="warning"
        )


def _nested(claims: Mapping[str, JSONValue], options: OidcOptions) -> Iterator[str]:
    named = {path.partition(".")[0] for path in options.nested}
    for name, value in claims.items():
        if isinstance(value, dict) and name not in named and not name.startswith("_claim"):
            yield name


def _problem(fault: str) -> Observation:
    what, colon, said = fault.partition(": ")
    return Observation(what=what if colon else "ID token", said=said if colon else fault, verdict="problem")
