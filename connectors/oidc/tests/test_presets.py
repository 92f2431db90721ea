"""Entra ID, Google Workspace and Okta, played by a provider that signs what they sign.

The claims are those of Microsoft's "ID token claims reference" and "optional claims reference", and of
Google's "OpenID Connect": neither can be run here.
"""

import pytest

from passback import ServerError, SignInRefused
from passback_oidc import OidcOptions
from passback_oidc.presets import preset_of

TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
OTHER = "11111111-2222-3333-4444-555555555555"
OID = "0b0cdd3c-9bd7-4f4f-8b8d-7c8f0f0a1b2c"


def entra_claims(provider, tenant=TENANT, **more):
    """Return what Entra ID says of a member of a tenant, version 2.0."""
    return {
        "iss": f"{provider.url}/{tenant}/v2.0",
        "tid": tenant,
        "oid": OID,
        "sub": "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ",
        "preferred_username": "ada@acme.example",
        "name": "Ada Lovelace",
        "ver": "2.0",
        "uti": "fqiBqXLPj0eQa82S-IYFAA",
        "rh": "0.AAAAgA",
        **more,
    }


@pytest.fixture
def entra(fake, provider):
    def make(*tenants, **options):
        several = len(tenants) > 1
        provider.path = f"/{'organizations' if several else tenants[0]}/v2.0"
        issuer = f"{provider.url}/{'{tenantid}' if several else tenants[0]}/v2.0"
        provider.discovery["issuer"] = issuer
        # Entra publishes one, at Microsoft Graph.
        provider.userinfo = {"sub": "somebody else"}
        return fake(provider_preset="entra", issuer=None, tenants=tenants, authority=provider.url, **options)

    return make


def test_a_person_of_entra_is_an_object_in_a_tenant(entra, provider):
    provider.claims = entra_claims(provider, groups=["g-1"], roles=["Author"])
    ada = entra(TENANT).sign_in()
    assert (ada.subject, ada.subject_kind) == (f"{TENANT}:{OID}", "entra:tid+oid")
    assert ada.issuer == f"{provider.url}/{TENANT}/v2.0"
    assert ada.attributes["groups"] == ("g-1",)
    assert ada.attributes["roles"] == ("Author",)
    assert not provider.asked["/userinfo"]


@pytest.mark.parametrize(
    ("more", "verified"),
    [
        ({}, None),
        ({"email": "ada@acme.example"}, None),
        ({"email": "ada@acme.example", "xms_edov": True}, True),
        ({"email": "ada@acme.example", "xms_edov": False}, False),
        ({"email": "ada@acme.example", "xms_edov": "1"}, False),
        ({"email": "ada@acme.example", "xms_edov": True, "email_verified": False}, False),
    ],
)
def test_m6_an_address_is_entras_word_only_by_xms_edov(entra, provider, more, verified):
    """nOAuth: anybody sets any address in a tenant of their own."""
    provider.claims = entra_claims(provider, **more)
    assert entra(TENANT).sign_in().email_verified is verified


@pytest.mark.parametrize("value", ["1", "true", 1])
def test_entras_other_ways_to_say_true_count_where_that_is_configured(entra, provider, value):
    provider.claims = entra_claims(provider, email="ada@acme.example", xms_edov=value)
    assert entra(TENANT, verified_text=True).sign_in().email_verified is True


def test_with_several_tenants_each_has_its_own_issuer(entra, provider):
    for tenant in (TENANT, OTHER):
        provider.used.clear()
        provider.claims = entra_claims(provider, tenant)
        ada = entra(TENANT, OTHER).sign_in()
        assert ada.issuer == f"{provider.url}/{tenant}/v2.0"
        assert ada.subject.startswith(f"{tenant}:")


@pytest.mark.parametrize(
    ("tenants", "claims", "why"),
    [
        ((TENANT,), {"tid": OTHER}, "tid"),
        ((TENANT,), {"tid": None}, "tid"),
        ((TENANT,), {"tid": [TENANT]}, "tid"),
        ((TENANT,), {"iss": "{url}/" + OTHER + "/v2.0"}, "iss"),
        ((TENANT, OTHER), {"iss": "{url}/" + OTHER + "/v2.0"}, "iss"),
        ((TENANT, OTHER), {"iss": "{url}/{{tenantid}}/v2.0"}, "iss"),
        ((TENANT, OTHER), {"iss": "https://sts.windows.net/" + TENANT + "/"}, "iss"),
        ((TENANT, OTHER), {"tid": "99999999-2222-3333-4444-555555555555"}, "tid"),
        ((TENANT,), {"oid": None}, "oid"),
        ((TENANT,), {"oid": ""}, "oid"),
        ((TENANT,), {"oid": 7}, "oid"),
    ],
)
def test_nobody_comes_from_another_tenant_or_without_a_name(entra, provider, tenants, claims, why):
    claims = {
        name: value.format(url=provider.url) if isinstance(value, str) else value
        for name, value in claims.items()
    }
    provider.claims = {**entra_claims(provider), **claims}
    with pytest.raises(SignInRefused, match=f"^{why}: "):
        entra(*tenants).sign_in()


def test_the_document_for_all_tenants_is_entras_and_no_other(entra, provider):
    desk = entra(TENANT, OTHER)
    provider.discovery["issuer"] = f"{provider.url}/{TENANT}/v2.0"
    with pytest.raises(ServerError, match="names another issuer"):
        desk.start()


@pytest.mark.parametrize(
    ("issuer", "good"),
    [
        ("{url}/{{tenantid}}/v2.0", True),
        ("{url}/" + TENANT + "/v2.0", True),
        ("{url}/" + OTHER + "/v2.0", False),
    ],
)
def test_a_key_of_one_tenant_signs_for_no_other(entra, provider, issuer, good):
    """Published together, each with the issuer that it signs for."""
    provider.key_members = {"issuer": issuer.format(url=provider.url)}
    provider.claims = entra_claims(provider)
    desk = entra(TENANT, OTHER)
    if good:
        assert desk.sign_in().subject == f"{TENANT}:{OID}"
    else:
        with pytest.raises(SignInRefused, match="another tenant's"):
            desk.sign_in()


@pytest.mark.parametrize(
    "more", [{"_claim_names": {"groups": "src1"}}, {"hasgroups": True}, {"hasgroups": "true"}]
)
def test_m16_too_many_groups_are_no_groups_that_were_lost(entra, provider, more):
    provider.claims = entra_claims(provider, **more)
    assert entra(TENANT).sign_in().incomplete == {"groups"}


def test_another_claim_can_be_the_subject_in_entra_too(entra, provider):
    provider.claims = entra_claims(provider, oid=None, employeeid="7")
    ada = entra(TENANT, subject="employeeid").sign_in()
    assert (ada.subject, ada.subject_kind) == ("7", "oidc:claim:employeeid")


def google_claims(**more):
    """Return what Google says of somebody with an account of a Workspace."""
    return {
        "sub": "10769150350006150715113082367",
        "azp": "us",
        "hd": "acme.example",
        "email": "ada@acme.example",
        "email_verified": True,
        "name": "Ada Lovelace",
        "picture": "https://lh3.example/a",
        **more,
    }


@pytest.fixture
def google(fake):
    return fake(provider_preset="google", hosted_domain="acme.example")


def test_somebody_of_the_workspace_signs_in(google, provider, query_of):
    provider.claims = google_claims()
    ada = google.sign_in()
    assert (ada.subject, ada.subject_kind) == ("10769150350006150715113082367", "oidc:sub")
    assert ada.email_verified is True
    assert query_of(google.departed.url)["hd"] == "acme.example"


@pytest.mark.parametrize("hd", [None, "", "evil.example", "ACME.example", ["acme.example"], True])
def test_an_account_that_isnt_of_the_workspace_is_refused(google, provider, hd):
    """`hd` in the request is a wish; anybody can take it out."""
    provider.claims = google_claims(hd=hd)
    with pytest.raises(SignInRefused, match=r"^hd: "):
        google.sign_in()


def test_google_goes_by_two_names():
    given = {"provider": "google", "client_id": "us", "client_secret": "s", "hosted_domain": "acme.example"}
    preset = preset_of(OidcOptions.model_validate(given))
    assert preset.issuers({}) == ("https://accounts.google.com", "accounts.google.com")
    assert preset.named_issuer({"iss": "accounts.google.com"}) == "https://accounts.google.com"


def test_okta_does_as_the_standard_says(fake, provider):
    provider.path = "/oauth2/default"
    provider.claims = {"sub": "00uid4BxXw6I6TV4m0g3", "idp": "00o", "ver": 1, "jti": "ID.x"}
    provider.userinfo = {"sub": "00uid4BxXw6I6TV4m0g3", "email": "ada@acme.example", "email_verified": True}
    ada = fake(provider_preset="okta").sign_in()
    assert ada.issuer == f"{provider.url}/oauth2/default"
    assert ada.email_verified is True
