"""When a tenant's day begins by itself, and what settings say of mails and peers."""

from datetime import date, time

import pytest

from services.metrics.jobs import is_time
from services.metrics.settings import Settings
from shared.process.settings import BadSetting

TODAY = date(2026, 3, 8)
YESTERDAY = date(2026, 3, 7)
LONG_AGO = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("local", "begun_on", "is_up_to_date", "begins"),
    [
        (time(0, 14), YESTERDAY, True, False),
        (time(0, 15), YESTERDAY, True, True),
        (time(0, 15), YESTERDAY, False, False),
        (time(1, 59), YESTERDAY, False, False),
        (time(2, 0), YESTERDAY, False, True),
        (time(12, 0), TODAY, True, False),
        (time(0, 1), LONG_AGO, False, True),
        (time(0, 1), None, True, False),
        (time(9, 0), None, True, True),
    ],
)
def test_a_day_begins_a_little_after_midnight_or_when_waiting_was_long_enough(
    local: time, begun_on: date | None, is_up_to_date: bool, begins: bool
) -> None:
    assert is_time(local, begun_on, TODAY, is_up_to_date=is_up_to_date) is begins


GOOD = {
    "RECOUP_LOCAL": "1",
    "RECOUP_DEV_KEY": "a-development-key-of-tests",
    **{
        f"{service}_DATABASE_URL": "postgresql://u:p@127.0.0.1/x"
        for service in ("LEDGER", "SEGMENTATION", "OUTREACH", "METRICS")
    },
}


def test_mails_go_by_its_own_server_or_by_that_of_outreach() -> None:
    assert Settings.from_env(GOOD).mail_server is None
    outreach = {"OUTREACH_SMTP_URL": "smtp://a.example", "OUTREACH_MAIL_FROM": "a@a.example"}
    settings = Settings.from_env(GOOD | outreach)
    assert settings.mail_server is not None
    assert (settings.mail_server.host, settings.mail_from.address) == ("a.example", "a@a.example")
    own = outreach | {"METRICS_SMTP_URL": "smtp://b.example", "METRICS_MAIL_FROM": "b@b.example"}
    settings = Settings.from_env(GOOD | own)
    assert settings.mail_server is not None
    assert (settings.mail_server.host, settings.mail_from.address) == ("b.example", "b@b.example")


@pytest.mark.parametrize(
    ("name", "value"), [("METRICS_SMTP_URL", "http://b"), ("METRICS_MAIL_FROM", "nobody")]
)
def test_what_is_no_server_or_address_stops_the_start(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name):
        Settings.from_env(GOOD | {name: value})


def test_peers_are_at_their_ports_unless_told_otherwise() -> None:
    urls = Settings.from_env(GOOD).peer_urls
    assert urls == {"outreach": "http://127.0.0.1:8003", "segmentation": "http://127.0.0.1:8002"}
