"""What comes compressed is unpacked, and costs nobody else their turn, whatever it is."""

import asyncio
import gzip
import random
import zlib

import pytest
from conversing import EMPTY, Server, asking

from passback import ServerError, Timeouts

MIB = 1 << 20
BODY = b'{"took": "it"}'
PATIENT = Timeouts(connect=5, read=60, total=60)
# A block of deflate that holds nothing, and costs the most of those: a table of Huffman codes, and its end.
_NOTHING, _BITS = 0x6BFF90000000000081C004, 90


def deflated(content, window):
    compress = zlib.compressobj(wbits=window)
    return compress.compress(content) + compress.flush()


def head(body, *codings):
    lines = [f"content-encoding: {each}" for each in codings]
    return "\r\n".join(["HTTP/1.1 200 OK", f"content-length: {len(body)}", *lines, "", ""]).encode()


def answered(misbehaving, body, *codings, method="GET"):
    """Return the body of an answer that is `body` on the wire, compressed by `codings`."""
    server = misbehaving(head(body, *codings) + (b"" if method == "HEAD" else body))

    async def ask():
        async with asking(server, PATIENT) as http:
            return (await http.request(method, server.url)).body

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("coding", "window"),
    [("gzip", 31), ("GZIP", 31), ("x-gzip", 31), ("deflate", 15), ("deflate", -15), ("identity, gzip", 31)],
)
@pytest.mark.parametrize("content", [BODY, b"", bytes(3 * MIB), b"\1" + bytes(MIB)])
def test_what_comes_compressed_is_unpacked(misbehaving, coding, window, content):
    assert answered(misbehaving, deflated(content, window), coding) == content


def test_what_comes_compressed_in_small_pieces_is_unpacked(misbehaving):
    async def drip(writer):
        body = gzip.compress(BODY)
        writer.write(head(body, "gzip"))
        for each in body:
            writer.write(bytes([each]))
            await writer.drain()
            await asyncio.sleep(0)

    async def ask():
        server = misbehaving(drip)
        async with asking(server) as http:
            return (await http.request("GET", server.url)).body

    assert asyncio.run(ask()) == BODY


@pytest.mark.parametrize("coding", ["identity", "utf-8", "none", "", "application/json"])
def test_what_is_named_there_and_is_no_coding_changes_nothing(misbehaving, coding):
    assert answered(misbehaving, BODY, coding) == BODY


@pytest.mark.parametrize("codings", [["gzip"], ["deflate"], ["br"], ["gzip", "gzip"]])
def test_nothing_needs_no_unpacking(misbehaving, codings):
    assert answered(misbehaving, b"", *codings) == b""
    assert answered(misbehaving, gzip.compress(BODY), *codings, method="HEAD") == b""


@pytest.mark.parametrize("codings", [["gzip, gzip"], ["gzip", "deflate"], ["gzip, br"], ["x-gzip,gzip"]])
def test_what_is_compressed_more_than_once_is_not_unpacked(misbehaving, codings):
    with pytest.raises(ServerError, match="can't be decompressed: it's compressed more than once"):
        answered(misbehaving, gzip.compress(gzip.compress(BODY)), *codings)


@pytest.mark.parametrize("coding", ["br", "zstd", "compress"])
def test_a_coding_that_nobody_asked_for_is_told_by_its_name(misbehaving, coding):
    with pytest.raises(ServerError, match=f"it's compressed by {coding}, which nobody asked for"):
        answered(misbehaving, b"\x0b\x02\x80{}\x03", coding)


def test_what_is_not_compressed_as_it_says_is_a_server_error(misbehaving):
    with pytest.raises(ServerError, match="can't be decompressed: it isn't what gzip makes"):
        answered(misbehaving, BODY, "gzip")


@pytest.mark.parametrize(("coding", "window"), [("gzip", 31), ("deflate", 15), ("deflate", -15)])
@pytest.mark.parametrize("content", [BODY, bytes(3 * MIB)])
def test_half_of_what_was_compressed_is_no_answer(misbehaving, coding, window, content):
    whole = deflated(content, window)
    for missing in (1, 8, len(whole) // 2, len(whole) - 1):
        with pytest.raises(ServerError, match="can't be decompressed: its end is missing"):
            answered(misbehaving, whole[:-missing], coding)


# The last of them ends where a step does.
@pytest.mark.parametrize("content", [b"", BODY, random.Random(1).randbytes((1 << 14) - 23)])
def test_the_first_of_several_files_of_gzip_is_no_answer(misbehaving, content):
    with pytest.raises(ServerError, match="can't be decompressed: it goes on after its end"):
        answered(misbehaving, gzip.compress(content) + gzip.compress(BODY), "gzip")


@pytest.mark.parametrize("padding", [b"\0", bytes(1 << 15), b"\r\n"])
def test_what_fills_up_an_answer_behind_its_end_is_nobodys(misbehaving, padding):
    assert answered(misbehaving, gzip.compress(BODY) + padding, "gzip") == BODY


def test_a_small_answer_that_unpacks_to_a_huge_one_is_not_read(misbehaving):
    with pytest.raises(ServerError, match="more than 16 MiB"):
        answered(misbehaving, gzip.compress(bytes(20 * MIB)), "gzip")


def nothing(size):
    """Return about `size` bytes of gzip that hold nothing, and cost as much as they can."""
    four = sum(_NOTHING << _BITS * number for number in range(4)).to_bytes(_BITS * 4 // 8, "little")
    return gzip.compress(b"")[:10] + four * (size // len(four))


def nested():
    """Return some kilobytes which are gigabytes within gigabytes, and nothing at all in the end."""
    whole = zlib.compressobj(wbits=-15)
    piece = whole.compress(bytes.fromhex("000000ffff") * (8 * MIB // 5)) + whole.flush(zlib.Z_FULL_FLUSH)
    empty = gzip.compress(b"")[:10]
    begun = empty + b"\0" + len(empty).to_bytes(2, "little") + bytes([10 ^ 255, 255]) + empty
    return gzip.compress(begun + piece * 1500)


def test_an_answer_that_unpacks_to_nothing_is_not_read_without_end(misbehaving):
    with pytest.raises(ServerError, match="more than 16 MiB"):
        answered(misbehaving, nothing(17 * MIB), "gzip")


@pytest.mark.parametrize(
    ("body", "codings"), [(nested, "gzip, gzip, gzip"), (lambda: nothing(15 * MIB), "gzip")]
)
def test_an_answer_that_costs_much_to_unpack_costs_nobody_else_their_turn(body, codings):
    sent = body()
    hostile_read = asyncio.Event()

    async def converse(reader, writer):
        while b"/hostile" not in await reader.readuntil(b"\r\n\r\n"):
            writer.write(EMPTY)
        writer.write(head(sent, codings) + sent)
        hostile_read.set()
        await reader.read()

    async def ask():
        server = Server(converse)
        async with asking(server, PATIENT) as http:
            hostile = asyncio.create_task(http.request("GET", f"{server.url}hostile"))
            await hostile_read.wait()
            async with asyncio.timeout(5):
                for _ in range(10):
                    await http.request("GET", server.url)
            hostile.cancel()
            await asyncio.gather(hostile, return_exceptions=True)

    asyncio.run(ask())
