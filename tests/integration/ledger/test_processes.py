"""Several processes on the same accounts, each with a memory; and what a failure leaves."""

import asyncio
import random
from datetime import date
from typing import Any

import pytest

from services.ledger.commands.accounts import compute_accounts, each_account, find_accounts
from services.ledger.commands.intake import take_events
from services.ledger.commands.tenants import put_tenant
from services.ledger.commands.terms import Terms
from services.ledger.context import Context
from services.ledger.domain import record_in_slices
from services.ledger.processes.days import start_day
from services.ledger.store.accounts import find_heads
from services.ledger.store.facts import NotComputable
from services.ledger.store.tenants import find_tenant_times
from shared import clock
from shared.database import Database, Session
from shared.errors import Unavailable
from shared.events.ledger import Tenant
from tests.factories import a_payment, a_reversal, an_account, an_invoice
from tests.integration.ledger.processes import (
    Failed,
    a_process,
    account_of,
    received,
    take,
    values_of,
)

SECONDS_MAX = 20.0


def history(seed: int, account_id: str = "C1") -> list[dict[str, Any]]:
    """Invoices, payments and reversals of one account, in any order."""
    chance = random.Random(seed)
    events = [an_account(account_id)]
    for number in range(12):
        day = 1 + chance.randrange(28)
        events.append(
            an_invoice(
                f"{account_id}-I{number}", account_id, 1000 + chance.randrange(9000),
                issued_on=f"2026-01-{day:02}", due_on=f"2026-02-{day:02}",
            )
        )  # fmt: skip
        payment = f"{account_id}-P{number}"
        moment = f"2026-{chance.randrange(1, 4):02}-{day:02}T10:00:00Z"
        amount = 500 + chance.randrange(9000)
        events.append(a_payment(payment, account_id, amount, received_at=moment))
        if not number % 4:
            events.append(
                a_reversal(
                    f"{account_id}-R{number}", payment, account_id, amount_minor=100,
                    reversed_at="2026-03-28T12:00:00Z",
                )
            )  # fmt: skip
    chance.shuffle(events)
    return events


async def computed(context: Context, account_id: str = "C1") -> dict[str, Any]:
    """The account from all its stored facts and notices."""
    key = ("demo", account_id)
    async with context.db.reading() as session:
        heads = await find_heads(session, [key])
        found = await compute_accounts(session, {key: heads[key]}, Terms("UTC"), undo_facts=None)
        return values_of(found[key])


@pytest.mark.parametrize("seed", range(4))
async def test_two_processes_taking_turns_know_what_one_computes(
    ledger_db: Database, seed: int
) -> None:
    processes = [a_process(ledger_db), a_process(ledger_db)]
    chance = random.Random(seed)
    events = history(seed)
    kept: list[object] = [None, None]
    while events:
        number = chance.randrange(2)
        batch, events = events[:3], events[3:]
        await take(processes[number], *batch)
        if len(events) in (18, 9):
            day = "2026-02-20" if len(events) == 18 else "2026-04-20"
            await start_day(processes[chance.randrange(2)], "demo", day=date.fromisoformat(day))
        for index, process in enumerate(processes):
            remembered = process.accounts.recall(("demo", "C1"))
            if remembered is not None:
                # What is newer is taken in; the account is never read anew.
                assert kept[index] in (None, id(remembered))
                kept[index] = id(remembered)
    for process in processes:
        assert await account_of(process, "C1") == await computed(process)


async def test_processes_on_one_account_at_once_lose_nothing(ledger_db: Database) -> None:
    processes = [a_process(ledger_db) for _ in range(3)]
    await take(processes[0], an_account())

    async def write(number: int, process: Context) -> None:
        for batch in range(5):
            await take(
                process,
                *(an_invoice(f"{number}-{batch}-{n}", amount_minor=100) for n in range(4)),
            )

    await asyncio.gather(*(write(*item) for item in enumerate(processes)))
    for process in processes:
        found = await account_of(process, "C1")
        assert len(found["invoices"]) == 60
        assert found == await computed(process)


async def test_a_day_begun_by_two_processes_announces_everything_once(
    ledger_db: Database,
) -> None:
    processes = [a_process(ledger_db), a_process(ledger_db)]
    accounts = [f"C{number:03}" for number in range(250)]
    for start in range(0, 250, 50):
        some = accounts[start : start + 50]
        await take(
            processes[0],
            *(an_account(name) for name in some),
            *(an_invoice(f"I{name}", name) for name in some),
        )
    counts = await asyncio.gather(
        *(start_day(process, "demo", day=date.fromisoformat("2026-03-20")) for process in processes)
    )
    assert sum(day.counts.get("invoice-overdue", 0) for day in counts) == 250
    rows = await ledger_db.fetch("select count(*) from outbox where type = 'invoice-overdue'")
    assert rows[0][0] == 250


async def test_a_transaction_that_fails_leaves_nothing_in_memory(ledger_db: Database) -> None:
    process = a_process(ledger_db)
    await take(process, an_account(), an_invoice())
    before = await account_of(process, "C1")
    for number in range(3):
        with pytest.raises(Failed):
            await take(process, a_payment(f"P{number}"), an_invoice("I2"), fails=True)
        assert await account_of(process, "C1") == before
    with pytest.raises(Failed):
        await take(process, an_account("C2"), fails=True)
    await take(process, an_account("C2"), a_payment())
    assert await account_of(process, "C1") == await computed(process)
    assert (await account_of(process, "C2"))["registered"]


async def test_a_failure_in_the_middle_of_an_account_leaves_nothing(
    ledger_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = a_process(ledger_db)
    await take(process, an_account(), an_invoice())
    before = await account_of(process, "C1")

    def breaks(state: Any, facts: Any, begun: Any) -> Any:
        yield from record_in_slices(state, facts[:1], begun)
        raise Failed

    monkeypatch.setattr("services.ledger.commands.facts.record_in_slices", breaks)
    with pytest.raises(NotComputable):
        await take(process, a_payment(), a_payment("P2"))
    monkeypatch.undo()
    assert await account_of(process, "C1") == before == await computed(process)


async def test_after_a_commit_whose_answer_was_lost_the_account_is_read_again(
    ledger_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = a_process(ledger_db)
    await take(process, an_account(), an_invoice())
    execute = Session.execute

    async def loses(self: Session, sql: str, *args: object) -> str:
        status = await execute(self, sql, *args)
        if sql == "COMMIT":
            raise ConnectionResetError("the answer is lost")
        return status

    monkeypatch.setattr(Session, "execute", loses)
    with pytest.raises(Unavailable):
        await take(process, a_payment())
    monkeypatch.undo()
    found = await account_of(process, "C1")
    assert found["invoices"]["I1"].balance_minor == 6000
    assert found == await computed(process)
    (again,) = await take(process, a_payment())
    assert again.status == "duplicate"


async def test_what_is_stored_but_was_not_remembered_is_read_again(ledger_db: Database) -> None:
    process = a_process(ledger_db)
    await take(process, an_account(), an_invoice())

    def fails() -> None:
        raise Failed

    async def take_and_fail() -> None:
        async with process.db.transaction() as session:
            session.after_commit(fails)
            await take_events(session, received([a_payment()]), process)

    with pytest.raises(Failed):
        await take_and_fail()
    await take(process, an_invoice("I2"))
    found = await account_of(process, "C1")
    assert found["invoices"]["I1"].balance_minor == 6000
    assert found == await computed(process)


async def test_who_leaves_in_the_middle_of_all_accounts_keeps_no_turn(ledger_db: Database) -> None:
    process = a_process(ledger_db)
    await take(process, an_account(), an_invoice())
    failure: Failed | None = None
    async with process.db.reading() as session:
        tenant = (await find_tenant_times(session, ["demo"]))["demo"]
        try:
            async with each_account(session, tenant, ["C1"], process) as accounts:
                async for account in accounts:
                    assert process.accounts.turns.is_taken(("demo", account.account_id))
                    raise Failed
        except Failed as error:
            failure = error  # whoever holds it holds its frames, and all that they have
        assert not process.accounts.turns.is_taken(("demo", "C1"))
    assert failure is not None


async def test_who_reads_waits_for_who_writes_and_sees_all_of_it(ledger_db: Database) -> None:
    process = a_process(ledger_db)
    await take(process, an_account(), an_invoice())
    order: list[str] = []

    async def read() -> dict[str, Any]:
        found = await account_of(process, "C1")
        order.append("read")
        return found

    async with process.db.transaction() as session:
        await take_events(session, received([a_payment()]), process)
        reading = asyncio.create_task(read())
        gone = asyncio.create_task(read())
        await session.execute("select 1")
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        order.append("written")
    found = await reading
    assert order == ["written", "read"]
    assert found["invoices"]["I1"].balance_minor == 6000
    assert not process.accounts.turns.is_taken(("demo", "C1"))


async def test_a_cold_account_is_read_before_its_row_is_locked(ledger_db: Database) -> None:
    await take(a_process(ledger_db), an_account(), an_invoice())
    cold = a_process(ledger_db)
    async with ledger_db.transaction() as session:
        await session.execute("select from accounts where account_id = 'C1' for update")
        taking = asyncio.create_task(take(cold, a_payment()))
        async with asyncio.timeout(SECONDS_MAX):
            while ("demo", "C1") not in cold.accounts:
                await session.execute("select 1")
        assert not taking.done()
    await taking
    assert await account_of(cold, "C1") == await computed(cold)


async def test_a_memory_too_small_for_its_accounts_knows_the_same(ledger_db: Database) -> None:
    small, other = a_process(ledger_db, facts_max=30), a_process(ledger_db)
    stories = {name: history(7, name) for name in ("C1", "C2", "C3")}
    while any(stories.values()):
        for name, events in stories.items():
            await take(small, *events[:5])
            stories[name] = events[5:]
    for name in stories:
        assert await account_of(small, name) == await account_of(other, name)


async def test_an_account_in_its_tenant_s_new_zone_is_known_to_the_other_process(
    ledger_db: Database,
) -> None:
    one, other = a_process(ledger_db), a_process(ledger_db)
    await take(one, an_account(timezone=None), an_account("C2"), an_invoice(), a_payment())
    for process in (one, other):
        await account_of(process, "C1")
        await account_of(process, "C2")
    async with one.db.transaction() as session:
        tenant = Tenant(tenant_id="demo", timezone="Pacific/Auckland")
        await put_tenant(session, tenant, one, now=clock.now())
    for name in ("C1", "C2"):
        assert await account_of(one, name) == await account_of(other, name)
    assert (await account_of(other, "C1"))["zone"] == "Pacific/Auckland"


async def test_one_memory_answers_while_many_read_and_write(ledger_db: Database) -> None:
    """More readers and writers than there are connections: none waits for another in a circle."""
    process = a_process(ledger_db)
    names = [f"C{number}" for number in range(6)]
    await take(process, *(an_account(name) for name in names))

    async def read(number: int) -> None:
        async with process.db.reading() as session:
            chosen = random.Random(number).sample(names, 3)
            _, found = await find_accounts(session, "demo", chosen, process)
            assert len(found) == 3

    async def write(number: int) -> None:
        chosen = random.Random(-number).sample(names, 3)
        await take(process, *(an_invoice(f"{number}-{name}", name) for name in chosen))

    async with asyncio.timeout(60):
        await asyncio.gather(*(read(n) for n in range(40)), *(write(n) for n in range(40)))
    assert sum([len((await account_of(process, name))["invoices"]) for name in names]) == 120
