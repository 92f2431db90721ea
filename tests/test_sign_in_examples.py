"""The example apps that people sign in to by a real OpenID provider, started as their users start them."""

import secrets
import shutil
from contextlib import contextmanager

import pytest
from playwright.sync_api import sync_playwright
from serving import Deployment

from passback.sandbox import serve
from passback_testbed.browser import Browser
from passback_testbed.oidc_provider import OidcProvider, OidcUser
from passback_testbed.ports import free_port
from passback_xapi.sandbox import Behaviour, Sandbox

EXAMPLES = {
    "sign_in_fastapi": ("uvicorn", "app:app", "--port"),
    "sign_in_django": ("python", "courses.py", "runserver", "--noreload"),
}
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
ANA = OidcUser("ana", "open sesame", {"sub": "00u1", "name": "Ana Ortiz", "email": "ana@university.example"})


@pytest.fixture(scope="module")
def lrs():
    sandbox = Sandbox(Behaviour(key="us", secret="secret"))
    with serve(sandbox) as url:
        sandbox.url = url
        yield sandbox


@contextmanager
def deployed(tmp_path, example, lrs):
    """An example app being served, with its provider; yields its address, and the provider."""
    port = free_port()
    ours = f"http://127.0.0.1:{port}"
    client = {
        "client_id": "courses",
        "client_secret": "secret of the client",
        "redirect_uris": [f"{ours}/passback/sso/university/callback"],
        "post_logout_redirect_uris": [f"{ours}/passback/sso/university/signed-out"],
    }
    with OidcProvider(tmp_path / "provider", [ANA], [client]) as provider:
        folder = tmp_path / example
        table = {
            "https://courses.example": ours,
            "https://id.university.example": provider.url,
            "https://lrs.university.example/xapi/": lrs.url,
        }
        environment = {
            "SEAL_KEY": secrets.token_urlsafe(32),
            "SESSION_KEY": secrets.token_urlsafe(32),
            "OIDC_SECRET": client["client_secret"],
            "LRS_SECRET": "secret",
        }
        with Deployment(folder, example, table, environment, ["university", "lrs"]) as deployment:
            deployment.launch(*EXAMPLES[example], str(port))
            if example == "sign_in_django":
                deployment.launch("passback", "work")
            with deployment.serving(port):
                yield ours, provider, deployment


def kept(lrs, deployment, before):
    return deployment.until(lambda: lrs.statements[before:])


@pytest.mark.parametrize("example", EXAMPLES)
def test_who_signs_in_by_a_real_provider_has_their_result_at_the_lrs_as_themselves(tmp_path, lrs, example):
    before = len(lrs.statements)
    with deployed(tmp_path, example, lrs) as (ours, provider, deployment):
        browser = Browser()
        assert "Sign in to Example University" in browser.open(ours).text
        landed = provider.sign_in(browser, f"{ours}/passback/sso/university/sign-in", "ana")
        assert landed.url == f"{ours}/"
        assert "Signed in as Ana Ortiz" in landed.text
        complete, leave = landed.forms
        browser.submit(complete, {})
        (statement,) = kept(lrs, deployment, before)
        assert statement["actor"]["account"] == {"homePage": provider.url, "name": "00u1"}
        left = browser.submit(leave, {})
        if left.forms and "Signed in" not in left.text:  # the provider asks whether they mean it
            left = browser.submit(left.forms[0], {})
        assert "Sign in to Example University" in browser.open(ours).text


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here; the walk above is the same without scripts")
@pytest.mark.parametrize("example", EXAMPLES)
def test_a_real_browser_signs_in_and_completes(tmp_path, lrs, example):
    before = len(lrs.statements)
    with deployed(tmp_path, example, lrs) as (ours, _, deployment), sync_playwright() as player:
        chromium = player.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = chromium.new_page()
        page.goto(ours)
        page.click("text=Sign in to Example University")
        page.fill("input[name=user]", ANA.name)
        page.fill("input[name=password]", ANA.password)
        page.click("button[value=in]")
        page.wait_for_selector("text=Signed in as Ana Ortiz")
        page.click("text=Complete the course")
        page.wait_for_selector("text=Signed in as Ana Ortiz")
        (statement,) = kept(lrs, deployment, before)
        assert statement["actor"]["account"]["name"] == "00u1"
        chromium.close()
