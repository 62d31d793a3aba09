"""Sessions of pages: what a cookie opens, for how long, and what opens one."""

from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from starlette.responses import Response

from shared.errors import Unauthenticated
from shared.process.door import Door
from shared.process.settings import BadSetting
from shared.web.auth import ROLES, Caller
from shared.web.page_sessions import LINK_SECONDS, SESSION_SECONDS, PageSessions

SECRET = "a secret of these tests, long enough"
ELSEWHERE = Door(is_local=False, session_secret=SECRET)
LOCAL = Door(is_local=True, session_secret=SECRET, cookie_secure=False)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CALLER = Caller("ada", "acme", frozenset({"metrics:read", "admin"}), any_tenant=True)


class Clock:
    def __init__(self) -> None:
        self.time = NOW

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


def sessions_of(
    clock: Clock, door: Door = ELSEWHERE, service: str = "metrics", scope: str = "metrics:read"
) -> PageSessions:
    return PageSessions(service, scope, door, now=clock)


def cookie_of(sessions: PageSessions, caller: Caller = CALLER) -> str:
    """The line that the browser keeps."""
    answer = sessions.open(caller, Response())
    return answer.headers["set-cookie"]


def sent(line: str) -> bytes:
    """As the browser sends it."""
    return line.split(";")[0].encode()


def key_of(link: str) -> str:
    return parse_qs(urlsplit(link).query)["key"][0]


def test_a_session_reads_for_one_tenant_and_nothing_else(clock: Clock) -> None:
    one, two = sessions_of(clock), sessions_of(clock)  # two processes behind one proxy
    caller = two.find(sent(cookie_of(one)))
    assert caller == Caller("ada", "acme", frozenset({"metrics:read"}), any_tenant=False)


def test_it_has_the_roles_of_its_token_and_of_the_scopes_those_it_may_have(clock: Clock) -> None:
    sessions = PageSessions("metrics", "metrics:read", ELSEWHERE, also=["metrics:write"], now=clock)
    scopes = frozenset({"metrics:read", "metrics:write", "ledger:write", "admin"})
    roles = frozenset({"manager"})
    manager = Caller("bea", "acme", scopes, any_tenant=False, roles=roles)
    found = sessions.find(sent(cookie_of(sessions, manager)))
    assert found is not None
    assert found.scopes == {"metrics:read", "metrics:write"}
    assert found.roles == {"manager"}
    viewer = Caller("kim", "acme", frozenset({"metrics:read"}), any_tenant=False)
    found = sessions.find(sent(cookie_of(sessions, viewer)))
    assert found is not None
    assert found.scopes == {"metrics:read"}
    assert not found.roles


def test_it_ends_after_hours_and_never_after_its_token(clock: Clock) -> None:
    sessions = sessions_of(clock)
    long = sent(cookie_of(sessions))
    soon = NOW.timestamp() + 60
    short = sent(cookie_of(sessions, Caller("a", "acme", frozenset(), False, soon)))
    clock.time += timedelta(seconds=61)
    assert sessions.find(long) is not None
    with pytest.raises(Unauthenticated, match="ended"):
        sessions.find(short)
    clock.time = NOW + timedelta(seconds=SESSION_SECONDS)
    with pytest.raises(Unauthenticated, match="ended"):
        sessions.find(long)


def test_other_cookies_are_none(clock: Clock) -> None:
    sessions = sessions_of(clock)
    assert sessions.find(b"") is None
    assert sessions.find(b"theme=dark; recoup_metrics=old") is None


@pytest.mark.parametrize("kind", ["other secret", "other service", "link", "cut", "none", "token"])
def test_what_is_not_a_session_of_this_page_opens_nothing(clock: Clock, kind: str) -> None:
    sessions = sessions_of(clock)
    good = sent(cookie_of(sessions)).decode().partition("=")[2]
    other = Door(is_local=False, session_secret=SECRET[::-1])
    forged = {
        "other secret": sent(cookie_of(sessions_of(clock, other))).decode().partition("=")[2],
        "other service": sent(cookie_of(sessions_of(clock, service="outreach"))).decode()
        .partition("=")[2],
        "link": key_of(sessions.link("http://127.0.0.1", "acme")),
        "cut": good[:-4],
        "none": jwt.encode({"aud": "recoup:session:metrics"}, "", algorithm="none"),
        "token": "a" * 8_000,
    }  # fmt: skip
    with pytest.raises(Unauthenticated):
        sessions.find(f"{sessions.cookie}={forged[kind]}".encode())


def test_the_cookie_is_for_this_host_tls_and_no_script(clock: Clock) -> None:
    line = cookie_of(sessions_of(clock))
    (cookie,) = SimpleCookie(line).values()
    assert cookie.key == "__Host-recoup_metrics"
    assert (cookie["path"], cookie["domain"], cookie["samesite"]) == ("/", "", "strict")
    assert cookie["httponly"]
    assert cookie["secure"]
    assert int(cookie["max-age"]) == SESSION_SECONDS


def test_without_tls_it_says_so_by_its_name_and_services_do_not_share_it(clock: Clock) -> None:
    names = {sessions_of(clock, LOCAL, service).cookie for service in ("metrics", "outreach")}
    assert names == {"recoup_metrics", "recoup_outreach"}
    assert "secure" not in cookie_of(sessions_of(clock, LOCAL)).lower()


def test_signing_out_takes_the_cookie_away(clock: Clock) -> None:
    line = sessions_of(clock).close(Response()).headers["set-cookie"]
    assert "__Host-recoup_metrics=" in line
    assert "Max-Age=0" in line


def test_elsewhere_a_secret_is_demanded(clock: Clock) -> None:
    with pytest.raises(BadSetting, match="RECOUP_SESSION_SECRET is not set"):
        sessions_of(clock, Door(is_local=False))


def test_locally_processes_without_a_key_have_a_secret_of_their_own(clock: Clock) -> None:
    one, two = (sessions_of(clock, Door(is_local=True, cookie_secure=False)) for _ in range(2))
    with pytest.raises(Unauthenticated):
        two.find(sent(cookie_of(one)))


def test_a_link_opens_once(clock: Clock) -> None:
    sessions = sessions_of(clock, LOCAL)
    key = key_of(sessions.link("http://127.0.0.1:8004/", "acme"))
    caller = sessions.enter(key)
    assert (caller.tenant, caller.scopes) == ("acme", frozenset({"metrics:read"}))
    assert caller.roles == frozenset(ROLES)
    with pytest.raises(Unauthenticated, match="was used"):
        sessions.enter(key)
    assert sessions.enter(key_of(sessions.link("http://127.0.0.1:8004/", "acme"))) == caller


def test_a_link_does_not_outlive_a_restart(clock: Clock) -> None:
    """Whether it was used before is forgotten: it is in the scrollback of a terminal for ever."""
    before = sessions_of(clock, LOCAL)
    key = key_of(before.link("http://127.0.0.1:8004/", "acme"))
    before.enter(key)
    clock.time += timedelta(seconds=2)
    after = sessions_of(clock, LOCAL)
    with pytest.raises(Unauthenticated, match="before this start"):
        after.enter(key)
    assert after.enter(key_of(after.link("http://127.0.0.1:8004/", "acme"))).tenant == "acme"


def test_a_link_ends(clock: Clock) -> None:
    sessions = sessions_of(clock, LOCAL)
    key = key_of(sessions.link("http://127.0.0.1:8004/", "acme"))
    clock.time += timedelta(seconds=LINK_SECONDS)
    with pytest.raises(Unauthenticated, match="ended"):
        sessions.enter(key)


@pytest.mark.parametrize("key", ["", "guessed", "a.b.c", "é", "a" * 10_000, "\0"])
def test_a_guessed_link_opens_nothing(clock: Clock, key: str) -> None:
    with pytest.raises(Unauthenticated):
        sessions_of(clock, LOCAL).enter(key)


def test_a_session_is_no_link_and_elsewhere_there_are_none(clock: Clock) -> None:
    sessions = sessions_of(clock, LOCAL)
    with pytest.raises(Unauthenticated):
        sessions.enter(sent(cookie_of(sessions)).decode().partition("=")[2])
    elsewhere = sessions_of(clock)
    with pytest.raises(Unauthenticated, match="local mode"):
        elsewhere.enter(key_of(elsewhere.link("https://recoup.example.com", "acme")))
