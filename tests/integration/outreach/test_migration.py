"""A database from before the contact governor: what it knows already is not lost, nor taken to be
more than it was."""

from datetime import date, timedelta
from typing import Any

import msgspec
from alembic import command
from sqlalchemy import Connection

from services.outreach.rulebooks.store import RuleBooks
from shared.database import Database, migrate
from shared.documents import ActivationRequest
from shared.events import LEDGER, ledger
from tests.integration.outreach.peers import LedgerPeer, MailSink
from tests.integration.outreach.test_rulebooks import QUIET
from tests.integration.outreach.world import DUE_ON, MORNING, World, a_context
from tests.unit.outreach.builders import RULEBOOKS, at

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


HOUSE = next(book for book in RULEBOOKS if book.name == "house-policy")


async def fill_books(db: Database) -> None:
    """As version 2 of the tables left them: books of two tenants, one of which was switched off."""
    async with db.transaction() as session:
        for tenant, name, version, kind, text, stored_at, by in (
            ("demo", "quiet-mornings", "2026-03-01", "policy", QUIET, MORNING, "ada"),
            ("demo", HOUSE.name, HOUSE.version, "policy", HOUSE.source, at("1970-01-01"), "recoup"),
            ("other", "quiet-mornings", "2026-03-01", "policy", QUIET, MORNING, "bob"),
        ):
            await session.execute(
                "insert into rulebooks (tenant_id, name, version, class, text, recorded_at,"
                " recorded_by) values ($1, $2, $3, $4, $5, $6, $7)",
                *(tenant, name, version, kind, text, stored_at, by),
            )
        for tenant, name, activated, on in (
            ("demo", "quiet-mornings", "2026-03-01", date(2026, 3, 9)),
            ("other", "quiet-mornings", "2026-03-01", date(2026, 3, 1)),
            ("demo", "house-policy", None, date(2026, 3, 5)),
            ("demo", "house-policy", HOUSE.version, date(2026, 3, 7)),
        ):
            await session.execute(
                "insert into rulebook_activations (tenant_id, name, version, from_on, from_at,"
                " recorded_at, recorded_by) values ($1, $2, $3, $4, $5, $6, 'ada')",
                *(tenant, name, activated, on, at(f"{on}"), MORNING),
            )


async def test_rule_books_and_from_when_they_apply_are_taken_over(bare_url: str) -> None:
    await migrate.upgrade("outreach", bare_url, "outreach_0002")
    db = Database(bare_url)
    await fill_books(db)
    await migrate.upgrade("outreach", bare_url)
    books = RuleBooks(RULEBOOKS)
    async with db.transaction() as session:
        versions = await books.of(session, "demo")
        quiet, shipped = [
            await books.documents.list_versions(session, "demo", name)
            for name in ("quiet-mornings", "house-policy")
        ]
        again = await books.documents.activate(
            session,
            "demo",
            ActivationRequest(
                name="house-policy", version=HOUSE.version, by="eve", now=MORNING,
                from_on=date(2026, 3, 7),
            ),
        )  # fmt: skip
    applied = {
        day: {"quiet-mornings", "house-policy"} & versions.applied(at(f"2026-03-{day:02}"))
        for day in (4, 5, 7, 9)
    }
    assert applied == {
        4: {"house-policy"}, 5: set(), 7: {"house-policy"}, 9: {"quiet-mornings", "house-policy"},
    }  # fmt: skip
    assert [(v.source, v.stored_by, v.stored_at, v.category) for v in quiet] == [
        (QUIET, "ada", MORNING, "policy")
    ]
    assert [(v.version, v.is_built_in) for v in shipped] == [(HOUSE.version, True)]
    assert not again.is_new  # it was asked for before the migration
    assert [(a.number, a.name, a.from_on) for a in versions.history.activations] == [
        (1, "quiet-mornings", date(2026, 3, 9)),
        (2, "house-policy", date(2026, 3, 5)),
        (3, "house-policy", date(2026, 3, 7)),
    ]
    assert len(await db.fetch("select from documents")) == 3
    assert len(await db.fetch("select from activations")) == 4
    await db.close()


def told(type_: str, **data: object) -> tuple[str, bytes]:
    return type_, msgspec.json.encode({"account_id": "C1", "amounts": [], **data})


def put(source: str, invoice: str, minor: int, kind: str = "payment", **more: object) -> object:
    return {
        "source_kind": kind, "source_id": source, "invoice_id": invoice, "amount_minor": minor,
        "applied_at": "2026-03-01T00:00:00Z", "applied_on": "2026-03-01", "days_late": 0, **more,
    }  # fmt: skip


STORY = [
    *(told("invoice-issued", invoice_id=f"I{n}", amount_minor=100) for n in (1, 2, 3)),
    told("payment-received", payment_id="P1", allocations=[put("P1", "I1", 60)]),
    told("dispute-opened", dispute_id="D1", invoice_id="I1", amount_minor=40),
    told("dispute-opened", dispute_id="D2", invoice_id="I2"),
    told("dispute-opened", dispute_id="D3", invoice_id="I3", amount_minor=10),
    told("dispute-resolved", dispute_id="D3", invoice_id="I3"),
    told(
        "payment-reversed",
        payment_id="P1",
        allocations=[put("P1", "I1", 60, released_at="2026-03-02T00:00:00Z")],
    ),
    told(
        "credit-note-issued", credit_note_id="K1", allocations=[put("K1", "I3", 5, "credit_note")]
    ),
    told(
        "credit-note-issued",
        credit_note_id="K2",
        replaces="K1",
        allocations=[put("K2", "I3", 7, "credit_note")],
    ),
    told("allocation-changed", allocations=[put("P2", "I2", 20)], part=1, parts=2),
    told("allocation-changed", allocations=[put("P2", "I2", 3)], part=2, parts=2),
]


async def test_balances_and_disputes_are_made_of_the_story(bare_url: str) -> None:
    await migrate.upgrade("outreach", bare_url, "outreach_0003")
    db = Database(bare_url)
    async with db.transaction() as session:
        for number in (1, 2, 3):
            await session.execute(
                "insert into invoices (tenant_id, account_id, invoice_id, currency, due_on, state,"
                " balance_minor, disputed_minor, is_disputed_whole)"
                " values ('demo', 'C1', $1, 'EUR', $2, 'open', 1, 1, true)",
                *(f"I{number}", DUE_ON),
            )
        for type_, data in STORY:
            await session.execute(
                "insert into story (tenant_id, account_id, at, topic, type, data)"
                " values ('demo', 'C1', $1, $2, $3, $4)",
                *(MORNING, LEDGER, type_, data),
            )
    await migrate.upgrade("outreach", bare_url)
    rows = await db.fetch(
        "select balance_minor, disputed_minor, disputes from invoices order by invoice_id"
    )
    assert [(row[0], row[1], msgspec.json.decode(row[2])) for row in rows] == [
        (100, 40, {"D1": 40}),
        (77, 77, {"D2": None}),
        (93, 0, {}),
    ]
    await db.close()


def old_steps(*rows: tuple[str, str, str, str]) -> list[str]:
    """As the tables of before planning kept them: account, invoice, step, contact."""
    return [
        "insert into steps (tenant_id, account_id, invoice_id, due_on, step, contact_id)"
        f" values ('demo', '{account}', '{invoice}', '2026-03-02', '{step}', '{contact}')"
        for account, invoice, step, contact in rows
    ]


FILLED = [
    "insert into tenants (tenant_id, timezone) values ('demo', 'UTC')",
    *(
        "insert into accounts (tenant_id, account_id, debtor_key, kind, timezone, sequence,"
        f" is_registered) values ('demo', '{id_}', 'account/{id_}', '{kind}', 'UTC', 3, true)"
        for id_, kind in (("C1", "consumer"), ("B1", "business"))
    ),
    *(
        "insert into contacts (tenant_id, contact_id, debtor_key, state, due_at, body, rules,"
        f" planned_at, attempted_at) values ('demo', '{id_}', 'account/C1', '{state}',"
        f" '{day}T09:00Z', '{{}}', '{{}}', '{day}T08:00Z', '{day}T09:00Z')"
        for id_, state, day in (
            ("k1", "sent", "2026-03-03"), ("k2", "failed", "2026-03-10"),
            ("k3", "sent", "2026-03-17"),
        )
    ),
    *old_steps(
        ("C1", "I1", "reminder", "k1"), ("C1", "I1", "second-reminder", "k2"),
        ("C1", "I1", "of our own", "k3"), ("B1", "I2", "firm-notice", "gone"),
    ),
    "insert into invoices (tenant_id, account_id, invoice_id, currency, due_on, state,"
    " balance_minor, disputed_minor, resumed_on, disputes)"
    " values ('demo', 'C1', 'I1', 'EUR', '2026-03-02', 'open', 1, 0, '2026-03-09', '{}')",
    *(
        "insert into stops (tenant_id, account_id, name, kind, from_on, resume_on)"
        f" values ('demo', 'C1', '{kind}', '{kind}', '2026-03-04', '2026-03-12')"
        for kind in ("promise", "hold")
    ),
]  # fmt: skip


async def downgrade(url: str, revision: str) -> None:
    def back(connection: Connection) -> None:
        config = migrate.config_for("outreach")
        config.attributes["connection"] = connection
        command.downgrade(config, revision)

    engine = migrate.engine_for(url)
    async with engine.connect() as connection:
        await connection.run_sync(back)
    await engine.dispose()


async def test_steps_that_were_made_keep_their_ladder_days_there_and_back(bare_url: str) -> None:
    """Those of the strategies that came with the platform as these had them; of others how late
    they were made. What may be answered counts from then on."""
    await migrate.upgrade("outreach", bare_url, "outreach_0011")
    db = Database(bare_url)
    async with db.transaction() as session:
        for statement in FILLED:
            await session.execute(statement)
    before = [tuple(row) for row in await db.fetch("select * from steps order by 2, 3, 5")]
    for _ in range(2):
        await migrate.upgrade("outreach", bare_url)
        rows = await db.fetch("select * from steps order by subject_id, n")
        assert [
            (row["subject_id"], row["step"], row["n"], row["state"], str(row["made_on"]))
            for row in rows
        ] == [
            ("I1", "reminder", 1, "sent", "2026-03-03"),
            ("I1", "second-reminder", 8, "failed", "2026-03-10"),
            ("I1", "of our own", 15, "sent", "2026-03-17"),
            ("I2", "firm-notice", 10, "sent", "2026-03-02"),  # its contact is gone: on the due day
        ]
        assert {(row["subject"], row["reaction"]) for row in rows} == {("invoice", "")}
        (invoice,) = await db.fetch("select resumes from invoices")
        assert msgspec.json.decode(invoice["resumes"]) == [["2026-03-09", "reopened"]]
        ends = await db.fetch("select kind, ended_on from stops order by kind")
        assert [(row["kind"], str(row["ended_on"])) for row in ends] == [
            ("hold", "2026-03-12"), ("promise", "2026-03-11"),
        ]  # fmt: skip
        for table in ("occasions", "payments", "pauses"):
            (count,) = await db.fetch(f"select count(*) from {table}")
            assert count[0] == 0
        await downgrade(bare_url, "outreach_0011")
        after = await db.fetch("select * from steps order by 2, 3, 5")
        assert [tuple(row) for row in after] == before
        (old,) = await db.fetch("select resumed_on from invoices")
        assert str(old["resumed_on"]) == "2026-03-09"
        stops = await db.fetch("select distinct resume_on from stops")
        assert [str(row["resume_on"]) for row in stops] == ["2026-03-12"]
    await db.close()
