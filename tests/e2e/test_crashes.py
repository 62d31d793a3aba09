"""Killed at each kill point, started again: the same as a twin that was never killed.

Save that a contact caught between intent and result is `contact-uncertain`, with at most one mail.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeVar

import httpx
import pytest

from shared.events import TOPICS
from shared.process.crash import POINTS
from tests.e2e.conftest import require_kafka
from tests.e2e.desk import Desk
from tests.e2e.dunning import (
    DAY,
    MORNING,
    UNCERTAIN_SECONDS_MAX,
    finish,
    names,
    owing,
    pass_leases,
    reminders,
    said,
    wait_no_intent,
)
from tests.e2e.log import Logged, read_log
from tests.e2e.mail import MailServer, mail_server
from tests.e2e.platform import PAUSE_SECONDS, Platform
from tests.factories import a_payment

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

T = TypeVar("T")
Json = dict[str, Any]

ACCOUNTS = names(120)  # more than one range of `start-day`
DEBTORS = ACCOUNTS[:12]  # the others have paid before anybody is written to
SEQUENCED = [topic for topic in TOPICS if topic.endswith(".events") and topic != "billing.events"]
AGAIN_SECONDS_MAX = 180.0
# Where contacts are left between intent and result.
AMBIGUOUS = {"outreach.after_intent", "outreach.after_handover", "outreach.after_result"}


@dataclass
class Survivor:
    """A platform that may die at any call. Whoever calls tries again, as every sender must."""

    platform: Platform

    def call(self, ask: Callable[[], T]) -> T:
        """Ask until there is an answer; what has died is started again, no longer armed."""
        end = time.monotonic() + AGAIN_SECONDS_MAX
        while time.monotonic() < end:
            try:
                return ask()
            except httpx.HTTPError:
                time.sleep(PAUSE_SECONDS)
        return ask()


@dataclass(frozen=True)
class Outcome:
    """What can be seen of a tenant from outside, its name left out."""

    books: Json
    log: dict[str, list[tuple[object, ...]]]
    figures: Json
    segments: dict[str, object]
    contacts: dict[str, list[tuple[str, str]]]


def live(survivor: Survivor, desk: Desk) -> None:
    """A short history of a tenant: facts, a day, payments, contacts."""
    call, quiet = survivor.call, desk.platform.wait_quiet
    call(lambda: desk.settle_in(timezone="Europe/Berlin", contact_from="2026-01-01"))
    facts = owing(ACCOUNTS)  # the same ones again when there was no answer
    call(lambda: desk.send(*facts))
    call(lambda: desk.start_day(DAY))
    call(quiet)
    paid = [
        a_payment(f"P-{account}", account, 10000, received_at=f"{DAY}T07:00:00Z")
        for account in ACCOUNTS[len(DEBTORS) :]
    ]
    call(lambda: desk.send(*paid))
    call(quiet)
    call(lambda: desk.run_due(MORNING))
    call(quiet)
    pass_leases(desk)  # of what died: its claims are free, its intents uncertain
    call(lambda: wait_no_intent(desk, DEBTORS, UNCERTAIN_SECONDS_MAX))
    call(lambda: finish(desk, DEBTORS))
    call(quiet)


def outcome(desk: Desk) -> Outcome:
    month = ("2026-03-01", "2026-03-31")
    return Outcome(
        books={
            "accounts": [desk.account(account) for account in ACCOUNTS],
            "invoices": list(desk.every("/v1/invoices")),
            "aging": desk.get("ledger", "/v1/aging", as_of=DAY, currency="EUR"),
            "violations": desk.integrity(),
        },
        log={
            key: [(e.type, e.sequence, e.time, e.day, _figures(e)) for e in events]
            for key, events in by_key(desk, "ledger.events").items()
        },
        figures={
            name: desk.figure(name, *month, currency="EUR")
            for name in ("invoiced", "received", "recovery_rate", "dso")
        },
        segments={
            account: desk.get("segmentation", f"/v1/accounts/{account}/score")["segment"]
            for account in DEBTORS
        },
        contacts={
            account: sorted((c["step"], c["state"]) for c in desk.contacts(account))
            for account in DEBTORS
        },
    )


def _figures(event: Logged) -> dict[str, Any]:
    """An event's data, without the hashes over when each entry was recorded."""
    hashes = ("root", "previous", "hash") if event.type == "ledger-sealed" else ()
    return {name: value for name, value in event.data.items() if name not in hashes}


def by_key(desk: Desk, topic: str) -> dict[str, list[Logged]]:
    """The log by account, without what a relay sent twice. No gap, no inversion."""
    found: dict[str, list[Logged]] = {}
    events = sorted(read_log(desk.platform, desk.tenant, topic), key=lambda e: e.key)
    for key, of_key in groupby(events, key=lambda e: e.key):
        kept: list[Logged] = []
        for event in of_key:
            if event.sequence > len(kept):
                assert event.sequence == len(kept) + 1, f"a gap in {key} before {event}"
                kept.append(event)
            assert kept[event.sequence - 1].id == event.id, f"two events of one number: {event}"
        found[key.partition("/")[2]] = kept
    return found


@dataclass(frozen=True)
class Ground:
    """A platform that each test starts armed, and what the twin's life came to there."""

    platform: Platform
    mail: MailServer
    twin: Outcome


def ground(folder: Any, *, over_kafka: bool) -> Iterator[Ground]:
    with mail_server() as mail:
        platform = Platform(
            folder / "var", over_kafka=over_kafka, environment={"OUTREACH_SMTP_URL": mail.url}
        )
        try:
            desk = Desk(platform.start())
            live(Survivor(platform), desk)
            twin = outcome(desk)
            assert len(mail.messages) == len(DEBTORS)
            platform.stop()
            yield Ground(platform, mail, twin)
        finally:
            platform.remove()


@pytest.fixture(scope="module")
def locally(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    yield from ground(tmp_path_factory.mktemp("crashes"), over_kafka=False)


@pytest.fixture(scope="module")
def over_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    require_kafka()
    yield from ground(tmp_path_factory.mktemp("crashes"), over_kafka=True)


def check(ground: Ground, point: str) -> None:
    """Live through a death at the point, and compare with the twin."""
    ground.mail.messages.clear()
    desk = Desk(ground.platform.start(RECOUP_CRASH_AT=point))
    survivor = Survivor(ground.platform)
    try:
        live(survivor, desk)
        found, twin = outcome(desk), ground.twin
        assert found.books == twin.books
        assert found.books["violations"] == {}
        for key, events in twin.log.items():
            assert found.log.get(key) == events, key
        assert set(found.log) == set(twin.log)
        assert found.figures == twin.figures
        assert found.segments == twin.segments
        for topic in SEQUENCED:
            by_key(desk, topic)
        check_contacts(desk, ground.mail, found, twin, point)
    finally:
        ground.platform.stop()
    assert "process ended by itself" in ground.platform.said


def check_contacts(desk: Desk, mail: MailServer, found: Outcome, twin: Outcome, point: str) -> None:
    assert mail.most_of_one() <= 1, "at most one mail per contact"
    mails = Counter({account: len(mail.to(account)) for account in DEBTORS})
    states = {account: contact["state"] for account, contact in reminders(desk, DEBTORS).items()}
    uncertain = {account for account, state in states.items() if state == "uncertain"}
    assert bool(uncertain) == (point in AMBIGUOUS)
    sure = [account for account in DEBTORS if account not in uncertain]
    assert {a: found.contacts[a] for a in sure} == {a: twin.contacts[a] for a in sure}
    assert all(mails[account] == 1 for account in sure)
    assert all(mails[account] <= 1 for account in uncertain)
    assert len(said(desk, "contact-uncertain")) == len(uncertain)
    assert len(said(desk, "contact-sent")) == len(sure)


# Deaths in work that this story has none of have stories of their own (test_imports.py; of metrics
# test_generations.py, test_plan_killed.py and test_plan_mails.py; of outreach test_killed.py,
# test_inbound_crashes.py, test_letter_channel.py, test_uncertain.py and test_webhooks.py in the
# integration tests).
ELSEWHERE = (
    "ledger.import.",
    "ledger.restate.",
    "metrics.",
    "outreach.command.",
    "outreach.inbound.",
    "outreach.letters.",
    "outreach.uncertain.",
    "outreach.webhook.",
)
LIVED_POINTS = sorted(point for point in POINTS if not point.startswith(ELSEWHERE))
LOCAL_POINTS = [point for point in LIVED_POINTS if not point.startswith(("relay.", "restore."))]


@pytest.mark.parametrize("point", LOCAL_POINTS)
def test_a_death_leaves_no_trace(locally: Ground, point: str) -> None:
    check(locally, point)


@pytest.mark.kafka
@pytest.mark.full
@pytest.mark.parametrize("point", LIVED_POINTS)
def test_over_kafka_a_death_leaves_no_trace(over_kafka: Ground, point: str) -> None:
    check(over_kafka, point)
