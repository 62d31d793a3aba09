"""What an import would do: all of the file is read and checked, nothing is sent."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec

from services.ledger.domain import check
from services.ledger.importer.order import ACCOUNTS, acts_at
from services.ledger.importer.sending import BATCH_EVENTS, refused_as
from services.ledger.importer.store import Refusals
from shared.cloudevents import BATCH, Incoming, Refused, parse_http
from shared.csv_events.mapping import MappingFile
from shared.csv_events.rows import Made
from shared.errors import FieldError
from shared.events import billing
from shared.money import to_text

_HEADERS = ((b"content-type", BATCH.encode()),)


class Trial:
    """Counts what would be sent, as the ledger would take it."""

    def __init__(self) -> None:
        self.events: Counter[str] = Counter()
        self.sums: dict[str, Counter[str]] = defaultdict(Counter)
        self.accounts: set[str] = set()
        self.first_on = self.last_on = ""

    def take(self, events: Iterable[Made], mapping: MappingFile, refusals: Refusals) -> None:
        """Count events; what the ledger would refuse by itself is refused here."""
        rest = iter(events)
        while batch := list(islice(rest, BATCH_EVENTS)):
            body = msgspec.json.encode([made.event for made in batch])
            for made, item in zip(batch, parse_http(_HEADERS, body).items, strict=True):
                errors = _errors(item)
                for error in errors:
                    refusals.add(refused_as(mapping, made, error.pointer, error.detail))
                if not errors:
                    self._count(made)

    def lines(self) -> Iterator[str]:
        """For a person."""
        for kind in billing.TYPES:
            if self.events[kind]:
                sums = (f"{to_text(n, code)} {code}" for code, n in sorted(self.sums[kind].items()))
                yield f"  {kind:20} {self.events[kind]:>9}  {'   '.join(sums)}".rstrip()
        yield f"  {'accounts':20} {len(self.accounts):>9}"
        if self.first_on:
            yield f"  {'days':20} {self.first_on} to {self.last_on}"

    def _count(self, made: Made) -> None:
        event = made.event
        data = event["data"]
        self.events[event["type"]] += 1
        self.accounts.add(data["account_id"])
        if "currency" in data and "amount_minor" in data:
            self.sums[event["type"]][data["currency"]] += data["amount_minor"]
        if event["type"] in ACCOUNTS:
            return
        day = acts_at(event)[:10]
        self.first_on = min(day, self.first_on or day)
        self.last_on = max(day, self.last_on)


def _errors(item: Incoming | Refused) -> tuple[FieldError, ...]:
    if isinstance(item, Refused):
        return item.errors
    return tuple(check(item.type, item.time, item.data))
