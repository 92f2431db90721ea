"""What an administrator's sample would say, and everything for which it would be refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress

from passback import Observation, Sample, SampleReading, SignInRefused
from passback_saml.certificates import read_certificate
from passback_saml.checking import described, usable
from passback_saml.incoming import sample_in
from passback_saml.names import Element, ds
from passback_saml.options import SamlOptions
from passback_saml.parsing import Unreadable, parse, text_of
from passback_saml.profile import Expected, assertion_problems, envelope_problems
from passback_saml.provider import Provider
from passback_saml.signatures import shape_problems, signed_parts
from passback_saml.structure import assertion_in, response_problems, status_problems
from passback_saml.subjects import friendly_names, looks_like_address, name_id_of

__all__ = ["reading"]

# Names of attributes are URIs, or words.
_LONGEST = 200


def reading(sample: Sample, options: SamlOptions, provider: Provider | None) -> SampleReading:
    """Return what `sample` says; nothing is asked of anybody, so `provider` may not be known."""
    try:
        raw = sample_in(sample.body)
        root = parse(raw)
    except (SignInRefused, Unreadable) as error:
        return SampleReading(observations=(_problem("response", str(error)),))
    place = sample.place
    expected = Expected(
        issuer=options.idp_entity_id or (provider.entity_id if provider else ""),
        audience=options.entity_id or (place.metadata if place else None),
        callback=place.callback if place else None,
        request=None,
        at=sample.at,
    )
    seen = [*_problems("response", [*status_problems(root), *response_problems(root)])]
    seen += _signature(raw, root, options, provider, expected)
    assertion = assertion_in(root)
    if assertion is None:
        return SampleReading(observations=tuple(seen))
    seen += _problems("response", envelope_problems(root, expected))
    seen += _problems("assertion", assertion_problems(assertion, expected))
    seen += _names(assertion, options)
    seen.append(_compared(expected))
    try:
        said = described(assertion, options, expected)
    except SignInRefused as error:
        return SampleReading(observations=(*seen, _problem("subject", str(error))))
    return SampleReading(assertion=said, observations=tuple(seen))


def _signature(
    raw: bytes, root: Element, options: SamlOptions, provider: Provider | None, expected: Expected
) -> Iterator[Observation]:
    problems = list(shape_problems(root, options.signed)) if assertion_in(root) is not None else []
    yield from _problems("signature", problems)
    if problems or assertion_in(root) is None:
        return
    if provider is None:
        said = "not checked: the keys are in the provider's metadata, and nothing is fetched for a sample"
        yield Observation(what="signature", said=said)
        return
    try:
        signed_parts(raw, root, usable(provider.accepted, options, expected.at))
    except SignInRefused as error:
        yield _problem("signature", f"{error}; a copy that was formatted or edited since fails, too")
        yield from _brought(root, provider)
    else:
        yield Observation(what="signature", said="by a key that is accepted")


def _brought(root: Element, provider: Provider) -> Iterator[Observation]:
    # What a message says of its key proves nothing; it tells which certificate to ask the provider about.
    known = {each.fingerprint for each in provider.accepted}
    for text in {text_of(each) for each in root.iter(ds("X509Certificate"))}:
        with suppress(ValueError):
            found = read_certificate(text)
            accepted = "is accepted" if found.fingerprint in known else "isn't accepted"
            said = f"SHA-256 {found.shown}, until {found.ends:%Y-%m-%d}, {accepted}"
            yield Observation(what="certificate in the response", said=said, verdict="warning")


def _names(assertion: Element, options: SamlOptions) -> Iterator[Observation]:
    friendly = friendly_names(assertion)
    wanted = options.subject.removeprefix("attribute:")
    if options.subject != wanted and wanted in friendly:
        exact = _shown(friendly[wanted])
        yield _problem(
            "subject",
            f"{wanted} is only what the provider calls the attribute {exact} (FriendlyName); "
            f"set subject to attribute:{exact}",
        )
    for name, exact in friendly.items():
        said = f"the provider also calls it {_shown(name)} (FriendlyName); rules go by its Name alone"
        yield Observation(what=f"attribute {_shown(exact)}", said=said)
    name_id = name_id_of(assertion)
    if options.subject == "nameid" and name_id is not None and looks_like_address(text_of(name_id)):
        yield Observation(
            what="NameID",
            said="looks like an e-mail address: who gets another address is somebody else then, and who gets "
            "theirs is taken for them; have the provider send a persistent one, or an attribute (subject)",
            verdict="warning",
        )


def _shown(name: str) -> str:
    # On somebody's terminal, where a character may be a command.
    return "".join(char if char.isprintable() else "?" for char in name[:_LONGEST])


def _compared(expected: Expected) -> Observation:
    callback, audience = expected.callback, expected.audience
    names = [*([] if callback else ["Destination", "Recipient"]), *([] if audience else ["Audience"])]
    ours = [
        *([f"Destination and Recipient must be {callback}"] if callback else []),
        *([f"the Audience must be {audience}"] if audience else []),
        f"not compared: {', '.join([*names, 'InResponseTo'])}",
    ]
    return Observation(what="addresses", said="; ".join(ours))


def _problems(what: str, problems: Iterable[str]) -> Iterator[Observation]:
    return (_problem(what, said) for said in problems)


def _problem(what: str, said: str) -> Observation:
    return Observation(what=what, said=said, verdict="problem")
