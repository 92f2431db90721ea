"""The connector: a browser to the provider and back, and what the provider says by it."""

from __future__ import annotations

from collections.abc import Sequence

from passback import (
    Assertion,
    ConnectionFailure,
    Connector,
    Context,
    Departure,
    Observation,
    Response,
    Sample,
    SampleReading,
    ServerError,
    ServiceMetadata,
    SignInPlace,
    SignInRefused,
    SignInReturn,
    SignInStart,
)
from passback_saml.checking import checked, usable
from passback_saml.incoming import response_in
from passback_saml.inspecting import provider_seen, service_seen, skew_seen
from passback_saml.options import SamlOptions
from passback_saml.outgoing import authn_request, new_id, redirect, service_metadata
from passback_saml.profile import Expected
from passback_saml.provider import Provider, Source
from passback_saml.samples import reading

__all__ = ["SamlConnector"]

# What `Departure.kept` calls the ID of our request.
_REQUEST = "request"


class SamlConnector(Connector[SamlOptions]):
    """Signs people in by a SAML 2.0 identity provider."""

    def __init__(self, context: Context[SamlOptions]) -> None:
        super().__init__(context)
        self._source = Source(self.options, self.http, self.clock)

    async def check(self) -> None:
        """Prove that the provider is known as far as a sign-in needs it, fetching its metadata anew."""
        provider = await self._source.provider(renew=True)
        self._sso_url(provider)
        if not provider.accepted and provider.refused:
            published = ", ".join(each.shown for each in provider.refused)
            raise ServerError(
                f"no certificate of the provider is accepted yet; its metadata has SHA-256 {published}: "
                "compare that with what the provider shows, and enter it in fingerprints"
            )
        try:
            usable(provider.accepted, self.options, self.clock.now())
        except SignInRefused as error:
            raise ServerError(str(error)) from None

    async def start_sign_in(self, request: SignInStart) -> Departure:
        """Return where a browser signs in, with a request of ours that the response must answer."""
        provider = await self._source.provider()
        sso_url, made = self._sso_url(provider), new_id()
        asked = authn_request(
            made, sso_url, request.place.callback, self._entity_id(request.place), self.clock.now()
        )
        return Departure(url=redirect(sso_url, asked, request.state), kept={_REQUEST: made})

    async def finish_sign_in(self, request: SignInReturn) -> Assertion:
        """Check the response that a browser posted, and return what it says."""
        answered = self._answered(request)
        raw = response_in(request.incoming)
        provider = await self._source.provider()
        expected = Expected(
            issuer=provider.entity_id,
            audience=self._entity_id(request.place),
            callback=request.place.callback,
            request=answered,
            at=self.clock.now(),
        )
        return checked(raw, expected, self.options, provider.accepted)

    def publish_metadata(self, place: SignInPlace) -> ServiceMetadata:
        """Return our own metadata."""
        return service_metadata(self.options, self._entity_id(place), place.callback)

    async def inspect_provider(self, place: SignInPlace) -> Sequence[Observation]:
        """Return the provider's keys with their dates, addresses and clock, and what it has to know of us."""
        provider = await self._source.provider(renew=True)
        answer = self._source.answer or await self._asked(provider)
        return [
            *service_seen(self.options, place, self._entity_id(place)),
            *provider_seen(provider, self.options, self.clock.now()),
            *(skew_seen(answer) if answer is not None else ()),
        ]

    def read_sample(self, sample: Sample) -> SampleReading:
        """Return what a copied response says, and everything for which it would be refused."""
        return reading(sample, self.options, self._source.known)

    def _answered(self, request: SignInReturn) -> str:
        if request.kept is None:
            if not self.options.unsolicited:
                raise SignInRefused(
                    "nobody here sent this browser to the provider (IdP-initiated), it was too long ago, or "
                    "its cookie didn't come along, for which we need https; begin at our own sign-in, or set "
                    "unsolicited"
                )
            return ""
        made = request.kept.get(_REQUEST, "")
        if not made:
            raise SignInRefused("what was kept of the request is lost; begin anew")
        return made

    def _entity_id(self, place: SignInPlace) -> str:
        return self.options.entity_id or place.metadata

    def _sso_url(self, provider: Provider) -> str:
        if provider.sso_url is None:
            raise ServerError("the provider's metadata names no sign-in address for HTTP-Redirect")
        return provider.sso_url

    async def _asked(self, provider: Provider) -> Response | None:
        # Browsers go there and we don't, so that it isn't reached from here proves nothing.
        try:
            return await self.http.request("GET", provider.sso_url or "")
        except ConnectionFailure:
            return None
