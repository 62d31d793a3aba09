"""URLs of databases: nothing in them is dropped silently, and no password is ever repeated."""

import ssl
from pathlib import Path

import pytest

from shared.addresses import BadUrl, DatabaseAddress, is_loopback, with_plain_text
from tests.certificates import Authority


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://u:hush@db.example/d", "not this machine and no sslmode"),
        ("postgresql://u:hush@db.example/d?sslmode=prefer", "as it comes"),
        ("postgresql://u:hush@db.example/d?sslmode=allow", "as it comes"),
        ("postgresql://u:hush@db.example/d?sslmode=VERIFY-FULL", "none of disable"),
        ("postgresql://u:hush@localhost/d?sslmod=require", r"\?sslmod=, which is not understood"),
        ("postgresql://u:hush@localhost/d?target_session_attrs=any", r"\?target_session_attrs="),
        ("postgresql://u:hush@localhost/d?options=-cx%3D1", r"\?options="),
        ("postgresql://u:hush@localhost/d?sslmode", "not name=value"),
        ("postgresql://u:hush@localhost/d?sslmode=", "without a value"),
        ("postgresql://u:hush@localhost/d?sslmode=disable&sslmode=require", "twice"),
        ("postgresql://u:hush@localhost/d?sslmode=disable&sslrootcert=/x", "sslmode is disable"),
        ("postgresql://u:hush@localhost/d?sslmode=require&sslkey=/x", "without sslcert"),
        ("postgresql://u:hush@localhost/d?sslmode=require&sslrootcert=/nowhere", "/nowhere"),
        ("postgresql://u:hush@localhost/d?connect_timeout=soon", "1 to 600"),
        ("postgresql://u:hush@/d?host=elsewhere.example", "folder of a Unix socket"),
        ("postgresql://u:hush@localhost/d?host=/run/postgresql", "two hosts"),
        ("postgresql://u:hush@localhost/d#x", "fragment"),
        ("postgresql://u:hush@localhost/d/e", "with a /"),
        ("postgresql://u:hush@one:5432,two:5432/d", "more than one host"),
        ("postgresql://u:hu?sh@localhost/d", "no port"),
        ("postgresql://u:1?hush@localhost/d", "an @ behind its host"),
        ("postgresql://u:1#hush@localhost/d", "an @ behind its host"),
        ("postgresql://u:1/hush@localhost/d", "an @ behind its host"),
        ("postgresql://u:hush@local host/d", "blank"),
        ("postgresql://u:hush@localhost\n/d", "control character"),
        ("postgresql://u:hush@localhost:0/d", "port 0"),
        ("postgresql://:hush@localhost/d", "no user"),
        ("postgresql:///d?host=", "without a value"),
        ("mysql://u:hush@localhost/d", "postgresql://"),
    ],
)
def test_what_would_be_dropped_or_sent_in_the_clear_is_refused(url: str, words: str) -> None:
    with pytest.raises(BadUrl, match=words) as caught:
        DatabaseAddress.from_url(url)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "[::1]", "LOCALHOST."])
def test_on_this_machine_plain_text_is_taken_for_granted(host: str) -> None:
    assert DatabaseAddress.from_url(f"postgresql://u@{host}/d").encryption() is None


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "localhost.example", "::2", "db"])  # noqa: S104
def test_other_machines_are_no_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_a_unix_socket_is_this_machine() -> None:
    address = DatabaseAddress.from_url("postgresql://u@/d?host=/run/postgresql")
    assert (address.host, address.sslmode) == ("/run/postgresql", "disable")


@pytest.mark.parametrize(
    ("query", "checks_name", "verifies"),
    [
        ("sslmode=require", False, False),
        ("sslmode=require&sslrootcert={ca}", False, True),  # as libpq does
        ("sslmode=verify-ca&sslrootcert={ca}", False, True),
        ("sslmode=verify-full&sslrootcert={ca}", True, True),
        ("sslmode=verify-full&sslrootcert=system", True, True),
        ("sslmode=verify-full", True, True),
    ],
)
def test_modes_mean_what_libpq_means(
    query: str, checks_name: bool, verifies: bool, tmp_path: Path
) -> None:
    ca = Authority().write(tmp_path)
    url = f"postgresql://u:p%40%2F%3F@db.example:6543/d?{query.format(ca=ca)}"
    address = DatabaseAddress.from_url(url)
    assert (address.password, address.port, address.database) == ("p@/?", 6543, "d")
    context = address.encryption()
    assert context is not None
    assert context.check_hostname is checks_name
    assert (context.verify_mode is ssl.CERT_REQUIRED) is verifies


def test_a_certificate_of_ones_own_is_shown(tmp_path: Path) -> None:
    authority = Authority()
    cert, key = authority.vouch("client").write(tmp_path, "client")
    url = f"postgresql://u@db.example/d?sslmode=require&sslcert={cert}&sslkey={key}"
    assert DatabaseAddress.from_url(url).encryption() is not None
    _, other = Authority().vouch("client").write(tmp_path, "other")
    with pytest.raises(BadUrl, match="sslcert"):
        DatabaseAddress.from_url(url.replace(str(key), str(other)))


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("postgresql://u@db/d", "postgresql://u@db/d?sslmode=disable"),
        ("postgresql://u@db/d?connect_timeout=3", "postgresql://u@db/d?connect_timeout=3&sslmode=disable"),
        ("postgresql://u@db/d?sslmode=require", "postgresql://u@db/d?sslmode=require"),
    ],
)  # fmt: skip
def test_a_private_network_needs_no_mode(given: str, meant: str) -> None:
    assert with_plain_text(given) == meant
    DatabaseAddress.from_url(meant)
