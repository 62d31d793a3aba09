"""What the ledger announces of facts, as a consumer gets it."""

from collections.abc import Iterable, Sequence
from datetime import date

import msgspec

from services.ledger import domain
from services.ledger.domain import AccountState, Fact, LedgerAnnouncement
from shared.business_time import Begun
from shared.events import LEDGER, Received
from tests.unit.ledger.ledger_factories import BERLIN, RECORDED

TENANT, ACCOUNT = "demo", "C1"


def received(said: Iterable[LedgerAnnouncement], after: int = 0) -> list[Received]:
    """The announcements as events, numbered from `after` on."""
    return [
        Received(
            topic=LEDGER,
            tenant=TENANT,
            key=ACCOUNT,
            type=each.type,
            id=f"e{number}",
            source=f"/recoup/{TENANT}/ledger",
            sequence=number,
            time=each.time,
            day=each.day,
            recordedtime=each.recordedtime or RECORDED,
            data=msgspec.json.encode(each.data),
            causationid=each.fact.event_id if each.fact is not None else None,
        )
        for number, each in enumerate(said, start=after + 1)
    ]


def tell(
    facts: Sequence[Fact], days: Sequence[date] = (), last: date | None = None
) -> tuple[AccountState, list[Received]]:
    """An account that takes facts one by one, its days beginning between them: what it says."""
    account, begun = domain.new_account(ACCOUNT, BERLIN), Begun()
    said: list[LedgerAnnouncement] = []
    passed = sorted(days)
    for fact in facts:
        said += domain.record(account, [fact], begun).announcements
        if passed:
            begun = Begun(day=passed.pop(0))
            said += domain.begin(account, begun).announcements
    if last is not None:
        said += domain.begin(account, Begun(day=last)).announcements
    return account, received(said)
