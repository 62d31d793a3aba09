"""SQL of invoices as outreach knows them."""

from collections.abc import Collection, Iterable
from datetime import date
from typing import Literal

import msgspec

from services.outreach.debtors.domain.invoices import Invoice, Resume, State
from services.outreach.debtors.store.rows import InvoiceKey, columns
from shared.database import Record, Session

_RESUMES = msgspec.json.Decoder(list[tuple[date, Literal["reopened", "disputed"]]])
_DISPUTES = msgspec.json.Decoder(dict[str, int | None])


async def find_invoices(
    session: Session, keys: Collection[InvoiceKey]
) -> dict[InvoiceKey, Invoice]:
    rows = await session.fetch(
        """
        select i.* from invoices i
        join unnest($1::text[], $2::text[], $3::text[]) as k (tenant_id, account_id, invoice_id)
          using (tenant_id, account_id, invoice_id)
        """,
        *columns(sorted(keys), 3),
    )
    return {
        (row["tenant_id"], row["account_id"], row["invoice_id"]): to_invoice(row) for row in rows
    }


def to_invoice(row: Record) -> Invoice:
    state: State = row["state"]
    return Invoice(
        account_id=row["account_id"],
        invoice_id=row["invoice_id"],
        currency=row["currency"],
        due_on=row["due_on"],
        state=state,
        balance_minor=row["balance_minor"],
        disputed_minor=row["disputed_minor"],
        disputes=_DISPUTES.decode(row["disputes"]),
        due_soon_on=row["due_soon_on"],
        stage=row["stage"],
        anchor_on=row["anchor_on"],
        resumes=tuple(Resume(day, why) for day, why in _RESUMES.decode(row["resumes"])),
        purpose=row["purpose"],
        product=row["product"],
        payer=row["payer"],
        payment_url=row["payment_url"],
    )


async def upsert_invoices(session: Session, invoices: Iterable[tuple[InvoiceKey, Invoice]]) -> None:
    rows = [
        (
            tenant,
            account_id,
            invoice_id,
            i.currency,
            i.due_on,
            i.state,
            i.balance_minor,
            i.disputed_minor,
            msgspec.json.encode(i.disputes).decode(),
            i.due_soon_on,
            i.stage,
            i.anchor_on,
            msgspec.json.encode([(r.day, r.because) for r in i.resumes]).decode(),
            i.purpose,
            i.product,
            i.payer,
            i.payment_url,
        )
        for (tenant, account_id, invoice_id), i in sorted(invoices, key=lambda found: found[0])
    ]
    if not rows:
        return
    await session.execute(
        """
        insert into invoices (tenant_id, account_id, invoice_id, currency, due_on, state,
                              balance_minor, disputed_minor, disputes, due_soon_on, stage,
                              anchor_on, resumes, purpose, product, payer, payment_url)
        select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::date[], $6::text[],
                             $7::bigint[], $8::bigint[], $9::text[], $10::date[], $11::int[],
                             $12::date[], $13::text[], $14::text[], $15::text[], $16::text[],
                             $17::text[])
        on conflict (tenant_id, account_id, invoice_id) do update set
          currency = excluded.currency, due_on = excluded.due_on, state = excluded.state,
          balance_minor = excluded.balance_minor, disputed_minor = excluded.disputed_minor,
          disputes = excluded.disputes, due_soon_on = excluded.due_soon_on,
          stage = excluded.stage, anchor_on = excluded.anchor_on, resumes = excluded.resumes,
          purpose = excluded.purpose, product = excluded.product, payer = excluded.payer,
          payment_url = excluded.payment_url
        """,
        *columns(rows, 17),
    )


async def set_anchors(
    session: Session, tenant: str, anchors: Iterable[tuple[tuple[str, str], date]]
) -> None:
    """Where ladders that begin late start: from then on they are counted from there."""
    rows = [(account_id, invoice_id, day) for (account_id, invoice_id), day in sorted(anchors)]
    if not rows:
        return
    await session.execute(
        """
        update invoices i set anchor_on = k.anchor_on
        from unnest($2::text[], $3::text[], $4::date[]) as k (account_id, invoice_id, anchor_on)
        where i.tenant_id = $1 and i.account_id = k.account_id and i.invoice_id = k.invoice_id
        """,
        tenant,
        *columns(rows, 3),
    )
