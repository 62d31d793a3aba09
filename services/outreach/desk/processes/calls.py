"""Let a person call: the ledger's check and the contact rules, at the instant of the call."""

from datetime import datetime, timedelta
from typing import Any

from services.outreach.activity.commands import account_now
from services.outreach.activity.domain.decisions import Decision
from services.outreach.channels.domain.phone_numbers import e164
from services.outreach.context import Context
from services.outreach.desk.commands import tasks as task_commands
from services.outreach.desk.commands.calls import keep_call, load_call
from services.outreach.desk.domain import calls as rules
from services.outreach.desk.processes.scripts import words_of
from services.outreach.desk.store import tasks as store
from services.outreach.dunning.domain.live_check import INTAKE_LAG_MAX, CheckedAccount
from shared import clock
from shared.errors import Conflict, FieldError, Invalid, Unavailable

CALL_VALID = timedelta(seconds=60)  # of machine time: later the same is asked again


class NotCallable(Conflict):
    """Nobody may be called now; the answer has the verdict."""


async def check_account(context: Context, tenant: str, account_id: str) -> CheckedAccount:
    """The account as the ledger has it now. Raises `Unavailable` where it can't be believed."""
    answer = await context.ledger.collectable(tenant, [account_id])
    reached = answer.intake_caught_up_at
    if reached is None or clock.now() - reached > INTAKE_LAG_MAX:
        raise Unavailable("The ledger is behind with what it was sent: ask again in a moment.")
    found = [account for account in answer.accounts if account.account_id == account_id]
    if not found:
        raise Unavailable("The ledger does not know the account yet.")
    return found[0]


async def begin_call(
    context: Context, tenant: str, task_id: str, person: str, to: str | None
) -> dict[str, Any]:
    """Let the claimant of a task call, or raise `NotCallable` with the verdict."""
    async with context.db.reading() as session:
        row = await task_commands.get_task(session, tenant, task_id)
        task_commands.check_claimant(row, person)
    checked = await check_account(context, tenant, row["account_id"])
    async with context.db.transaction() as session:
        row = await task_commands.lock_task(session, tenant, task_id)
        task_commands.check_claimant(row, person)
        facts = await load_call(
            session, tenant, row["account_id"], context.rulebooks,
            context.content.residence_default,
        )  # fmt: skip
        at = await account_now(session, context.clock, tenant, row["account_id"])
        number = _number(to, facts, at)
        decision = rules.live_refusal(row["kind"], checked, at)
        if decision is None:
            decision = facts.govern(at, number).decision
        if decision.verdict != "allow":
            raise NotCallable(_why(decision), members={"verdict": rules.verdict_view(decision)})
        call_id = await keep_call(session, row, person, number, at, decision)
        machine_now = clock.now()
        await store.update_task(
            session, tenant, task_id, {"lease_until": machine_now + task_commands.LEASE}
        )
    return {
        "call_id": call_id,
        "to": number,
        "valid_until": machine_now + CALL_VALID,
        "verdict": rules.verdict_view(decision),
        **await words_of(context, tenant, at, row["script"], facts, checked, decision),
        "prompts": rules.prompts_of(facts, row["kind"], checked),
        "amounts": [
            {"currency": a.currency, "collectable_minor": a.collectable_minor}
            for a in checked.amounts
        ],
    }


def _number(to: str | None, facts: rules.CallFacts, at: datetime) -> str:
    """The number that was named, or the first that is known."""
    if to is None:
        if not facts.numbers:
            raise Invalid("There is no number.", [FieldError("/to", "is needed: none is known")])
        return facts.numbers[0]
    country = next((a.country for a in facts.profile.accounts if a.country), None)
    number = e164(to, country)
    if number is None:
        raise Invalid("It is no telephone number.", [FieldError("/to", "is no telephone number")])
    if number in facts.unusable:
        decision = rules.blocked("no-address", "the number does not work, or is somebody's", at)
        raise NotCallable(_why(decision), members={"verdict": rules.verdict_view(decision)})
    return number


def _why(decision: Decision) -> str:
    leading = decision.leading
    if decision.verdict == "defer" and decision.until is not None:
        return f"Not before {decision.until:%Y-%m-%dT%H:%M:%SZ}: {leading.rule if leading else ''}"
    return f"The call may not be made: {leading.rule if leading else decision.verdict}"
