"""What a visitor sees of an account: amounts with their parts and why, payments, agreements, and
what may be agreed on now. From the ledger's answers, and nothing of them that is not the visitor's
to see."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.outreach.channels.domain.amounts import Notation
from services.outreach.portal.domain.refusals import because_words
from services.outreach.portal.domain.words import PortalWords

Shown = dict[str, Any]
JsonObject = Mapping[str, Any]

_PAYMENTS = frozenset({"payment-received", "payment-reversed"})  # lines of a statement
_AMOUNTS = ("collectable_minor", "overdue_minor", "disputed_minor", "promised_minor")
_PROMISE = ("promise_id", "state", "currency", "amount_minor", "received_minor", "due_on",
            "invoice_ids")  # fmt: skip
_PLAN = ("plan_id", "state", "currency", "total_minor", "paid_minor", "arrears_minor",
         "invoice_ids", "expires_on")  # fmt: skip
_SETTLEMENT = ("settlement_id", "state", "kind", "currency", "amount_minor", "base_minor",
               "paid_minor", "pay_by_on", "valid_until_on", "counter_minor", "invoice_ids",
               "expires_on")  # fmt: skip
_DISPUTE = ("dispute_id", "state", "currency", "invoice_id", "charge_id", "disputed_minor",
            "reason_code", "evidence_by_on", "answer_by_on", "outcome",
            "credited_minor")  # fmt: skip
_INSTALMENT = ("n", "due_on", "amount_minor", "state", "short_minor")
_PREVIEWED = ("ends", "stops", "collectable_minor")


@dataclass(frozen=True)
class Reader:
    """In whose words and notation it is written."""

    words: PortalWords
    language: str
    notation: Notation

    def money(self, minor: object, currency: object) -> str | None:
        if isinstance(minor, int) and isinstance(currency, str):
            return str(self.notation.money(minor, currency))
        return None

    def day(self, value: object) -> str | None:
        if not isinstance(value, str):
            return None
        try:
            return str(self.notation.day(date.fromisoformat(value)))
        except ValueError:
            return None


def currencies_view(
    account: JsonObject, payoff: JsonObject, urls: Mapping[str, str], reader: Reader
) -> list[Shown]:
    """What is to pay, per currency: every invoice with its parts, each with its reason."""
    by_currency = {each["currency"]: each for each in account.get("amounts", ())}
    found = {each["currency"]: each for each in payoff.get("currencies", ())}
    return [
        _currency_view(code, by_currency.get(code, {}), found.get(code, {}), urls, reader)
        for code in sorted({*by_currency, *found})
    ]


def _currency_view(
    code: str, amounts: JsonObject, payoff: JsonObject, urls: Mapping[str, str], reader: Reader
) -> Shown:
    to_pay = amounts.get("collectable_minor", 0)
    return {
        "currency": code,
        "to_pay_now_minor": to_pay,
        "to_pay_now": reader.money(to_pay, code),
        **{name: amounts.get(name, 0) for name in _AMOUNTS[1:]},
        "total_minor": payoff.get("total_minor", 0),
        "total": reader.money(payoff.get("total_minor", 0), code),
        "unapplied_minor": payoff.get("unapplied_minor", 0),
        "discount_minor": payoff.get("discount_minor", 0),
        "accrued_minor": amounts.get("accrued_minor", 0),
        "per_day_minor": payoff.get("per_day_minor", 0),
        "invoices": [_invoice_view(i, code, urls, reader) for i in payoff.get("invoices", ())],
        "charges": [_part_view(part, code, reader) for part in payoff.get("charges", ())],
    }


def _invoice_view(invoice: JsonObject, code: str, urls: Mapping[str, str], reader: Reader) -> Shown:
    parts = invoice.get("parts", ())
    amount = sum(part["amount_minor"] for part in parts)
    return {
        "invoice_id": invoice["invoice_id"],
        "number": invoice.get("number"),
        "issued_on": invoice.get("issued_on"),
        "due_on": invoice.get("due_on"),
        "due": reader.day(invoice.get("due_on")),
        "days_past_due": invoice.get("days_past_due"),
        "amount_minor": amount,
        "amount": reader.money(amount, code),
        "disputed_minor": invoice.get("disputed_minor", 0),
        "taken_by": _kind_of(invoice.get("taken_by")),
        "parts": [_part_view(part, code, reader) for part in parts],
        "payment_url": urls.get(invoice["invoice_id"]),
    }


def _part_view(part: JsonObject, code: str, reader: Reader) -> Shown:
    return {
        "kind": part.get("kind"),
        "charge_id": part.get("charge_id"),
        "amount_minor": part.get("amount_minor"),
        "amount": reader.money(part.get("amount_minor"), code),
        "why": part.get("text"),
    }


def _kind_of(taken_by: object) -> str | None:
    """Plan, settlement or placement: not its id."""
    return str(taken_by).partition(" ")[0] if taken_by else None


def payments_view(statement: JsonObject, reader: Reader) -> list[Shown]:
    """Money that came, and what of it was taken back (below 0); the newest first."""
    found = [
        {
            "on": line["on"],
            "payment_id": line.get("id"),
            "currency": currency["currency"],
            "amount_minor": -line["amount_minor"],
            "amount": reader.money(-line["amount_minor"], currency["currency"]),
            "what": line.get("text"),
        }
        for currency in statement.get("currencies", ())
        for line in currency.get("lines", ())
        if line.get("kind") in _PAYMENTS
    ]
    return sorted(found, key=lambda each: (each["on"], str(each["payment_id"])), reverse=True)


def agreements_view(account: JsonObject, disputes: JsonObject) -> Shown:
    return {
        "promises": [promise_shown(each) for each in account.get("promises", ())],
        "plans": [plan_shown(each) for each in account.get("plans", ())],
        "settlements": [settlement_shown(each) for each in account.get("settlements", ())],
        "disputes": [dispute_shown(each) for each in disputes.get("items", ())],
    }


def options_view(options: JsonObject, reader: Reader) -> list[Shown]:
    """What may be asked for now; why not, in words."""
    return [
        {
            **{name: value for name, value in each.items() if name != "because"},
            "because": {
                noun: {"code": code, "text": because_words(code, reader.words, reader.language)}
                for noun, code in each.get("because", {}).items()
            },
        }
        for each in options.get("currencies", ())
    ]


# ── What a command made ─────────────────────────────────────────────────────────────────────────


def promise_shown(made: JsonObject) -> Shown:
    return _picked(made, _PROMISE)


def plan_shown(made: JsonObject) -> Shown:
    return {**_picked(made, _PLAN), "instalments": list(_instalments(made))}


def settlement_shown(made: JsonObject) -> Shown:
    return {**_picked(made, _SETTLEMENT), "instalments": list(_instalments(made))}


def dispute_shown(made: JsonObject) -> Shown:
    return _picked(made, _DISPUTE)


def bid_shown(made: JsonObject) -> Shown:
    """A bid has its answer at once: accepted, we could accept another amount, not this, or a person
    decides by a day."""
    state = made.get("state")
    if state == "declined":
        answer = "counter" if made.get("counter_minor") else "declined"
    else:
        answer = "pending" if state == "pending_approval" else "accepted"
    return {**settlement_shown(made), "answer": answer}


def _picked(made: JsonObject, names: Sequence[str]) -> Shown:
    return {name: made.get(name) for name in (*names, *_PREVIEWED) if name in made}


def _instalments(made: JsonObject) -> Iterator[Shown]:
    for each in made.get("instalments", ()):
        yield {name: each.get(name) for name in _INSTALMENT}
