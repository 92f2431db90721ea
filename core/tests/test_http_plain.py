"""A head that is taken at a glance says what h11 reads in it, and what h11 refuses isn't taken."""

import h11
from hypothesis import given, settings
from hypothesis import strategies as st

from passback.http.plain import plain

OK = ["HTTP/1.1 200 OK", "HTTP/1.1 200", "HTTP/1.1 404 Not\tFound é", "HTTP/1.1 503 "]
NOT_PLAIN = [
    "HTTP/1.0 200 OK",
    "HTTP/1.1 100 Continue",
    "HTTP/1.1 204 No",
    "HTTP/1.1 304 Same",
    "HTTP/1.1 999 X",
]
BROKEN = [
    "http/1.1 200 OK",
    "HTTP/1.1  200 OK",
    "HTTP/1.1 20 OK",
    "HTTP/2 200",
    " HTTP/1.1 200 OK",
    "HTTP/1.1 2x0 O",
]
STATUS = st.sampled_from([*OK * 8, *NOT_PLAIN, *BROKEN])

USUAL = ["content-type: application/json", "Server:x", "X-Odd:  \t v  w \t", "x-empty:", "a: é"]
LASTING = ["connection: keep-alive", "Connection: Keep-Alive", "connection: close", "Connection: close, x"]
LENGTHS = [
    "content-length: 5",
    "Content-Length:05",
    "content-length: 5, 5",
    "content-length: 7",
    "content-length:",
]
NUMBERS = ["content-length: +5", "content-length: -1", "content-length: 0x5", "content-length : 5"]
FRAMING = [
    "transfer-encoding: chunked",
    "transfer-encoding: identity",
    "content-encoding: gzip",
    "upgrade: h2c",
]
ODD = [" folded", "\tfolded", "no colon", ": nameless", "a b: c", "x: \x00", "x: \x7f"]
HEADER = st.sampled_from([*USUAL * 10, *LASTING * 2, *LENGTHS, *NUMBERS, *FRAMING, *ODD])
LINE_ENDS = st.sampled_from(["\r\n"] * 4 + ["\n", "\r", "\r\r\n"])


@st.composite
def beginnings(draw):
    lines = [draw(STATUS), "content-length: 5", *draw(st.lists(HEADER, max_size=4))]
    if draw(st.integers(0, 4)) == 0:
        del lines[1]
    odd = draw(st.integers(0, 30))
    ends = ["\r\n" if number != odd else draw(LINE_ENDS) for number in range(len(lines) + 1)]
    head = "".join(line + end for line, end in zip([*lines, ""], ends, strict=True))
    return head.encode("latin-1") + draw(st.sampled_from([b"", b"12", b"12345", b"12345HTTP/1.1 200 OK"]))


def read_by_h11(data):
    """Return what h11 reads in `data`: status, headers, body, and whether another answer may follow."""
    state = h11.Connection(h11.CLIENT)
    state.send(h11.Request(method="GET", target="/", headers=[("host", "x")]))
    state.send(h11.EndOfMessage())
    state.receive_data(data)
    head = state.next_event()
    assert isinstance(head, h11.Response)
    body = b""
    while isinstance(event := state.next_event(), h11.Data):
        body += event.data
    assert event is h11.NEED_DATA or isinstance(event, h11.EndOfMessage)
    keeps = state.their_state is not h11.MUST_CLOSE
    return head.status_code, [(name.lower(), value) for name, value in head.headers], body, keeps


@settings(max_examples=1500, deadline=None)
@given(beginnings())
def test_what_is_taken_at_a_glance_is_what_h11_reads(data):
    head = plain(data)
    if head is None:
        return
    status, headers, body, keeps = read_by_h11(data)
    assert (head.status, list(head.headers), data[head.begin : head.end]) == (status, headers, body)
    assert keeps


def test_most_answers_are_taken_at_a_glance():
    said = b"HTTP/1.1 200 OK\r\nServer: x\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}"
    head = plain(said)
    assert head is not None
    assert (head.status, said[head.begin : head.end]) == (200, b"{}")
    assert list(head.headers) == [
        (b"server", b"x"),
        (b"connection", b"keep-alive"),
        (b"content-length", b"2"),
    ]


def test_a_head_that_is_not_whole_yet_is_nobodys():
    said = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
    assert [plain(said[:end]) for end in range(len(said))] == [None] * len(said)
