"""What the variables of a template are: amounts and days as they are written in its language."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from services.outreach.channels.domain.addresses import printable
from services.outreach.channels.domain.amounts import Day, Money, Notation
from services.outreach.channels.domain.message_values import (
    Answered,
    CreditorDetails,
    Line,
    LinePart,
    MessageValues,
    Total,
)

PRINCIPAL, DISCOUNT = "principal", "discount"


@dataclass(frozen=True)
class PartView:
    kind: str
    name: str
    amount: Money


@dataclass(frozen=True)
class LineView:
    number: str
    due_on: Day
    amount: Money
    parts: tuple[PartView, ...]
    charges: Money  # fees, costs and interest among the parts


@dataclass(frozen=True)
class AnswerView:
    """What a message answers: the payment of a day, an invoice that was disputed."""

    kind: str
    name: str  # of its kind, in the language
    number: str
    on: Day
    amount: Money | None
    outcome: str | None  # in the language


@dataclass(frozen=True)
class TotalView:
    currency: str
    amount: Money  # what is asked for
    open: Money
    unapplied: Money
    charges: Money  # in what is open


@dataclass(frozen=True)
class CreditorView:
    name: str
    phone: str | None
    address: str | None
    url: str | None


def variables(
    values: MessageValues,
    notation: Notation,
    labels: Mapping[str, str],
    disclosures: Iterable[str],
    opt_out: str | None,
) -> dict[str, Any]:
    """The variables of a template, and those of the layouts."""
    content, creditor = values.content, values.creditor
    views = _Views(notation, labels)
    overdue_totals = views.totals(content.overdue_totals, content.overdue, content.charges)
    upcoming_totals = views.totals(content.upcoming_totals, content.upcoming, ())
    return {
        "name": printable(values.name),
        "creditor": _creditor(creditor),
        "overdue": views.lines(content.overdue),
        "upcoming": views.lines(content.upcoming),
        "promises": views.lines(content.promises),
        "instalments": views.lines(content.instalments),
        "settlements": views.lines(content.settlements),
        "answers": tuple(map(views.answer, content.answers)),
        "totals": overdue_totals or upcoming_totals,
        "overdue_totals": overdue_totals,
        "upcoming_totals": upcoming_totals,
        "overdue_unlisted": content.overdue_unlisted,
        "upcoming_unlisted": content.upcoming_unlisted,
        "charges": tuple(map(views.part, content.charges)),
        "charges_unlisted": content.charges_unlisted,
        "pay_url": values.pay_url or values.portal_url,
        "portal_url": values.portal_url,
        "code": values.code,
        "disclosures": tuple(disclosures),
        "opt_out": opt_out,
        "labels": labels,
    }


def _creditor(creditor: CreditorDetails) -> CreditorView:
    return CreditorView(creditor.name, creditor.phone, creditor.postal_address, creditor.url)


class _Views:
    def __init__(self, notation: Notation, labels: Mapping[str, str]) -> None:
        self._notation, self._labels = notation, labels

    def part(self, part: LinePart) -> PartView:
        name = self._labels.get(part.name) or self._labels.get(part.kind, part.kind)
        return PartView(part.kind, name, self._notation.money(part.amount_minor, part.currency))

    def answer(self, answered: Answered) -> AnswerView:
        minor, currency, outcome = answered.amount_minor, answered.currency, answered.outcome
        amount = None
        if minor is not None and currency is not None:
            amount = self._notation.money(minor, currency)
        return AnswerView(
            answered.kind,
            self._labels.get(answered.kind, answered.kind),
            printable(answered.number),
            self._notation.day(answered.on),
            amount,
            None if outcome is None else self._labels.get(outcome, outcome),
        )

    def lines(self, lines: Iterable[Line]) -> tuple[LineView, ...]:
        money = self._notation.money
        return tuple(
            LineView(
                printable(line.number),
                self._notation.day(line.due_on),
                money(line.amount_minor, line.currency),
                tuple(map(self.part, line.parts)),
                money(charges_minor(line.parts), line.currency),
            )
            for line in lines
        )

    def totals(
        self, totals: Iterable[Total], lines: Iterable[Line], charges: Iterable[LinePart]
    ) -> tuple[TotalView, ...]:
        money, listed = self._notation.money, tuple(lines)
        parts = [*charges, *(part for line in listed for part in line.parts)]
        return tuple(
            TotalView(
                total.currency,
                money(total.asked_minor, total.currency),
                money(total.open_minor, total.currency),
                money(total.unapplied_minor, total.currency),
                money(
                    charges_minor(p for p in parts if p.currency == total.currency), total.currency
                ),
            )
            for total in totals
        )


def charges_minor(parts: Iterable[LinePart]) -> int:
    """Fees, costs and interest."""
    return sum(part.amount_minor for part in parts if part.kind not in (PRINCIPAL, DISCOUNT))
