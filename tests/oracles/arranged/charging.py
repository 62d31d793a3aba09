"""LEDGER-CHARGES 1: charges of an invoice or account, waivers."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from tests.oracles.arranged.purse import Purse
from tests.oracles.arranged.table import Charge, Dispute, Posting, Subject

if TYPE_CHECKING:
    from tests.oracles.arranged.timeline import Act, Timeline

Rates = dict[str, list[tuple[date, str]]]


@dataclass
class Waiver(Subject):
    data: Any = None


@dataclass
class Foreseen:
    """What bears on earlier days and is known only at the end."""

    frozen: list[Any] = field(default_factory=list)


def foresee(w: Any) -> Foreseen:
    return Foreseen()


class Charging(Purse):
    timeline: "Timeline"

    def clear_charges(self) -> None:
        self.waivers: dict[str, Waiver] = {}

    def post_interest(self, invoice: str | None, now: datetime) -> None: ...
    def post_interest_of(self, invoices: Any, now: datetime) -> None: ...
    def bear(self, today: date) -> None: ...
    def charge_day(self, today: date, now: datetime) -> None: ...
    def bounce(self, act: "Act", taken: int) -> None: ...
    def before_resolution(self, dispute: Dispute, act: "Act") -> None: ...
    def after_resolution(self, dispute: Dispute, act: "Act") -> None: ...
    def resolve_of_charge(self, charge_id: str, act: "Act") -> None: ...
    def look_at_discounts(self, now: datetime) -> None: ...
    def accrued(self, currency: str) -> int:
        return 0

    def add_charge(self, act: "Act") -> None:
        data = act.data
        charge = Charge(data.charge_id, data.kind, data.invoice_id, data.currency, data.charged_on)
        charge.postings.append(Posting(act.instant, data.charged_on, data.amount_minor))
        self.charges[charge.id] = charge

    def ask_to_waive(self, act: "Act") -> None:
        waiver = Waiver(act.data.waiver_id, data=act.data)
        self.waivers[waiver.id] = waiver
        if act.data.approval is not None:
            waiver.become("pending_approval", act.instant)
        else:
            self.waive(waiver, act.instant)

    def waive(self, waiver: Waiver, now: datetime) -> None:
        charge = self.charges.get(waiver.data.charge_id)
        if charge is None:
            return
        asked = waiver.data.amount_minor
        most = charge.amount - charge.waived
        amount = self.open_of(charge) if asked is None else min(asked, most)
        if amount > 0:
            charge.waivers[waiver.id] = amount
        waiver.become("made", now)
        self.take_off(charge, now)
