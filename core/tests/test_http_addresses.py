"""A customer's URL may lead nowhere but to the public internet, unless the host app allows it."""

import asyncio
import socket
import threading

import pytest

from passback import HTTP, AddressPolicy, CannotConnect, ServerError, Timeouts

ALLOWED = ("127.0.0.0/8", "::1/128")
PRIVATE = [
    "127.0.0.1",
    "127.8.8.8",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "0.0.0.0",  # noqa: S104 - must be refused
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fc00::1",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
    "fec0::1",
    "::ffff:127.0.0.1",
    "::ffff:10.1.2.3",
    "::7f00:1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::",
    "2001:0:7f00:1::",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_on_the_public_internet_is_refused(address):
    assert not AddressPolicy().permits(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_what_is_on_the_public_internet_is_permitted(address):
    assert AddressPolicy().permits(address)


@pytest.mark.parametrize(
    ("network", "permitted", "refused"),
    [
        ("10.0.0.0/8", "10.1.2.3", "127.0.0.1"),
        ("127.0.0.1/32", "127.0.0.1", "127.0.0.2"),
        ("fc00::/7", "fd00::1", "::1"),
        ("::1/128", "::1", "::ffff:127.0.0.1"),
    ],
)
def test_an_allowed_network_opens_that_network_and_no_other(network, permitted, refused):
    policy = AddressPolicy(allow=(network,))
    assert policy.permits(permitted)
    assert not policy.permits(refused)


def counted(misbehaving, answer, url, policy):
    """Ask `url`, its ``PORT`` being a server's own; return how many connected to it, and the error."""

    async def ask():
        async with misbehaving(answer()) as server:
            http = HTTP(policy, Timeouts(connect=1, read=1, total=1))
            try:
                await http.request("GET", url.replace("PORT", str(server.port)))
            except (CannotConnect, ServerError) as error:
                return server.connections, error
            finally:
                await http.aclose()
            return server.connections, None

    return asyncio.run(ask())


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "LOCALHOST", "2130706433", "0x7f.1", "127.1", "0.0.0.0", "[::ffff:127.0.0.1]"],  # noqa: S104
)
def test_however_a_private_address_is_written_nothing_connects_to_it(misbehaving, answer, host):
    policy = AddressPolicy(allow_http=True)
    connections, error = counted(misbehaving, answer, f"http://{host}:PORT/x", policy)
    assert connections == 0
    assert isinstance(error, CannotConnect)
    assert "not on the public internet" in str(error)
    assert "network.allow" in str(error)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_an_allowed_private_address_is_reached(misbehaving, answer, host):
    policy = AddressPolicy(allow_http=True, allow=ALLOWED)
    assert counted(misbehaving, answer, f"http://{host}:PORT/x", policy) == (1, None)


def test_plain_http_is_refused_unless_it_is_allowed(misbehaving, answer):
    connections, error = counted(misbehaving, answer, "http://127.0.0.1:PORT/x", AddressPolicy(allow=ALLOWED))
    assert connections == 0
    assert isinstance(error, CannotConnect)
    assert "network.allow_http" in str(error)


@pytest.mark.parametrize("answers", [["127.0.0.1"], ["10.0.0.1", "127.0.0.1"]])
def test_a_public_name_gains_nothing_by_resolving_to_a_private_address(
    misbehaving, answer, monkeypatch, answers
):
    resolve(monkeypatch, [answers])
    policy = AddressPolicy(allow_http=True)
    connections, error = counted(misbehaving, answer, "http://lms.example:PORT/x", policy)
    assert connections == 0
    assert f"lms.example is the address {answers[0]}" in str(error)


def test_of_several_addresses_only_the_permitted_ones_are_tried(misbehaving, answer, monkeypatch):
    resolve(monkeypatch, [["10.0.0.1", "127.0.0.1"]])
    policy = AddressPolicy(allow_http=True, allow=("127.0.0.0/8",))
    assert counted(misbehaving, answer, "http://lms.example:PORT/x", policy) == (1, None)


def test_a_name_that_changes_its_mind_is_judged_again_for_each_connection(misbehaving, answer, monkeypatch):
    resolve(monkeypatch, [["127.0.0.1"], ["127.0.0.2"]])

    async def ask():
        async with misbehaving(answer(connection="close")) as server:
            http = HTTP(AddressPolicy(allow_http=True, allow=("127.0.0.1/32",)))
            url = f"http://lms.example:{server.port}/x"
            await http.request("GET", url)
            with pytest.raises(CannotConnect, match=r"127\.0\.0\.2, which is not on the public"):
                await http.request("GET", url)
            await http.aclose()
            assert server.connections == 1

    asyncio.run(ask())


def test_names_that_nobody_answers_for_keep_nobody_else_from_being_looked_up(
    misbehaving, answer, monkeypatch
):
    over = threading.Event()

    def getaddrinfo(host, port, *_, **__):
        if host.startswith("dead"):
            over.wait(30)
            raise socket.gaierror("nobody answers")
        return [(2, 1, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    async def ask():
        policy = AddressPolicy(allow_http=True, allow=ALLOWED)
        async with misbehaving(answer()) as server:
            http = [HTTP(policy, Timeouts(connect=5.0)) for _ in range(41)]
            dead = [
                asyncio.create_task(each.request("GET", f"http://dead-{number}.example/"))
                for number, each in enumerate(http[1:])
            ]
            await asyncio.sleep(0.1)
            answered = await http[0].request("GET", f"http://lms.example:{server.port}/x")
            over.set()
            outcomes = await asyncio.gather(*dead, return_exceptions=True)
            for each in http:
                await each.aclose()
            return answered.status, outcomes

    status, outcomes = asyncio.run(ask())
    assert status == 200
    assert all(isinstance(each, CannotConnect) and "no such host" in str(each) for each in outcomes)


def resolve(monkeypatch, answers):
    """Let every name resolve to the first of `answers`, the next time to the second, and so on."""
    left = list(answers)

    def getaddrinfo(_host, port, **_):
        addresses = left.pop(0) if len(left) > 1 else left[0]
        return [(2, 1, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_credentials_go_nowhere_else(misbehaving, answer, status):
    async def ask():
        async with misbehaving(answer()) as elsewhere:
            moved = answer(status, location=f"{elsewhere.url}/x")
            async with misbehaving(moved) as server:
                http = HTTP(AddressPolicy(allow_http=True, allow=ALLOWED))
                sent = {"authorization": "Bearer s3cret"}
                response = await http.request("GET", f"{server.url}/x", headers=sent)
                await http.aclose()
                return response, elsewhere.connections, len(server.requests)

    response, connections, requests = asyncio.run(ask())
    assert (response.status, connections, requests) == (status, 0, 1)
    with pytest.raises(ServerError, match="credentials are not sent elsewhere"):
        response.require(200)


def test_cookies_and_proxies_and_netrc_play_no_part(misbehaving, answer, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ada password s3cret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")

    async def ask():
        async with misbehaving(answer(set_cookie="session=s3cret")) as server:
            http = HTTP(AddressPolicy(allow_http=True, allow=ALLOWED))
            await http.request("GET", server.url)
            await http.request("GET", server.url)
            await http.aclose()
            return server.requests

    requests = asyncio.run(ask())
    assert len(requests) == 2
    assert not [head for head in requests if "cookie" in head.lower() or "authorization" in head.lower()]
