"""Invoices and accounts as they stand now: lists, searches, ageing."""

import re
from datetime import date
from typing import Any

from shared.database import Session

SEARCHED_DIGITS_MIN = 5  # fewer are an invoice number, or are in every phone number
NATIONAL_DIGITS_MIN = 7  # of a stored number without its country, found by one with it
_PHONE = re.compile(r"[0-9+()/.\s-]{1,40}")

INVOICE_COLUMNS = (
    "account_id, invoice_id, currency, number, issued_on, due_on, amount_minor, balance_minor,"
    " disputed_minor, status, stage"
)


async def list_invoices(
    session: Session,
    tenant_id: str,
    *,
    account_id: str | None,
    status: str | None,
    stage: int | None,
    after: tuple[str, str] | None,
    limit: int,
) -> list[dict[str, Any]]:
    """By account and invoice id; `after` is the last (account, invoice) of the page before."""
    rows = await session.fetch(
        f"select {INVOICE_COLUMNS}, a.zone from invoices join accounts a"
        " using (tenant_id, account_id) where tenant_id = $1"
        " and ($2::text is null or account_id = $2) and ($3::text is null or status = $3)"
        " and ($4::int is null or stage = $4)"
        " and ($5::text is null or (account_id, invoice_id) > ($5, $6))"
        " order by account_id, invoice_id limit $7",
        tenant_id,
        account_id,
        status,
        stage,
        *(after or (None, None)),
        limit,
    )
    return [dict(row) for row in rows]


async def find_invoice_account(session: Session, tenant_id: str, invoice_id: str) -> str | None:
    """The account an invoice belongs to."""
    found: str | None = await session.fetchval(
        "select account_id from facts where tenant_id = $1 and kind = 'invoice-issued'"
        " and fact_id = $2",
        tenant_id,
        invoice_id,
    )
    return found


async def sum_open(
    session: Session, tenant_id: str, tenant_zone: str
) -> list[tuple[str, str, date, int, int]]:
    """(zone, currency, due_on, invoices, open minor units) of the registered accounts."""
    rows = await session.fetch(
        "select coalesce(a.zone, $2), i.currency, i.due_on, count(*)::int,"
        " sum(i.balance_minor)::text from invoices i"
        " join accounts a using (tenant_id, account_id)"
        " where i.tenant_id = $1 and i.status = 'open' and a.is_registered group by 1, 2, 3",
        tenant_id,
        tenant_zone,
    )
    return [(row[0], row[1], row[2], row[3], int(row[4])) for row in rows]  # beyond 64 bits


async def list_account_ids(
    session: Session, tenant_id: str, *, after: str, limit: int
) -> list[str]:
    """Account ids in order, a page at a time."""
    rows = await session.fetch(
        "select account_id from accounts where tenant_id = $1 and account_id > $2"
        " order by account_id limit $3",
        tenant_id,
        after,
        limit,
    )
    return [row[0] for row in rows]


def phone_digits(text: str) -> str:
    """The digits to look for where a text is a phone number, without prefixes that are left out
    abroad (`00`, `0`, `(0)`); nothing where it is none."""
    if not _PHONE.fullmatch(text):
        return ""
    digits = "".join(each for each in text.replace("(0)", "") if each.isdigit()).lstrip("0")
    return digits if len(digits) >= SEARCHED_DIGITS_MIN else ""


async def search_accounts(
    session: Session,
    tenant_id: str,
    *,
    text: str,
    registered: bool | None,
    after: str,
    limit: int,
) -> list[dict[str, Any]]:
    """Accounts whose id, name, e-mail, phone or invoice number contains a text; only registered
    ones, or only those that are not and that facts about money name.

    Phone numbers are compared digit by digit, however they are written.
    """
    rows = await session.fetch(
        "select account_id, is_registered as registered, name, email, debtor_id from accounts a"
        " where tenant_id = $1 and account_id > $2 and ($3 = '' or"
        " strpos(lower(account_id), $3) > 0 or strpos(lower(name), $3) > 0"
        " or strpos(lower(email), $3) > 0 or strpos(array_to_string(phones, ' '), $3) > 0"
        " or ($5 <> '' and exists (select from unnest(phones) as p(number), regexp_replace("
        " replace(p.number, '(0)', ''), '\\D', '', 'g') as n(digits)"
        " where strpos(n.digits, $5) > 0 or (length(ltrim(n.digits, '0')) >= $6"
        " and right($5, length(ltrim(n.digits, '0'))) = ltrim(n.digits, '0'))))"
        " or exists (select from invoices i where i.tenant_id = a.tenant_id"
        " and i.account_id = a.account_id and (lower(i.number) = $3 or lower(i.invoice_id) = $3)))"
        " and ($7::bool is null or (is_registered = $7 and (is_registered or exists"
        " (select from facts f where f.tenant_id = a.tenant_id and f.account_id = a.account_id and"
        " kind in ('invoice-issued', 'payment-received', 'credit-note-issued')))))"
        " order by account_id limit $4",
        tenant_id,
        after,
        text.lower(),
        limit,
        phone_digits(text),
        NATIONAL_DIGITS_MIN,
        registered,
    )
    return [dict(row) for row in rows]


async def find_sequences(
    session: Session, tenant_id: str, account_ids: list[str]
) -> dict[str, int]:
    """The last `sequence` of each account on `ledger.events`."""
    rows = await session.fetch(
        "select key, last from sequences where tenant = $1 and topic = 'ledger.events'"
        " and key = any($2::text[])",
        tenant_id,
        account_ids,
    )
    return {row[0]: row[1] for row in rows}


async def list_stored(
    session: Session, tenant_id: str, account_ids: list[str]
) -> dict[str, dict[str, tuple[int, int, str, int | None]]]:
    """(balance, disputed, status, stage) by account and invoice."""
    rows = await session.fetch(
        "select account_id, invoice_id, balance_minor, disputed_minor, status, stage from invoices"
        " where tenant_id = $1 and account_id = any($2::text[])",
        tenant_id,
        account_ids,
    )
    found: dict[str, dict[str, tuple[int, int, str, int | None]]] = {}
    for row in rows:
        found.setdefault(row[0], {})[row[1]] = (row[2], row[3], row[4], row[5])
    return found
