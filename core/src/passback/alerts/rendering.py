"""Letters as text and as HTML; everything in them came from outside, and none of it is markup."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from html import escape

from passback.alerts.letter import Letter, counted
from passback.contract import Setback

__all__ = ["html_of", "text_of"]

_WIDTH = 76
_FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
_MONO = "font-family:ui-monospace,Menlo,Consolas,monospace;font-size:13px"
_BAD, _GOOD = "#b3261e", "#1e7d32"


def text_of(letter: Letter) -> str:
    """Return `letter` as plain text."""
    return "\n".join(_lines(letter)) + "\n"


def _lines(letter: Letter) -> Iterator[str]:
    yield from (letter.title, "=" * min(len(letter.title), _WIDTH))
    for paragraph in letter.paragraphs:
        yield from ("", *_wrapped(paragraph))
    if letter.said:
        yield from ("", f"{letter.heading}:", *_wrapped(letter.said, "  "))
    for setback in letter.setbacks:
        yield from ("", f"  {setback.count:,} {_kind(setback)}", *_wrapped(setback.reason, "    "))
        yield f"    for example result {setback.example}"
    if letter.more:
        yield from ("", f"  and {counted(letter.more)} more, for other reasons")
    if letter.advice:
        yield from ("", "What to check" if not letter.setbacks else "What to do")
        for each in letter.advice:
            yield from textwrap.wrap(each, _WIDTH, initial_indent="- ", subsequent_indent="  ")
    if letter.commands:
        yield ""
    for purpose, command in letter.commands:
        yield from (f"{purpose}:", f"  {command}")
    yield from ("", "-" * 40)
    for sentence in letter.ending:
        yield from _wrapped(sentence)


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def html_of(letter: Letter) -> str:
    """Return `letter` as an HTML document of its own, without anything to load."""
    color = _GOOD if letter.good else _BAD
    return "".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width">',
            f"<title>{escape(letter.subject)}</title></head>",
            f'<body style="margin:0;background:#f4f4f5;color:#1b1b1f;{_FONT};font-size:15px;',
            'line-height:1.5">',
            '<div style="max-width:620px;margin:24px auto;padding:24px 28px;background:#fff;',
            f'border-top:4px solid {color};border-radius:4px">',
            f'<h1 style="margin:0 0 12px;font-size:20px">{escape(letter.title)}</h1>',
            *(f'<p style="margin:0 0 12px">{escape(each)}</p>' for each in letter.paragraphs),
            *_said(letter),
            *_table(letter),
            *_list(letter),
            *_commands(letter),
            '<p style="margin:20px 0 0;padding-top:12px;border-top:1px solid #e2e2e6;color:#66666d;',
            'font-size:13px">',
            "<br>".join(escape(each) for each in letter.ending),
            "</p></div></body></html>\n",
        ]
    )


def _said(letter: Letter) -> Iterable[str]:
    if letter.said:
        yield f'<p style="margin:0 0 4px;font-weight:600">{escape(letter.heading)}</p>'
        yield (
            '<p style="margin:0 0 16px;padding:10px 12px;background:#f4f4f5;border-radius:4px;'
            f'word-break:break-word;{_MONO}">{escape(letter.said)}</p>'
        )


def _table(letter: Letter) -> Iterable[str]:
    if not letter.setbacks:
        return
    cell = 'style="padding:8px 12px 8px 0;border-top:1px solid #e2e2e6;vertical-align:top'
    yield '<table style="border-collapse:collapse;width:100%;margin:0 0 16px">'
    for each in letter.setbacks:
        yield (
            f'<tr><td {cell};text-align:right;font-weight:600">{each.count:,}</td>'
            f'<td {cell};word-break:break-word"><b>{escape(_kind(each))}</b><br>{escape(each.reason)}<br>'
            f'<span style="color:#66666d;font-size:13px">for example result {escape(each.example)}</span>'
            "</td></tr>"
        )
    if letter.more:
        yield f'<tr><td {cell}"></td><td {cell}">and {counted(letter.more)} more, for other reasons</td></tr>'
    yield "</table>"


def _list(letter: Letter) -> Iterable[str]:
    if letter.advice:
        heading = "What to do" if letter.setbacks else "What to check"
        yield f'<p style="margin:0 0 4px;font-weight:600">{heading}</p>'
        yield '<ul style="margin:0 0 16px;padding-left:20px">'
        yield from (f"<li>{escape(each)}</li>" for each in letter.advice)
        yield "</ul>"


def _commands(letter: Letter) -> Iterable[str]:
    for purpose, command in letter.commands:
        yield (
            f'<p style="margin:0 0 8px">{escape(purpose)}:<br>'
            f'<code style="{_MONO};background:#f4f4f5;padding:2px 6px;border-radius:3px">'
            f"{escape(command)}</code></p>"
        )


def _kind(setback: Setback) -> str:
    return f"waiting for {setback.waiting_for}" if setback.waiting_for else setback.state
