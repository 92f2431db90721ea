"""The connector: a browser to an OpenID provider and back, and who came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from passback import (
    Assertion,
    Connector,
    Context,
    Departure,
    JSONValue,
    Observation,
    Sample,
    SampleReading,
    ServerError,
    SignInPlace,
    SignInRefused,
    SignInReturn,
    SignInStart,
    SignOutStart,
)
from passback_oidc.answers import read_code
from passback_oidc.claims import Expected, claim_faults
from passback_oidc.client import Client, Tokens
from passback_oidc.departures import NONCE, VERIFIER, sign_in, sign_out
from passback_oidc.inspecting import inspected
from passback_oidc.keys import KeyRing
from passback_oidc.metadata import Discovery, Metadata
from passback_oidc.options import OidcOptions
from passback_oidc.presets import preset_of
from passback_oidc.samples import sample_reading
from passback_oidc.statements import Statements
from passback_oidc.tokens import Token, header_faults, read_token
from passback_oidc.userinfo import ask_userinfo, merged

__all__ = ["OidcConnector"]


class OidcConnector(Connector[OidcOptions]):
    """Signs people in by an OpenID provider: the authorization code flow, with PKCE."""

    def __init__(self, context: Context[OidcOptions]) -> None:
        super().__init__(context)
        self._preset = preset_of(self.options)
        self._discovery = Discovery(self.http, self.clock, self._preset.base, self._preset.issuer)
        self._keys = KeyRing(self.http, self.clock)
        self._client = Client(self.http, self.options, self.clock)
        self._statements = Statements(self.options, self._preset)

    async def check(self) -> None:
        """Read what the provider publishes, its keys, and prove our client at the token endpoint."""
        metadata = await self._discovery.metadata(anew=True)
        if not await self._keys.current(metadata.jwks_uri):
            raise ServerError("the provider publishes no key that an ID token could be signed with")
        await self._client.prove(metadata)

    async def start_sign_in(self, request: SignInStart) -> Departure:
        """Return where a browser signs in, and keep what its return is checked against."""
        return sign_in(await self._discovery.metadata(), self.options, self._preset, request)

    async def finish_sign_in(self, request: SignInReturn) -> Assertion:
        """Verify an answer: its code becomes an ID token, and that says who it is."""
        kept = request.kept or {}
        nonce, verifier = kept.get(NONCE), kept.get(VERIFIER)
        if not nonce or not verifier:
            raise SignInRefused("nobody here asked for this sign-in; it must begin at our address")
        metadata = await self._discovery.metadata()
        code = read_code(request, self._preset.answering(), must_name=metadata.names_itself)
        tokens = await self._client.exchange(metadata, code, verifier, request.place.callback)
        token = await self._verified(metadata, tokens, nonce)
        claims = await self._completed(metadata, tokens, token)
        return self._statements.assertion(claims, token.text)

    async def start_sign_out(self, request: SignOutStart) -> Departure | None:
        """Return where a browser signs out at the provider."""
        return sign_out(await self._discovery.metadata(), self.options, request)

    async def inspect_provider(self, place: SignInPlace) -> Sequence[Observation]:
        """Return what the provider publishes, and what it must know of us."""
        metadata = await self._discovery.metadata(anew=True)
        keys = await self._keys.current(metadata.jwks_uri)
        return inspected(metadata, keys, self.options, place)

    def read_sample(self, sample: Sample) -> SampleReading:
        """Return what an ID token says, or its claims alone, and what would be refused."""
        return sample_reading(sample, self.options, self._preset, self._statements)

    async def _verified(self, metadata: Metadata, tokens: Tokens, nonce: str) -> Token:
        token = read_token(tokens.id_token)
        _require(header_faults(token, self.options.algorithms))
        key = await self._keys.verify(token, metadata.jwks_uri)
        expected = Expected(
            issuers=self._preset.issuers(token.claims),
            client=self.options.client_id,
            at=self.clock.now(),
            nonce=nonce,
            access_token=tokens.access_token or None,
        )
        _require(self._preset.key_faults(token.claims, key.said))
        _require(self._preset.faults(token.claims))
        _require(claim_faults(token, expected))
        return token

    async def _completed(self, metadata: Metadata, tokens: Tokens, token: Token) -> Mapping[str, JSONValue]:
        asked = self.options.userinfo == "auto" and self._preset.asks_userinfo
        if not asked or not metadata.userinfo_endpoint or not tokens.access_token:
            return token.claims
        said = await ask_userinfo(
            self.http, metadata.userinfo_endpoint, tokens.access_token, token.claims["sub"]
        )
        return merged(token.claims, said)


def _require(faults: Iterator[str]) -> None:
    for fault in faults:
        raise SignInRefused(fault)
