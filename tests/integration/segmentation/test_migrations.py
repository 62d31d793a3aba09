"""What was stored by an earlier version of the tables is read on after the migration."""

import json
from datetime import UTC, datetime, timedelta

from deploy.local import databases
from services.segmentation.domain.contacts import Contact
from services.segmentation.domain.fold import fold
from services.segmentation.domain.invoices import Put
from services.segmentation.domain.policy import parse_text
from services.segmentation.store import accounts, assessments
from services.segmentation.store.active_policies import SEGMENTS, ActivePolicies
from shared.database import Database
from shared.database.migrate import upgrade
from shared.documents import store as documents
from tests.integration.segmentation.helpers import POLICY
from tests.integration.segmentation.test_policies import a_policy
from tests.unit.segmentation.builders import ACCOUNT, Story, at, day

OLD_STATE = {
    "is_registered": True,
    "currency": "EUR",
    "latest_on": "2026-02-20",
    "first_issued_on": "2026-01-02",
    "invoices": {
        "I1": ["EUR", 10_000, "2026-01-02", "2026-01-15", 31, False, False,
               {"payment:P1": [10_000, "2026-02-20"]}],
        "I2": ["EUR", 5_000, "2026-02-01", "2026-02-25", 0, True, False, {}],
    },
    "sources": {"payment:P1": ["I1"]},
    "open_ids": {"I2": None},
    "settled": [["2026-02-20", "I1", 36]],
    "settled_late": 1,
    "issued": {"EUR": [2, 15_000]},
    "last_payment_at": "2026-02-20T12:00:00Z",
    "last_payment_on": "2026-02-20",
    "contacts_at": ["2026-02-16T12:00:00Z"],
}  # fmt: skip
OLD_FEATURES = {
    "kind": "consumer", "tags": [], "currency": "EUR", "balance_minor": 5_000, "overdue_minor": 0,
    "disputed_minor": 0, "collectable_minor": 0, "usual_minor": 7_500, "open_invoices": 1,
    "is_due_soon": True, "age_days": 0, "settled": 1, "settled_late": 1, "recent_delay_days": 36.0,
    "delay_trend_days": None, "disputes": 0, "failed_payments": 0, "bounced_payments": 0,
    "tenure_days": 49, "days_since_payment": 0,
}  # fmt: skip


async def test_old_states_and_beliefs_go_on(postgres: str) -> None:
    url = await databases.create(postgres, "test_segmentation_old")
    db = Database(url)
    try:
        await upgrade("segmentation", url, "segmentation_0001")
        async with db.transaction() as session:
            await session.execute(
                """insert into accounts (tenant_id, account_id, state, segment, policy_version,
                     probability) values ('demo', 'C1', $1, 'current', 'default-1', 0.5)""",
                json.dumps(OLD_STATE).encode(),
            )
            await session.execute(
                """insert into assessments (tenant_id, account_id, on_day, features, contacts,
                     segment, policy_version)
                   values ('demo', 'C1', '2026-02-20', $1, 3, 'current', 'default-1')""",
                json.dumps(OLD_FEATURES).encode(),
            )
        await upgrade("segmentation", url)
        async with db.reading() as session:
            standing = await accounts.find_account(session, ("demo", "C1"))
            believed = await assessments.find_assessment(session, ("demo", "C1"))
        assert standing is not None
        assert believed is not None
        state = standing.state
        assert state.invoices["I1"].money == {"payment:P1": (Put(10_000, day(50)),)}
        assert state.contacts.latest == [Contact(at(46), "email")]
        assert (state.paid["EUR"].late, state.seasons["1"].days_late) == (1, 36)
        assert [ended.invoice_id for ended in state.payer.ended] == ["I1"]
        assert (believed.engagement.since_payment, believed.scores["pays_within"].version) == (
            3,
            "rules-1",
        )
        paid = Story().paid("P2", 60, {"I2": 5_000}).events[-1]
        fold(state, ACCOUNT, paid)
        assert (state.open_ids, state.payer.amounts) == ({}, {"EUR": (2, 15_000)})
    finally:
        await db.close()
        await databases.drop(postgres, "test_segmentation_old")


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def test_policies_and_what_was_in_force_go_on(postgres: str) -> None:
    """The last one is in force, though a machine with a slow clock put it there."""
    url = await databases.create(postgres, "test_segmentation_policies")
    db = Database(url)
    mine, yours = (json.dumps(a_policy(age=age)) for age in (31, 61))
    one, two = parse_text(mine).version, parse_text(yours).version
    try:
        await upgrade("segmentation", url, "segmentation_0003")
        async with db.transaction() as session:
            for tenant, version, source in (("demo", one, mine), ("demo", two, yours),
                                            ("other", one, mine)):  # fmt: skip
                await session.execute(
                    "insert into policies (tenant_id, policy_version, source, stored_at, stored_by)"
                    " values ($1, $2, $3, $4, 'ada')",
                    *(tenant, version, source, NOON),
                )
            for number, before, version, late in ((1, POLICY.version, two, 0), (2, two, one, -5)):
                await session.execute(
                    "insert into policy_activations (tenant_id, number, policy_version,"
                    " from_version, activated_at, activated_by, reason)"
                    " values ('demo', $1, $2, $3, $4, 'bob', 'spring')",
                    *(number, version, before, NOON + timedelta(seconds=late)),
                )
        await upgrade("segmentation", url)
        policies = ActivePolicies(POLICY)
        async with db.reading() as session:
            in_force = await policies.of(session, ["demo", "other"])
            stored = await documents.list_versions(session, "policies", "demo", SEGMENTS)
            activated = await documents.list_activations(session, "policies", "demo", SEGMENTS)
        assert {tenant: policy.version for tenant, policy in in_force.items()} == {
            "demo": one, "other": POLICY.version,
        }  # fmt: skip
        assert {(v.version, v.source, v.stored_at, v.stored_by) for v in stored} == {
            (one, mine, NOON, "ada"), (two, yours, NOON, "ada"),
        }  # fmt: skip
        assert [(a.number, a.version, a.from_version, a.reason) for a in activated] == [
            (1, two, POLICY.version, "spring"), (2, one, two, "spring"),
        ]  # fmt: skip
        assert [a.recorded_at for a in activated] == [NOON, NOON - timedelta(seconds=5)]
        assert len(await db.fetch("select from documents")) == 3
    finally:
        await db.close()
        await databases.drop(postgres, "test_segmentation_policies")
