"""What the ledger would make of a file: by the ledger's own rules, account by account."""

import pickle
from collections.abc import Iterator
from datetime import date, datetime

from services.ledger import domain
from services.ledger.domain import Fact, difference, kept
from services.ledger.domain.facts import newest
from services.ledger.domain.rules import NO_RULES, Rules
from services.ledger.domain.waiting import owner_of
from services.ledger.import_files.order import ACCOUNTS
from services.ledger.import_files.report import Balances, Foresight
from services.ledger.import_files.store import FileEvents
from shared.business_time import NOTHING_BEGUN, Begun
from shared.cloudevents import BATCH, Incoming, parse_http
from shared.events.ledger import Amounts

_HEADERS = ((b"content-type", BATCH.encode()),)
_PARSED = 1_000

FactName = tuple[str, str]


def foresee(
    events: FileEvents,
    *,
    zone: str = "UTC",
    begun: Begun = NOTHING_BEGUN,
    rules: Rules = NO_RULES,
    today: date,
    now: datetime,
) -> Foresight:
    """Duplicates, conflicts, and the amounts of the file's accounts by the tenant's rules.

    What is overdue, and what is charged, is counted at the begun day; where none has begun, today.
    """
    foresight = Foresight()
    after = ""
    while accounts := events.accounts(after=after, limit=_PARSED):
        for account_id in accounts:
            facts = _facts(account_id, events, foresight, now)
            day = begun.on(_zone_of(facts, zone)) or today
            state = domain.load_account(account_id, zone, facts, (), 0, rules=rules, begun_on=day)
            for amounts in domain.amounts_at(state, day):
                _add(foresight.after.setdefault(amounts.currency, Balances()), amounts)
        after = accounts[-1]
    foresight.after = dict(sorted(foresight.after.items()))
    return foresight


def _zone_of(facts: list[Fact], zone: str) -> str:
    """The account's own zone, else the tenant's."""
    records = [fact for fact in facts if fact.kind in ACCOUNTS]
    own: str | None = getattr(max(records, key=newest).data, "timezone", None) if records else None
    return own or zone


def _facts(account_id: str, events: FileEvents, foresight: Foresight, now: datetime) -> list[Fact]:
    """The account's facts after the import; what is known or contradicts is counted."""
    known = events.known_facts(account_id)
    stored: list[Fact] = pickle.loads(known) if known else []  # noqa: S301 - this project's file
    facts: dict[FactName, Fact] = {(fact.kind, fact.fact_id): fact for fact in stored}
    for fact in _new_facts(account_id, events, now):
        name = (fact.kind, fact.fact_id)
        first = facts.get(name)
        if first is not None:
            again = difference(fact.kind, (first.time, first.data), (fact.time, fact.data))
            foresight.conflicts += bool(again)
            foresight.duplicates += not again
        elif _is_another_s(fact, events):
            foresight.conflicts += 1
        else:
            facts[name] = fact
    return list(facts.values())


def _is_another_s(fact: Fact, events: FileEvents) -> bool:
    """Whether an id that is the tenant's belongs to another account, here or in the ledger."""
    if owner_of(fact):
        return False
    owner = events.owner(fact.kind, fact.fact_id)
    if owner is None:
        owner, _line = events.namesakes(fact.kind, fact.fact_id)[0]
    return owner != fact.account_id


def _new_facts(account_id: str, events: FileEvents, now: datetime) -> Iterator[Fact]:
    rows = events.events_of(account_id)
    for start in range(0, len(rows), _PARSED):
        part = rows[start : start + _PARSED]
        body = b"[" + b",".join(event for _, _, event in part) + b"]"
        items = parse_http(_HEADERS, body).items
        for (_, fact_id, _), item in zip(part, items, strict=True):
            assert isinstance(item, Incoming)  # the others were refused
            yield Fact(
                kind=item.type,
                fact_id=fact_id,
                account_id=account_id,
                source=item.source,
                event_id=item.id,
                time=item.time,
                recordedtime=now,
                data=kept(item.type, item.data),
            )


def _add(balances: Balances, amounts: Amounts) -> None:
    balances.balance += amounts.balance_minor
    balances.overdue += amounts.overdue_minor
    balances.unapplied += amounts.unapplied_minor
    balances.charges += amounts.charges_minor
