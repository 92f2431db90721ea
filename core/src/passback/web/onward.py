"""Sending a browser on with what isn't for others: by redirect, or by a form that posts itself."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from html import escape

from starlette.responses import HTMLResponse, RedirectResponse, Response

__all__ = ["DISCREET", "onward"]

# The address or the form holds a credential: it goes to nobody else, and stays in no cache.
DISCREET = {"Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}


def onward(url: str, fields: Sequence[tuple[str, str]]) -> Response:
    """Return what sends a browser on to `url`, posting `fields` where there are any."""
    if not fields:
        return RedirectResponse(url, 303, DISCREET)
    nonce = secrets.token_urlsafe(16)
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in fields
    )
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Signing in</title></head><body>'
        f'<form method="post" action="{escape(url)}">{hidden}<button>Continue</button></form>'
        f'<script nonce="{nonce}">document.forms[0].submit()</script></body></html>'
    )
    policy = f"default-src 'none'; script-src 'nonce-{nonce}'; base-uri 'none'; frame-ancestors 'none'"
    return HTMLResponse(page, headers={**DISCREET, "Content-Security-Policy": policy})
