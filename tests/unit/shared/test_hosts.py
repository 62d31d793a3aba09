"""By which names a service answers, and to whose pages."""

from contextlib import nullcontext

import pytest

from shared.errors import Forbidden, Unreadable
from shared.process.door import Door
from shared.web.hosts import Hosts, Misdirected, check_single

LOCAL = Hosts(Door(is_local=True))
ANYWHERE = Hosts(Door(is_local=False))
NAMED = Hosts(Door(is_local=False, public_hosts=frozenset({"recoup.example.com"})))


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8004", "localhost:8004", "LOCALHOST:8004", "[::1]:8004"]
)
def test_locally_this_machine_is_asked_by_its_names(host: str) -> None:
    for _ in range(2):
        LOCAL.check({b"host": host.encode()}, 8004, "/v1/kpis")


@pytest.mark.parametrize(
    ("headers", "is_served"),
    [
        ({b"host": b"127.0.0.1:9000", b"authorization": b"Bearer x"}, True),
        ({b"host": b"localhost:9000", b"authorization": b"Bearer x"}, True),
        ({b"host": b"127.0.0.1:9000"}, False),
        ({b"host": b"127.0.0.1:9000", b"authorization": b"Bearer x", b"cookie": b"a=b"}, False),
        ({b"host": b"evil.example:9000", b"authorization": b"Bearer x"}, False),
    ],
)
def test_a_program_with_a_token_may_come_through_a_tunnel(
    headers: dict[bytes, bytes], is_served: bool
) -> None:
    with nullcontext() if is_served else pytest.raises(Misdirected):
        LOCAL.check(headers, 8004, "/v1/kpis")


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:8004",
        "evil.example",
        "localhost",
        "127.0.0.1",
        "127.0.0.1:8003",
        "127.0.0.1.evil.example:8004",
        "localhost.:8004",
        "127.1:8004",
        "0.0.0.0:8004",
        "user@localhost:8004",
        "localhost:8004, evil.example",
        "",
        "\xff",
    ],
)
@pytest.mark.parametrize("path", ["/", "/v1/kpis", "/health/live", "/metrics", "/docs"])
def test_locally_no_other_name_is_answered(host: str, path: str) -> None:
    with pytest.raises(Misdirected):
        LOCAL.check({b"host": host.encode("latin-1")}, 8004, path)
    with pytest.raises(Misdirected):
        LOCAL.check({}, 8004, path)


def test_elsewhere_the_names_are_a_setting() -> None:
    ANYWHERE.check({b"host": b"whatever"}, 8004, "/v1/kpis")
    NAMED.check({b"host": b"Recoup.Example.com"}, 8004, "/v1/kpis")
    NAMED.check({b"host": b"10.0.0.7:8004"}, 8004, "/health/ready")
    for host in (b"evil.example", b"127.0.0.1:8004", b"recoup.example.com:8004", b""):
        with pytest.raises(Misdirected):
            NAMED.check({b"host": host}, 8004, "/v1/kpis")


def test_a_name_of_ones_own_can_be_added_locally() -> None:
    tunnel = Hosts(Door(is_local=True, public_hosts=frozenset({"localhost:9004"})))
    tunnel.check({b"host": b"localhost:9004"}, 8004, "/")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {b"origin": b"http://127.0.0.1:8004"},
        {b"origin": b"https://127.0.0.1:8004"},  # before a proxy that ends TLS
        {b"sec-fetch-site": b"same-origin", b"origin": b"http://127.0.0.1:8004"},
        {b"sec-fetch-site": b"none"},
    ],
)
def test_a_page_of_ours_may_send(headers: dict[bytes, bytes]) -> None:
    LOCAL.check_origin({b"host": b"127.0.0.1:8004", **headers})


@pytest.mark.parametrize(
    "headers",
    [
        {b"origin": b"null"},
        {b"origin": b""},
        {b"origin": b"http://evil.example"},
        {b"origin": b"http://127.0.0.1:8003"},
        {b"origin": b"http://localhost:8004"},
        {b"origin": b"file://127.0.0.1:8004"},
        {b"origin": b"http://[127.0.0.1:8004"},
        {b"sec-fetch-site": b"cross-site"},
        {b"sec-fetch-site": b"same-site"},
        {b"sec-fetch-site": b"same-site", b"origin": b"http://127.0.0.1:8004"},
        {b"sec-fetch-site": b"same-origin", b"origin": b"http://evil.example"},
    ],
)
def test_another_page_may_not(headers: dict[bytes, bytes]) -> None:
    with pytest.raises(Forbidden):
        LOCAL.check_origin({b"host": b"127.0.0.1:8004", **headers})


def test_some_headers_stand_once() -> None:
    check_single([(b"x-a", b"1"), (b"x-a", b"2"), (b"cookie", b"a=1"), (b"cookie", b"b=2")])
    for name in (b"host", b"authorization", b"x-tenant", b"content-type"):
        with pytest.raises(Unreadable):
            check_single([(name, b"1"), (name, b"1")])
