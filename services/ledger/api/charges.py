"""Charges over HTTP: made by hand, waived, listed; what settles all on a day."""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response

from services.ledger import domain
from services.ledger.api.commands import CallDep, CommandBody, Id, Reason, Staff
from services.ledger.api.dependencies import ContextDep, Reader, ReaderOrDebtor
from services.ledger.api.documents import Language, language_problems
from services.ledger.api.views import charge_view, plain
from services.ledger.commands.accounts import find_account, in_slices
from services.ledger.commands.agreements import Done
from services.ledger.documents.payoff import part_text
from services.ledger.documents.words import Words, language_of
from services.ledger.domain.charges import Charge, all_charges, charge_of
from services.ledger.domain.doors.charges import (
    ChargeAsked,
    WaiverAsked,
    add_charge,
    waive_charge,
    waiver_state,
)
from services.ledger.domain.payoff import InvoicePayoff, Payoff, PayoffPart, payoff_in_slices
from shared.errors import FieldError, Invalid
from shared.web import Day, ReadSessionDep
from shared.web.models import Currency, Minor

router = APIRouter(tags=["charges"])
_PATH = "/v1/accounts/{account_id}/charges"


class ChargeBody(CommandBody):
    """A fee or a cost."""

    charge_id: Id | None = None
    kind: Literal["fee", "cost"]
    invoice_id: Id | None = None
    currency: Currency
    amount_minor: Minor
    charged_on: Day | None = None
    reason: Reason


class WaiverBody(CommandBody):
    """Without an amount: what is open."""

    waiver_id: Id | None = None
    amount_minor: Minor | None = None
    reason: Reason


def _shown(done: Done, charge_id: str) -> Any:
    charge = charge_of(done.state, charge_id)
    assert charge is not None
    return charge_view(done.state, charge)


@router.post(_PATH, status_code=201)
async def post_charge(body: ChargeBody, call: CallDep, _caller: Staff) -> Response:
    """Charge a fee or a cost, on an invoice or on the account."""
    charge_id = call.id_for("charge", body.charge_id)
    asked = ChargeAsked(
        charge_id=charge_id,
        kind=body.kind,
        invoice_id=body.invoice_id,
        currency=body.currency,
        amount_minor=body.amount_minor,
        charged_on=body.charged_on,
        reason=body.reason,
    )
    return await call.answer(
        body,
        lambda state, asking: add_charge(state, asked, asking),
        ("charge-added", charge_id),
        lambda done: _shown(done, charge_id),
        id_pointer="/charge_id",
        status=201,
    )


@router.post(_PATH + "/{charge_id:path}/waive")
async def post_waiver(charge_id: str, body: WaiverBody, call: CallDep, _caller: Staff) -> Response:
    """Waive a charge, or a part of it; 202 where somebody else has to decide."""
    waiver_id = call.id_for("waiver", body.waiver_id)
    asked = WaiverAsked(
        waiver_id=waiver_id,
        charge_id=charge_id,
        amount_minor=body.amount_minor,
        reason=body.reason,
    )

    def shown(done: Done) -> Any:
        state, approval_id = waiver_state(done.state, waiver_id)
        charge = charge_of(done.state, charge_id)
        return {
            **(charge_view(done.state, charge) if charge is not None else {"charge_id": charge_id}),
            "waiver_id": waiver_id,
            "state": state,
            "approval_id": approval_id,
        }

    return await call.answer(
        body,
        lambda state, asking: waive_charge(state, asked, asking),
        ("charge-waived", waiver_id),
        shown,
        id_pointer="/waiver_id",
    )


@router.get(_PATH)
async def list_charges(
    account_id: str,
    context: ContextDep,
    session: ReadSessionDep,
    caller: Reader,
    invoice_id: str | None = None,
    kind: Literal["cost", "interest", "fee"] | None = None,
    status: Literal["open", "paid", "waived"] | None = None,
    as_of: Annotated[Day | None, Query()] = None,
) -> Any:
    """An account's charges, by day."""
    _, account = await find_account(session, caller.tenant, account_id, context)
    if as_of is not None:
        account = await in_slices(session, domain.as_of_in_slices(account, as_of), account_id)
    found = [
        charge
        for charge in sorted(all_charges(account), key=_by_day)
        if invoice_id in (None, charge.invoice_id)
        and kind in (None, charge.kind)
        and status in (None, charge.status)
    ]
    return {"items": [charge_view(account, charge) for charge in found]}


def _by_day(charge: Charge) -> tuple[date, str]:
    return (charge.charged_on, charge.charge_id)


@router.get("/v1/accounts/{account_id}/payoff")
async def get_payoff(
    account_id: str,
    context: ContextDep,
    session: ReadSessionDep,
    caller: ReaderOrDebtor,
    on: Annotated[Day | None, Query(description="default: the begun day")] = None,
    currency: str | None = None,
    language: Language = None,
) -> Any:
    """What settles everything on a day, as if it had begun and nothing more came; its texts in a
    language, else in the account's own."""
    if problems := language_problems(language):
        raise Invalid("There are no texts in this language.", problems)
    tenant, account = await find_account(session, caller.tenant, account_id, context)
    begun_on = tenant.begun.on(account.zone)
    day = on or begun_on
    if day is None:
        raise Invalid(
            "No day has begun.", [FieldError("/query/on", "is missing: no day has begun")]
        )
    if begun_on is not None and day < begun_on:
        raise Invalid("The day is over.", [FieldError("/query/on", f"lies before {begun_on}")])
    found = await in_slices(session, payoff_in_slices(account, day, currency), account_id)
    words = Words(language_of(language, account.profile.language if account.profile else None))
    return {
        "on": day,
        "language": words.language,
        "currencies": [_payoff_view(each, words) for each in found],
    }


def _payoff_view(payoff: Payoff, words: Words) -> dict[str, Any]:
    def parts(
        found: tuple[PayoffPart, ...], invoice: InvoicePayoff | None = None
    ) -> list[dict[str, Any]]:
        return [plain(part) | {"text": part_text(part, invoice, words)} for part in found]

    return {
        **plain(payoff),
        "invoices": [
            plain(invoice) | {"parts": parts(invoice.parts, invoice)} for invoice in payoff.invoices
        ],
        "charges": parts(payoff.charges),
    }
