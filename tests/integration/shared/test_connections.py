"""What a stranger's connection may do: how long it may be silent, how much it may say."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from shared.process.connections import TURNED_AWAY_MAX, Config, Limits, holder_of
from tests.integration.shared.rig import until
from tests.integration.shared.served import PATIENCE_SECONDS, TOKEN, Client, Served, served

QUICK = Limits(
    first_byte=0.2, head=0.3, body_grace=0.3, body_bytes_per_second=100_000, linger=0.5, look=0.02
)
BIG = 8 * 1024 * 1024


@pytest.fixture
async def server() -> AsyncIterator[Served]:
    async with served() as it:
        yield it


@pytest.fixture
async def client(server: Served) -> AsyncIterator[Client]:
    async with server.client() as it:
        yield it


@pytest.fixture
async def hurried() -> AsyncIterator[Client]:
    """Of a server that waits for nobody."""
    async with served(QUICK) as server, server.client() as it:
        yield it


def problem(status: int, answer: bytes) -> None:
    head, body = answer.split(b"\r\n\r\n", 1)
    assert head.startswith(f"HTTP/1.1 {status} ".encode()), answer[:200]
    assert b"application/problem+json" in head
    assert b"x-content-type-options: nosniff" in head
    assert f'"status": {status}'.encode() in body or f'"status":{status}'.encode() in body


# ------------------------------------------------------------------------------- how much


async def test_a_header_without_end_is_cut_off(client: Client) -> None:
    await client.say(b"GET /health/live HTTP/1.1\r\n", client.host, b"x: ")
    sent = 0
    try:
        while sent < 64 * 1024 * 1024 and not client.reader.at_eof():
            await client.say(b"a" * 65_536)
            sent += 65_536
    except ConnectionError:
        pass
    assert sent < 32 * 1024 * 1024


async def test_a_header_too_large_is_431(client: Client) -> None:
    await client.say(b"GET / HTTP/1.1\r\n", client.host, b"x: ", b"a" * 70_000, b"\r\n\r\n")
    problem(431, await client.end())


async def test_many_headers_are_431(client: Client) -> None:
    await client.say(b"GET / HTTP/1.1\r\n", client.host, b"x: 1\r\n" * 100, b"\r\n")
    problem(431, await client.end())


async def test_many_headers_that_do_not_end_are_431(client: Client) -> None:
    await client.say(b"GET / HTTP/1.1\r\n", client.host, b"x: 1\r\n" * 60_000)
    problem(431, await client.end())


@pytest.mark.parametrize("token", [b"", TOKEN])
@pytest.mark.parametrize("trailers", [b"x: " + b"a" * 65_536, b"x: 1\r\n" * 10_000])
async def test_trailers_without_end_are_cut_off(
    client: Client, token: bytes, trailers: bytes
) -> None:
    head = post(client, b"/v1/intake", b"transfer-encoding: chunked\r\n", token)
    await client.say(head, b"2\r\n{}\r\n0\r\n")
    sent = 0
    with contextlib.suppress(ConnectionError):
        while sent < 64 * 1024 * 1024 and not client.reader.at_eof():
            await client.say(trailers)
            sent += len(trailers)
    assert sent < 32 * 1024 * 1024


async def test_short_trailers_are_passed_over(client: Client) -> None:
    await client.say(
        post(client, b"/v1/intake", b"transfer-encoding: chunked\r\n", TOKEN),
        b"2\r\n{}\r\n0\r\nauthorization: Bearer other\r\n\r\n",
    )
    assert (await client.answer())[0] != 401
    await client.say(b"GET /health/live HTTP/1.1\r\n", client.host, b"\r\n")
    assert (await client.answer())[0] == 200


async def test_a_broken_body_after_the_answer_gets_no_second_one(client: Client) -> None:
    await client.say(post(client, b"/v1/intake", b"transfer-encoding: chunked\r\n"))
    assert (await client.answer())[0] == 401
    await client.say(b"no size\r\n")
    assert await client.end() == b""


@pytest.mark.parametrize("rest", [b" HTTP/1.1\r\nhost: a\r\n\r\n", b""])
async def test_a_long_target_is_414(client: Client, rest: bytes) -> None:
    await client.say(b"GET /", b"a" * (16_384 if rest else 70_000), rest)
    problem(414, await client.end())


async def test_what_is_within_the_limits_is_answered(client: Client) -> None:
    headers = b"x: " + b"a" * 60_000 + b"\r\n" + b"y: 1\r\n" * 90
    target = b"/health/live?" + b"a" * 2_000
    for _ in range(3):
        await client.say(b"GET " + target + b" HTTP/1.1\r\n", client.host, headers, b"\r\n")
        status, answer = await client.answer()
        assert status == 200, answer
    assert b"server:" not in answer


async def test_requests_in_one_piece_are_counted_one_by_one(client: Client) -> None:
    one = b"GET /health/live HTTP/1.1\r\n" + client.host + b"x: " + b"a" * 20_000 + b"\r\n\r\n"
    await client.say(one * 8)
    for _ in range(8):
        assert (await client.answer())[0] == 200


# ------------------------------------------------------------------------------- how long


@pytest.mark.parametrize("protocol", [b"h2c", b"websocket"])
async def test_who_asks_for_another_protocol_is_answered_in_this_one(
    client: Client, protocol: bytes
) -> None:
    """And told that the connection ends: what follows would wait for an answer in vain."""
    upgrade = b"connection: upgrade\r\nupgrade: " + protocol + b"\r\n\r\n"
    await client.say(b"GET /health/live HTTP/1.1\r\n", client.host, upgrade)
    answer = await client.end()
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in answer


async def test_silence_is_ended(hurried: Client) -> None:
    assert await hurried.end() == b""


@pytest.mark.parametrize(
    "begun", [b"G", b"GET / HTTP/1.1\r\nhost: a\r\nx: ", b"POST / HTTP/1.1\r\n"]
)
async def test_half_a_head_is_408(hurried: Client, begun: bytes) -> None:
    await hurried.say(begun)
    problem(408, await hurried.end())


async def test_a_head_letter_by_letter_is_408(hurried: Client) -> None:
    async def drip() -> None:
        while True:
            await hurried.say(b"a")
            await asyncio.sleep(0.02)

    await hurried.say(b"GET / HTTP/1.1\r\nx: ")
    dripping = asyncio.create_task(drip())
    problem(408, await hurried.end())
    dripping.cancel()
    await asyncio.gather(dripping, return_exceptions=True)


async def test_empty_lines_are_no_request(hurried: Client) -> None:
    await hurried.say(b"\r\n\r\n")
    assert await hurried.end() == b""


def post(client: Client, path: bytes, *headers: bytes) -> bytes:
    lines = [b"POST " + path + b" HTTP/1.1\r\n", client.host, *headers]
    return b"".join([*lines, b"\r\n"])


@pytest.mark.parametrize("length", [b"content-length: 1000\r\n", b"transfer-encoding: chunked\r\n"])
async def test_half_a_body_is_408(hurried: Client, length: bytes) -> None:
    await hurried.say(post(hurried, b"/v1/intake", TOKEN, length), b"3e8\r\nabc")
    problem(408, await hurried.end())


async def test_a_body_at_its_pace_is_taken_however_long_it_takes(hurried: Client) -> None:
    await hurried.say(post(hurried, b"/v1/intake", TOKEN, b"content-length: 100000\r\n"))
    for _ in range(20):  # twice the grace, in all
        await hurried.say(b"a" * 5_000)
        await asyncio.sleep(0.03)
    status, answer = await hurried.answer()
    assert (status, b'"bytes":100000' in answer) == (200, True)


async def test_who_takes_nothing_of_an_answer_is_cut_off() -> None:
    limits = Limits(untaken=0.2, look=0.02, connections=8)
    async with served(limits) as server, server.client() as client:
        asked = b"GET /openapi.json HTTP/1.1\r\n" + client.host + b"\r\n"
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        client.writer.write(asked * 20_000)
        await server.is_left()


# ------------------------------------------------------------------------------- how many


async def test_one_address_leaves_half_of_the_places_to_others() -> None:
    async with served(Limits(connections=4)) as server:
        held = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(2)]
        async with server.client() as client:
            await client.say(b"GET /health/live HTTP/1.1\r\n", client.host, b"\r\n")
            answer = await client.end()
            problem(503, answer)
            assert b"retry-after: 1" in answer
        for _, writer in held:
            writer.close()
            await writer.wait_closed()
        await server.is_left()
        async with server.client() as client:
            await client.say(b"GET /health/live HTTP/1.1\r\n", client.host, b"\r\n")
            assert (await client.answer())[0] == 200


async def test_who_is_turned_away_takes_no_place_of_others() -> None:
    async with served(Limits(connections=4)) as server:
        places = server.server.config
        assert isinstance(places, Config)
        held = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(8)]

        async def all_are_seen() -> bool:
            return places.held.total() + places.turned_away == len(held)

        await until(all_are_seen, "every connection is counted")
        assert not places.is_crowded("192.0.2.1")  # else a flood of one is an end for all
        for _, writer in held:
            writer.close()
            await writer.wait_closed()
        await server.is_left()
        assert (places.held.total(), places.turned_away) == (0, 0)


async def test_a_flood_is_cut_off() -> None:
    async with served(Limits(connections=2)) as server:
        flood = [
            await asyncio.open_connection("127.0.0.1", server.port)
            for _ in range(TURNED_AWAY_MAX + 2)
        ]
        async with asyncio.timeout(PATIENCE_SECONDS):
            with contextlib.suppress(ConnectionError):
                assert await flood[-1][0].read() == b""  # without a word
        for _, writer in flood:
            writer.close()
        await server.is_left()


@pytest.mark.parametrize(
    ("address", "holder"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("", ""),
    ],
)
def test_places_are_counted_by_who_has_the_address(address: str, holder: str) -> None:
    assert holder_of(address) == holder


# --------------------------------------------------------------- bodies that nobody wants


@pytest.mark.parametrize("more", [b"", b"connection: close\r\n"])
async def test_a_stranger_with_a_large_body_hears_401(client: Client, more: bytes) -> None:
    length = f"content-length: {BIG}\r\n".encode()
    await client.say(post(client, b"/v1/intake", length, more), b"a" * BIG)
    status, answer = await client.answer()
    assert (status, b"WWW-Authenticate".lower() in answer.lower()) == (401, True)
    if more:
        assert await client.end() == b""
    else:  # and may ask again
        await client.say(b"GET /health/live HTTP/1.1\r\n", client.host, b"\r\n")
        assert (await client.answer())[0] == 200


async def test_who_goes_on_sending_is_cut_off(hurried: Client) -> None:
    await hurried.say(post(hurried, b"/v1/intake", b"transfer-encoding: chunked\r\n"))
    assert (await hurried.answer())[0] == 401

    async def go_on() -> None:
        while True:
            await hurried.say(b"1000\r\n" + b"a" * 4096 + b"\r\n")

    with pytest.raises(ConnectionError):
        await asyncio.wait_for(go_on(), PATIENCE_SECONDS)


async def test_a_body_in_pieces_over_the_limit_is_413(client: Client) -> None:
    await client.say(post(client, b"/v1/echo", b"transfer-encoding: chunked\r\n"))
    await client.say((b"4000\r\n" + b"a" * 16_384 + b"\r\n") * 5)
    status, answer = await client.answer()
    assert (status, b"65536" in answer) == (413, True)


async def test_who_asks_before_sending_is_told(client: Client) -> None:
    expects = b"expect: 100-continue\r\ncontent-length: 3\r\n"
    await client.say(post(client, b"/v1/intake", TOKEN, expects))
    assert (await client.head()).startswith(b"HTTP/1.1 100 Continue")
    await client.say(b"abc")
    assert (await client.answer())[0] == 200
    await client.say(post(client, b"/v1/intake", expects))
    answer = await client.end()  # not asked for the body, and nothing after it is taken for one
    assert answer.startswith(b"HTTP/1.1 401")
    assert b"connection: close" in answer


async def test_a_client_that_hangs_up_is_no_fault_of_ours(
    server: Served, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (b"/v1/intake", b"/v1/hot", b"/v1/orders"):
        async with server.client() as client:
            await client.say(post(client, path, TOKEN, b"content-length: 1000\r\n"), b"{")
            await client.say(b"a")
    async with server.client() as client:
        seen = b""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while seen.count(b'status="499"') < 3:
                await client.say(b"GET /metrics HTTP/1.1\r\n", client.host, b"\r\n")
                seen = (await client.answer())[1]
    assert b'service="test",status="500"' not in seen
    assert "request failed" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"content-length: " + b"0" * 5_000 + b"\r\n", 400),
        (b"content-length: 1\r\ncontent-length: 1\r\n", 400),
        (b"content-length: x\r\n", 400),
        (b"host: evil.example\r\n", 400),
        (TOKEN + TOKEN, 400),
        (b"last-event-id: " + b"9" * 5_000 + b"\r\n", 200),
        (b"x-request-id: " + b"9" * 5_000 + b"\r\n", 200),
    ],
)
async def test_odd_headers(client: Client, head: bytes, status: int) -> None:
    await client.say(b"GET /health/live HTTP/1.1\r\n", client.host, head, b"\r\n")
    assert (await client.answer())[0] == status


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'\xef\xbb\xbf{"amount_minor": 5}', 200),
        ('{"amount_minor": 5}'.encode("utf-16"), 400),
        ('{"amount_minor": 5}'.encode("utf-16-le"), 400),
        ('{"amount_minor": 5}'.encode("utf-32"), 400),
        (b"\xff", 400),
    ],
)
async def test_a_byte_order_mark_is_taken_and_another_encoding_is_named(
    client: Client, body: bytes, status: int
) -> None:
    length = f"content-length: {len(body)}\r\ncontent-type: application/json\r\n".encode()
    await client.say(post(client, b"/v1/echo", TOKEN, length), body)
    found, answer = await client.answer()
    assert found == status, answer
    if status == 400:
        assert b"not UTF-8" in answer
