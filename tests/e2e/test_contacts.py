"""No contact that should not happen: a ledger that is silent or behind, a mail server that never
answers, payments that come in while contacts are made."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import UTC, datetime

import httpx
import pytest

from tests.e2e.conftest import LONG_OVER_KAFKA, NewPlatform
from tests.e2e.desk import Desk
from tests.e2e.dunning import (
    LEASE_SECONDS,
    MORNING,
    NOON,
    UNCERTAIN_SECONDS_MAX,
    finish,
    names,
    overdue,
    pass_intake_seconds,
    pass_leases,
    reminders,
    said,
    sent_although_paid,
    states,
    wait_no_intent,
)
from tests.e2e.log import produce
from tests.e2e.mail import MailServer, mail_server
from tests.e2e.platform import Platform, wait_for
from tests.e2e.silence import door_to
from tests.factories import a_payment

pytestmark = pytest.mark.e2e

Paused = AbstractContextManager[None]

WAIT_SECONDS = 40.0  # longer than the 30 s that a ledger may be behind its intake


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


def nothing_left(desk: Desk, mail: MailServer, accounts: list[str], rule: str) -> None:
    """Nobody was written to; every contact waits, and says why."""
    assert mail.messages == []
    assert said(desk, "contact-sent", "contact-uncertain") == []
    found = reminders(desk, accounts)
    assert set(found) == set(accounts)
    for contact in found.values():
        assert contact["state"] == "planned"
        assert contact["suppressed_by"] == [rule]


def one_each_of(desk: Desk, mail: MailServer, accounts: Sequence[str]) -> None:
    """One mail to each of these, and none to anybody else."""
    assert set(states(desk, accounts).values()) == {"sent"}
    assert {account: len(mail.to(account)) for account in accounts} == dict.fromkeys(accounts, 1)
    assert len(said(desk, "contact-sent")) == len(mail.messages) == len(accounts)


# ---------------------------------------------------------------------- the ledger does not answer


def check_a_silent_ledger(
    desk: Desk, mail: MailServer, accounts: list[str], paused: Callable[[], Paused]
) -> None:
    with paused():
        counts = desk.run_due(MORNING)["counts"]
        assert counts["sent"] == 0
        assert counts["deferred"] == len(accounts)
    nothing_left(desk, mail, accounts, "live-check-unanswered")
    finish(desk, accounts)
    desk.run_due(NOON)
    one_each_of(desk, mail, accounts)
    assert len(said(desk, "contact-suppressed")) == len(accounts), "once per contact and rule"


def test_a_ledger_that_stands_still_means_no_mail(
    new_platform: NewPlatform, mail: MailServer
) -> None:
    """Locally the ledger shares a process with those who ask it: the door between them stops."""
    platform = new_platform(OUTREACH_SMTP_URL=mail.url)
    with door_to(platform.url("ledger")) as door:
        platform.start(LEDGER_URL=door.url)
        accounts = names(5)
        check_a_silent_ledger(overdue(platform, accounts), mail, accounts, door.paused)


# ------------------------------------------------------- over Kafka: processes that stand still


def pay_over_kafka(desk: Desk, account_id: str) -> None:
    payment = a_payment(f"P-{account_id}", account_id, 10000, received_at=MORNING)
    produce(
        desk.platform.bootstrap,
        "billing.events",
        f"{desk.tenant}/{account_id}",
        json.dumps({**payment, "tenantid": desk.tenant}).encode(),
        {"content-type": "application/cloudevents+json"},
    )


def intake_age_seconds(desk: Desk, account_id: str) -> float:
    """How long ago the ledger's intake last stood at the end of `billing.events`."""
    answer = desk.post("ledger", "/v1/accounts/collectable", {"account_ids": [account_id]})
    caught_up_at = datetime.fromisoformat(answer["intake_caught_up_at"])
    return (datetime.now(UTC) - caught_up_at).total_seconds()


@pytest.mark.kafka
@pytest.mark.parametrize(
    "really", [pytest.param(False), pytest.param(True, marks=pytest.mark.full)]
)
def test_processes_of_the_ledger_that_stand_still(
    new_platform: NewPlatform, mail: MailServer, *, really: bool
) -> None:
    """`really`: the 40 seconds go by; else only the ledger's note of the last instant is moved."""
    platform = new_platform("kafka", OUTREACH_SMTP_URL=mail.url).start()
    accounts = names(5)
    check_a_silent_ledger(
        overdue(platform, accounts), mail, accounts, lambda: platform.paused("ledger app")
    )
    mail.messages.clear()
    desk = overdue(platform, accounts)
    with platform.paused("ledger worker"):
        pay_over_kafka(desk, accounts[0])
        if not really:
            pass_intake_seconds(platform, int(WAIT_SECONDS))
        wait_for(lambda: intake_age_seconds(desk, accounts[0]) >= WAIT_SECONDS, 2 * WAIT_SECONDS)
        assert desk.amounts(accounts[0])["balance_minor"] == 10000, "the payment waits in Kafka"
        assert desk.run_due(MORNING)["counts"]["sent"] == 0
    nothing_left(desk, mail, accounts, "live-check-behind-intake")
    wait_for(lambda: desk.amounts(accounts[0])["balance_minor"] == 0, 120, "the payment is in")
    platform.wait_quiet()
    finish(desk, accounts)
    paid = reminders(desk, accounts)[accounts[0]]
    assert (paid["state"], paid["because"]) == ("cancelled", "paid")
    assert mail.to(accounts[0]) == []
    one_each_of(desk, mail, accounts[1:])


# -------------------------------------------------------------- a mail server that never answers


def run_due_until_killed(desk: Desk) -> None:
    with pytest.raises(httpx.TransportError):
        desk.run_due(MORNING)


def kill_outreach(platform: Platform) -> None:
    """SIGKILL to the process that is sending, and a new one in its place."""
    before = platform.part("outreach app").pid
    platform.kill_part("outreach app")
    wait_for(lambda: platform.part("outreach app").pid != before, 120, "outreach is started again")
    wait_for(lambda: answers(platform, "outreach"), 120, "outreach answers")


def answers(platform: Platform, service: str) -> bool:
    try:
        return platform.client.get(f"{platform.url(service)}/health/ready").is_success
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("transport", LONG_OVER_KAFKA)
@pytest.mark.parametrize(
    "really", [pytest.param(False), pytest.param(True, marks=pytest.mark.full)]
)
def test_a_mail_server_that_never_answers(
    new_platform: NewPlatform, mail: MailServer, transport: str, *, really: bool
) -> None:
    """`really`: the minute of the lease goes by; else it is moved."""
    platform = new_platform(transport, OUTREACH_SMTP_URL=mail.url).start()
    accounts = names(20)  # more than are handed over at once, more than have an intent at once
    desk = overdue(platform, accounts)
    mail.is_silent = True
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(run_due_until_killed, desk)
        wait_for(lambda: bool(mail.messages), 120, "a message is being handed over")
        kill_outreach(platform)
        run.result()
    mail.is_silent = False
    taken = [str(message["Message-ID"]) for message in mail.messages]
    desk.run_due(MORNING)  # whatever it does, it repeats nothing
    if really:
        wait_no_intent(desk, accounts, LEASE_SECONDS + UNCERTAIN_SECONDS_MAX)
    else:
        pass_leases(desk)
        wait_no_intent(desk, accounts, UNCERTAIN_SECONDS_MAX)
    ended = finish(desk, accounts)
    uncertain = [account for account, state in ended.items() if state == "uncertain"]
    sent = [account for account, state in ended.items() if state == "sent"]
    assert len(uncertain) >= len(taken) >= 1
    assert sorted(uncertain + sent) == accounts, ended
    assert mail.most_of_one() == 1, "at most one message per contact"
    assert all(len(mail.to(account)) <= 1 for account in uncertain)
    assert all(len(mail.to(account)) == 1 for account in sent)
    assert len(said(desk, "contact-uncertain")) == len(uncertain)
    assert len(said(desk, "contact-sent")) == len(sent)


# ------------------------------------------------------------------------- payments that stream in


@pytest.mark.parametrize("transport", LONG_OVER_KAFKA)
@pytest.mark.parametrize(
    "count", [pytest.param(60), pytest.param(200, marks=pytest.mark.full)], ids=["60", "200"]
)
def test_payments_stream_in_while_contacts_are_made(
    new_platform: NewPlatform, mail: MailServer, transport: str, count: int
) -> None:
    platform = new_platform(transport, OUTREACH_SMTP_URL=mail.url).start()
    accounts = names(count)
    desk = overdue(platform, accounts)
    mail.seconds_each = 0.3  # so that a run spans several checks and many payments

    def pay_all() -> None:
        wait_for(lambda: bool(mail.messages), 120, "the run is under way")
        for account_id in reversed(accounts):  # towards those who are written to, in order
            desk.send(a_payment(f"P-{account_id}", account_id, 10000, received_at=MORNING))

    with ThreadPoolExecutor(1) as pool:
        paying = pool.submit(pay_all)
        while not paying.done():
            desk.run_due(MORNING)
        paying.result()
    platform.wait_quiet()
    mail.seconds_each = 0.0
    ended = Counter(finish(desk, accounts).values())
    assert sent_although_paid(desk) == []
    assert set(ended) == {"sent", "cancelled"}, "both before and after: the streams overlapped"
    assert ended.total() <= count, "who has paid before his turn has no contact"
    assert len(mail.messages) == ended["sent"] == len(said(desk, "contact-sent"))
    assert mail.most_of_one() == 1
