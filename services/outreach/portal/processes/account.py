"""What a visitor sees: every account that the link opens, as the ledger has it now."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

from services.outreach.channels.domain.message_values import CreditorDetails
from services.outreach.channels.store.portal_messages import list_messages
from services.outreach.consents.domain import current_preferences, merged
from services.outreach.consents.store import find_wishes
from services.outreach.context import Context
from services.outreach.portal.domain import account_view as views
from services.outreach.portal.domain.account_view import Reader
from services.outreach.portal.domain.holds import NEVER_PAID, hold_of
from services.outreach.portal.domain.links import LinkAccount
from services.outreach.portal.processes import ledger
from services.outreach.portal.processes.doorway import Visitor, creditor_details
from shared.clock import local_day
from shared.errors import Conflict

PAYMENTS_DAYS = 365  # how far back payments are shown
INVOICES_MAX = 50  # whose way to pay is looked up
AT_ONCE = 8

MESSAGES_MAX = 100


def creditor_view(creditor: CreditorDetails) -> dict[str, Any]:
    return {
        "name": creditor.name,
        "phone": creditor.phone,
        "postal_address": creditor.postal_address,
        "url": creditor.url,
    }


async def account_answer(context: Context, visitor: Visitor) -> dict[str, Any]:
    wishes, creditor = await _wishes(context, visitor)
    shown = await asyncio.gather(
        *[_account(context, visitor, each, wishes, creditor) for each in visitor.accounts]
    )
    return {
        "language": visitor.language,
        "level": visitor.level,
        "creditor": creditor_view(creditor),
        "messages": await _messages(context, visitor),
        "accounts": list(shown),
    }


async def _messages(context: Context, visitor: Visitor) -> list[dict[str, Any]]:
    """What was written to the person here, newest first."""
    ids = [each.account_id for each in visitor.accounts]
    async with context.db.reading() as session:
        found = await list_messages(session, visitor.tenant, ids, MESSAGES_MAX)
    return [{"title": m.title, "text": m.text, "language": m.language, "at": m.at} for m in found]


async def _wishes(context: Context, visitor: Visitor) -> tuple[dict[str, Any], CreditorDetails]:
    """What the person told us, over all accounts; and who asks."""
    async with context.db.reading() as session:
        ids = [each.account_id for each in visitor.accounts]
        found = await find_wishes(session, visitor.tenant, ids)
        creditor = await creditor_details(context, session, visitor.tenant)
    current = [current_preferences(each.preferences, visitor.at) for each in found.values()]
    return merged(current), creditor


async def _account(
    context: Context,
    visitor: Visitor,
    account: LinkAccount,
    wishes: Mapping[str, Any],
    creditor: CreditorDetails,
) -> dict[str, Any]:
    today = local_day(visitor.at, account.zone)
    own, payoff, options, statement, disputes = await asyncio.gather(
        ledger.read(context, visitor, ledger.path_of(account.account_id)),
        ledger.read(context, visitor, _payoff_path(visitor, account)),
        ledger.read(context, visitor, ledger.path_of(account.account_id, "options")),
        ledger.read(context, visitor, _statement_path(visitor, account, today)),
        ledger.read(
            context, visitor, ledger.path_of(account.account_id, "disputes") + "?state=open"
        ),
    )
    kind = hold_of(own.get("holds", ()), wishes, _begun(payoff, today))
    reader = _reader(context, visitor, account)
    if kind is not None:
        return {
            "account_id": account.account_id,
            "hold": _hold_view(context, visitor, kind, creditor),
            "currencies": [],
            "payments": [],
            "agreements": views.agreements_view({}, {}),
            "options": [],
        }
    urls = await payment_urls(context, visitor, _open_ids(payoff)[:INVOICES_MAX])
    return {
        "account_id": account.account_id,
        "hold": None,
        "on": payoff.get("on"),
        "currencies": views.currencies_view(own, payoff, urls, reader),
        "payments": views.payments_view(statement, reader),
        "agreements": views.agreements_view(own, disputes),
        "options": views.options_view(options, reader),
        "etag": options.get("etag"),
    }


def _hold_view(
    context: Context, visitor: Visitor, kind: str, creditor: CreditorDetails
) -> dict[str, Any]:
    return {
        "kind": kind,
        "text": context.portal.words.say(visitor.language, f"hold-{kind}"),
        "write_to": creditor_view(creditor),
        "may_pay_all_the_same": kind not in NEVER_PAID,
    }


def _reader(context: Context, visitor: Visitor, account: LinkAccount) -> Reader:
    words, language = context.portal.words, visitor.language
    return Reader(words, language, ledger.notation_of(visitor, account))


def _payoff_path(visitor: Visitor, account: LinkAccount) -> str:
    return ledger.path_of(account.account_id, "payoff") + f"?language={visitor.language}"


def _statement_path(visitor: Visitor, account: LinkAccount, today: date) -> str:
    since = today - timedelta(days=PAYMENTS_DAYS)
    path = ledger.path_of(account.account_id, "statement")
    return f"{path}?format=json&from={since}&language={visitor.language}"


def _begun(payoff: Mapping[str, Any], today: date) -> date:
    """The ledger's day, by which its holds count."""
    on = payoff.get("on")
    return date.fromisoformat(on) if isinstance(on, str) else today


def _open_ids(payoff: Mapping[str, Any]) -> list[str]:
    return [
        invoice["invoice_id"]
        for currency in payoff.get("currencies", ())
        for invoice in currency.get("invoices", ())
    ]


async def payment_urls(
    context: Context, visitor: Visitor, invoice_ids: Sequence[str]
) -> dict[str, str]:
    """Where invoices can be paid, as their billing platform has said."""
    places = asyncio.Semaphore(AT_ONCE)

    async def find(invoice_id: str) -> str | None:
        async with places:
            path = f"/v1/invoices/{quote(invoice_id, safe='')}"
            found = await ledger.read(context, visitor, path)
        url = found.get("payment_url")
        return url if isinstance(url, str) else None

    urls = await asyncio.gather(*[find(each) for each in invoice_ids])
    return {name: url for name, url in zip(invoice_ids, urls, strict=True) if url is not None}


async def options_answer(context: Context, visitor: Visitor) -> dict[str, Any]:
    """What may be promised, paid in parts, bid and disputed now, and why not."""

    async def of(account: LinkAccount) -> dict[str, Any]:
        path = ledger.path_of(account.account_id, "options")
        found = await ledger.read(context, visitor, path)
        reader = _reader(context, visitor, account)
        return {
            "account_id": account.account_id,
            "etag": found.get("etag"),
            "currencies": views.options_view(found, reader),
        }

    return {"accounts": list(await asyncio.gather(*[of(each) for each in visitor.accounts]))}


async def pay_answer(
    context: Context,
    visitor: Visitor,
    account: LinkAccount,
    invoice_ids: Sequence[str] | None,
    currency: str | None,
) -> dict[str, Any]:
    """Where to pay what is open. Raises `Conflict` where there is no way here."""
    words, language = context.portal.words, visitor.language
    wishes, creditor = await _wishes(context, visitor)
    own, payoff = await asyncio.gather(
        ledger.read(context, visitor, ledger.path_of(account.account_id)),
        ledger.read(context, visitor, _payoff_path(visitor, account)),
    )
    today = local_day(visitor.at, account.zone)
    kind = hold_of(own.get("holds", ()), wishes, _begun(payoff, today))
    if kind in NEVER_PAID:
        raise Conflict(words.say(language, f"hold-{kind}"), members={"because": kind})
    reader = _reader(context, visitor, account)
    invoices = [
        invoice | {"currency": each["currency"]}
        for each in views.currencies_view(own, payoff, {}, reader)
        for invoice in each["invoices"]
        if currency in (None, each["currency"])
        and (invoice_ids is None or invoice["invoice_id"] in invoice_ids)
        and invoice["amount_minor"] > 0
    ]
    if not invoices:
        raise Conflict(words.say(language, "nothing-to-pay"), members={"because": "nothing-owed"})
    urls = await payment_urls(
        context, visitor, [each["invoice_id"] for each in invoices[:INVOICES_MAX]]
    )
    if not urls:
        raise Conflict(
            words.say(language, "no-way-to-pay"),
            members={"because": "no-payment-url", "creditor": creditor_view(creditor)},
        )
    shown = ("invoice_id", "number", "currency", "amount_minor", "amount")
    return {
        "account_id": account.account_id,
        "payments": [
            {**{name: each[name] for name in shown}, "payment_url": urls[each["invoice_id"]]}
            for each in invoices
            if each["invoice_id"] in urls
        ],
        "without_payment_url": [
            each["invoice_id"] for each in invoices if each["invoice_id"] not in urls
        ],
    }
