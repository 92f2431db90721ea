"""The connector: a trusted issuer's token says who somebody is, and a token of ours says it elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from passback import (
    Assertion,
    Connector,
    Context,
    Departure,
    Observation,
    Sample,
    SampleReading,
    ServerError,
    ServiceMetadata,
    SignIn,
    SignInPlace,
    SignInRefused,
    SignInRequest,
    SignInReturn,
    SignInStart,
    Unsupported,
)
from passback_jwt.addresses import with_query
from passback_jwt.claims import attributes, claim_faults, last_moment, subject, verified_email
from passback_jwt.incoming import brought, copied
from passback_jwt.inspecting import clock, keys, wanted
from passback_jwt.minting import Mint
from passback_jwt.options import JwtOptions
from passback_jwt.ring import KeyRing, configured
from passback_jwt.tokens import Token, header_faults, read_token

__all__ = ["JwtConnector"]


class JwtConnector(Connector[JwtOptions]):
    """Signs people in by signed tokens."""

    def __init__(self, context: Context[JwtOptions]) -> None:
        super().__init__(context)
        self._ring = KeyRing(self.http, self.clock, self.options)
        self._mint = Mint(self.options, self.clock)

    async def check(self) -> None:
        """Prove that the issuer publishes keys for the allowed algorithms; nothing else is asked anywhere."""
        published = await self._ring.published()
        if published is None:
            return
        answer, found = published
        if not any(each.algorithms & set(self.options.algorithms) for each in found):
            raise ServerError(
                f"{answer.asked} answered {answer.status} with no key for the allowed algorithms"
            )

    async def start_sign_in(self, request: SignInStart) -> Departure:
        """Return where the issuer signs people in."""
        options, callback = self.options, request.place.callback
        if options.issuer is None or options.sign_in_url is None:
            raise Unsupported("nobody can be sent to sign in by this connection (sign_in_url)")
        if options.state_parameter:
            fields = {options.return_to_parameter: callback, options.state_parameter: request.state}
        else:
            fields = {options.return_to_parameter: with_query(callback, {"state": request.state})}
        return Departure(url=with_query(options.sign_in_url, fields))

    async def finish_sign_in(self, request: SignInReturn) -> Assertion:
        """Verify the token that a browser brought, and return what it says."""
        if self.options.issuer is None:
            raise SignInRefused("no issuer is trusted by this connection (issuer)")
        if request.kept is None and self.options.require_state:
            raise SignInRefused("this sign-in didn't begin here, and it must (require_state)")
        token = read_token(brought(request.incoming, self.options.parameter))
        for fault in header_faults(token, self.options.algorithms):
            raise SignInRefused(fault)
        await self._ring.verify(token)
        for fault in claim_faults(token.claims, self.options, self.clock.now()):
            raise SignInRefused(fault)
        assertion = self._assertion(token)
        if assertion is None:
            raise SignInRefused("the token names nobody")
        return assertion

    async def sign_in_url(self, request: SignInRequest) -> SignIn:
        """Return where a token of ours signs a learner in, and the token."""
        return self._mint.sign_in(request)

    async def inspect_provider(self, place: SignInPlace) -> Sequence[Observation]:
        """Return what a token must be, and which keys the issuer has."""
        if self.options.issuer is None:
            return (Observation(what="issuer", said="none is trusted: this connection only makes tokens"),)
        published = await self._ring.published()
        if published is None:
            return (*wanted(self.options, place), *keys(configured(self.options), self.options))
        answer, found = published
        return (*wanted(self.options, place), *keys(found, self.options), clock(answer))

    def publish_metadata(self, place: SignInPlace) -> ServiceMetadata:  # noqa: ARG002 - the keys are the same
        """Return the public key by which our own tokens are verified, as a JWKS (RFC 7517 §5)."""
        return self._mint.published()

    def read_sample(self, sample: Sample) -> SampleReading:
        """Return what a token that was copied says, and all that it would be refused for."""
        try:
            token = read_token(copied(sample.body, self.options.parameter))
        except SignInRefused as refused:
            return SampleReading(
                observations=(Observation(what="token", said=str(refused), verdict="problem"),)
            )
        faults = [
            *header_faults(token, self.options.algorithms),
            *claim_faults(token.claims, self.options, sample.at),
        ]
        seen = [
            Observation(what=name, said=said, verdict="problem")
            for name, _, said in (each.partition(": ") for each in faults)
        ]
        return SampleReading(assertion=self._assertion(token), observations=(*seen, self._signature(token)))

    def _signature(self, token: Token) -> Observation:
        known = configured(self.options)
        if not known:
            return Observation(what="signature", said="not checked: the keys aren't in the options")
        if any(each.fits(token) and each.signed(token) for each in known):
            return Observation(what="signature", said="good")
        return Observation(what="signature", said="none of the keys made it", verdict="problem")

    def _assertion(self, token: Token) -> Assertion | None:
        options, named = self.options, subject(token.claims, self.options)
        if named is None:
            return None
        given = token.claims.get("jti")
        return Assertion(
            issuer=options.issuer or "",
            subject=named,
            subject_kind=f"jwt:{options.subject}",
            attributes=attributes(token.claims),
            email_verified=verified_email(token.claims),
            once=f"jti:{given}" if isinstance(given, str) else token.fingerprint,
            expires=last_moment(token.claims, options, self.clock.now()),
        )
