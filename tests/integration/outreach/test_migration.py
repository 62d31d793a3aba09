"""A database from before the contact governor: what it knows already is not lost, nor taken to be
more than it was."""

from datetime import timedelta
from typing import Any

import msgspec

from shared.database import Database, migrate
from shared.events import LEDGER, ledger
from tests.integration.outreach.peers import LedgerPeer, MailSink
from tests.integration.outreach.world import DUE_ON, MORNING, World, a_context

OLD_CONTACT: dict[str, Any] = {
    "contact_id": "old", "debtor_key": "account/C1", "debtor_id": None, "zone": "UTC",
    "channel": "email", "strategy": "consumer", "strategy_version": "1", "step": "reminder",
    "tone": "friendly", "template": "reminder", "template_version": "reminder@1",
    "state": "sent", "due_at": "2026-02-20T09:00:00Z", "items": [],
    "covers": [{"account_id": "C1", "checked_sequence": 3, "invoice_ids": ["I1"]}], "arms": {},
    "rules": [], "attempted_at": "2026-02-20T09:00:00Z", "until": None, "because": None,
    "message_id": "<old@creditor.example>",
}  # fmt: skip


async def fill(db: Database) -> None:
    """As version 1 of the tables left it: an account, its invoice, a contact that was made."""
    issued = ledger.InvoiceIssued(
        invoice_id="I1", account_id="C1", currency="EUR", amount_minor=10_000,
        issued_on=DUE_ON - timedelta(days=14), due_on=DUE_ON, purpose="consumer",
        product="utility", balance_minor=10_000, amounts=(),
    )  # fmt: skip
    async with db.transaction() as session:
        await session.execute(
            "insert into tenants (tenant_id, timezone, contact_from)"
            " values ('demo', 'UTC', '2026-01-01')"
        )
        await session.execute(
            "insert into accounts (tenant_id, account_id, debtor_key, kind, timezone, sequence,"
            " is_registered) values ('demo', 'C1', 'account/C1', 'consumer', 'UTC', 3, true)"
        )
        await session.execute(
            "insert into invoices (tenant_id, account_id, invoice_id, currency, due_on, state,"
            " balance_minor, disputed_minor, is_disputed_whole)"
            " values ('demo', 'C1', 'I1', 'EUR', $1, 'open', 10000, 0, false)",
            DUE_ON,
        )
        await session.execute(
            "insert into story (tenant_id, account_id, at, topic, type, data)"
            " values ('demo', 'C1', $1, $2, 'invoice-issued', $3)",
            MORNING,
            LEDGER,
            msgspec.json.encode(issued),
        )
        await session.execute(
            "insert into contacts (tenant_id, contact_id, debtor_key, state, due_at, body, rules,"
            " planned_at, attempted_at) values ('demo', 'old', 'account/C1', 'sent', $1, $2, '{}',"
            " $1, $1)",
            MORNING - timedelta(days=11),
            msgspec.json.encode(OLD_CONTACT),
        )
        await session.execute(
            "insert into contact_accounts (tenant_id, account_id, contact_id)"
            " values ('demo', 'C1', 'old')"
        )
        await session.execute(
            "insert into debtors (tenant_id, debtor_key, is_dirty)"
            " values ('demo', 'account/C1', true)"
        )


async def test_an_older_database_is_taken_over(
    bare_url: str, ledger_door: LedgerPeer, mail: MailSink
) -> None:
    await migrate.upgrade("outreach", bare_url, "outreach_0001")
    db = Database(bare_url)
    await fill(db)
    await migrate.upgrade("outreach", bare_url)
    (invoice,) = await db.fetch("select purpose, product from invoices")
    assert (invoice["purpose"], invoice["product"]) == ("consumer", "utility")
    (tenant,) = await db.fetch("select party from tenants")
    assert tenant["party"] is None  # not told yet: judged as the stricter of the two
    place = a_context(db, ledger_door.url, smtp_url=mail.url)
    world = World(db, ledger_door, mail, place, sequences={(LEDGER, "C1"): 3})
    await world.overdue()
    person = ledger.Contact(account_id="C1", name="Ada", email="a@example.com", timezone="UTC")
    await world.take(world.event("ledger.contacts", "C1", "contact-details", person, time=MORNING))
    assert (await world.run()).counts["sent"] == 1
    (row,) = await db.fetch("select question from judgements")
    asked = msgspec.json.decode(row["question"])
    assert asked["party"] == "third"
    assert [past["at"] for past in asked["history"]] == ["2026-02-20T09:00:00Z"]
    assert asked["debts"][0]["product"] == "utility"
    await place.close()
    await db.close()
