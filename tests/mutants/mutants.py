"""The mutants: each a text replacement within one symbol, and the few tests that must go red."""

from dataclasses import dataclass
from pathlib import Path

from tests.mutants.symbols import Passage, passages


class Misfit(Exception):
    """The code has moved on: the symbol with the mutant's text is not there, or there twice."""


@dataclass(frozen=True)
class Mutant:
    """One way to break the code."""

    name: str
    symbol: str  # `package:function`, `package:Class.method`: see symbols.py
    old: str  # stands once in the symbol's source
    new: str
    tests: tuple[str, ...]  # what pytest is given

    def passage(self, root: Path) -> Passage:
        found = passages(root, self.symbol, self.old)
        if len(found) != 1 or self.old == self.new:
            raise Misfit(
                f"{self.name}: {len(found)} definitions of {self.symbol} have its text, "
                f"it must be one: {[str(each.path) for each in found]}"
            )
        return found[0]

    def applied_to(self, root: Path) -> tuple[Path, str]:
        """The file that it breaks (from the root) and what it makes of it."""
        passage = self.passage(root)
        source = passage.read(root)
        if source.count(self.old) != 1:
            raise Misfit(f"{self.name}: its text stands more than once in {self.symbol}")
        return passage.path, passage.replaced(root, source.replace(self.old, self.new))


LOG = "tests/integration/shared/test_log.py"
FORKS = "tests/unit/shared/test_forks.py"
RUNS = "tests/integration/outreach/test_run_due.py"
LIVE_CHECK = "tests/integration/outreach/test_live_check.py"
DELIVERY = "tests/integration/outreach/test_delivery.py"
DEATHS = "tests/integration/outreach/test_crashes.py::test_a_process_killed_in_the_middle"
AFTER_INTENT = f"{DEATHS}[outreach.after_intent-intent-0-contact-uncertain]"
RULES = "tests/architecture/test_rules.py"

MUTANTS = (
    Mutant(
        "position without compare-and-set",
        "shared.log:_MOVE",
        " where p.consumer = $1 and p.source = $2 and p.part = g.part and p.position = g.expected",
        " where p.consumer = $1 and p.source = $2 and p.part = g.part",
        (f"{LOG}::test_who_lost_the_position_drops_its_slice",),
    ),
    Mutant(
        "no sequence guard: repeats are applied",
        "shared.log:arrange",
        """        elif not head.is_behind(event):
            plan.count(event.topic, "repeated")
        elif head.is_parked or not _is_next(place, head, number, skips):
""",
        """        elif number > head.sequence and (
            head.is_parked or not _is_next(place, head, number, skips)
        ):
""",
        ("tests/unit/shared/test_ordering.py", f"{LOG}::test_repeats_are_dropped"),
    ),
    Mutant(
        "a restored producer's numbers are taken for repeats",
        "shared.log:arrange",
        "if (reason := head.fork(event)) is not None:",
        "if (reason := head.fork(event)) is not None and item.is_skipped:",
        (FORKS,),
    ),
    Mutant(
        "only epochs tell a fork",
        "shared.log:Head.fork",
        " and self._knows_another(event)",
        " and number > self.sequence",
        (FORKS,),
    ),
    Mutant(
        "a replaced cluster is not noticed",
        "shared.log:_Relay._see_cluster",
        "if found != cluster:",
        "if found == '':",
        ("tests/integration/shared/test_broker.py",),
    ),
    Mutant(
        "copies of four instants",
        "deploy.recovery:begin_standstill",
        'await connection.execute("select pg_advisory_xact_lock($1)", outbox.LOCK)',
        "pass",
        ("tests/integration/deploy/test_restore.py",),
    ),
    Mutant(
        "no sequence guard: gaps are jumped",
        "shared.log:arrange",
        "elif head.is_parked or not _is_next(place, head, number, skips):",
        "elif head.is_parked:",
        ("tests/unit/shared/test_ordering.py", f"{LOG}::test_a_gap_waits_and_resumes_by_itself"),
    ),
    Mutant(
        "no outbox lock",
        "shared.log:_NUMBER",
        "(select pg_advisory_xact_lock({LOCK}))",
        "(select {LOCK})",
        (f"{LOG}::test_a_writer_that_is_slow_to_commit_is_not_overtaken",),
    ),
    Mutant(
        "a bad message takes its neighbours along",
        "shared.log:_parts",
        "        if len(attempt.slice.records) > 1:\n",
        "        if len(attempt.slice.records) > 1_000_000:\n",
        (
            "tests/integration/shared/test_failures.py"
            "::test_a_culprit_goes_to_the_dead_letters_and_its_neighbours_flow",
        ),
    ),
    Mutant(
        "send before intent",
        "services.outreach:ContactRun._make_all",
        "            await self._send(await self._intend(wave, checked, recipients), checked)\n",
        "            await self._send(wave, checked)\n"
        "            await self._intend(wave, checked, recipients)\n",
        (AFTER_INTENT,),
    ),
    Mutant(
        "an intent whose lease ended is sent again",
        "services.outreach:_end",
        '            [Outcome(uncertain, "uncertain", LEASE_ENDED)],\n',
        '            [Outcome(uncertain, "deferred", LEASE_ENDED)],\n',
        (AFTER_INTENT,),
    ),
    Mutant(
        "no live check",
        "services.outreach:due_of",
        "    due = still_due(contact.items, checked, applies)\n",
        "    due = type(still_due((), {}))(contact.items, {})\n",
        (f"{LIVE_CHECK}::test_the_live_check_cancels_what_the_log_has_not_told_yet",),
    ),
    Mutant(
        "a ledger behind its intake is believed",
        "services.outreach:CollectableAnswer.is_behind",
        "return caught_up_at is None or machine_now - caught_up_at > INTAKE_LAG_MAX",
        "return caught_up_at is None",
        ("tests/unit/outreach/test_live_check.py",),
    ),
    Mutant(
        "a contact in the evening",
        "services.outreach:governed",
        '    if decision.verdict != "allow" and leading is not None:\n',
        '    if decision.verdict == "block" and leading is not None:\n',
        (f"{DELIVERY}::test_a_run_that_began_in_time_does_not_go_on_into_the_evening",),
    ),
    Mutant(
        "house policy is not asked about our own contacts",
        "services.outreach:decide",
        '    text = msgspec.json.encode({**asked, "packs": packs})\n',
        "    text = msgspec.json.encode(asked)\n",
        (f"{RUNS}::test_a_run_in_the_evening_defers_to_the_morning",),
    ),
    Mutant(
        "a preference is not told to planning",
        "services.outreach:get_profiles",
        '                wishes=wishes.get(row["account_id"]),\n',
        "                wishes=None,\n",
        ("tests/integration/outreach/test_governor.py::test_a_wish_about_hours_moves_the_contact",),
    ),
    Mutant(
        "start-day off by one",
        "services.ledger:_AFTER",
        "_AFTER = tuple((stage, timedelta(days=stage)) for stage in STAGES)",
        "_AFTER = tuple((stage, timedelta(days=stage + 1)) for stage in STAGES)",
        ("tests/unit/ledger/test_story.py", "tests/unit/ledger/test_stages.py"),
    ),
    Mutant(
        "allocation newest first",
        "services.ledger:Invoice.order",
        "        return (self.due_on, self.issued_on, self.invoice_id)\n",
        "        newest_first = date.fromordinal(3_000_000 - self.due_on.toordinal())\n"
        "        return (newest_first, self.issued_on, self.invoice_id)\n",
        ("tests/unit/ledger/test_money.py",),
    ),
    Mutant(
        "float money",
        "shared.money:to_minor",
        "    return int(scaled)\n",
        "    return int(float(text) * 10 ** DECIMALS[currency])\n",
        ("tests/unit/shared/test_money.py",),
    ),
    Mutant(
        "tenant filter dropped in the ledger",
        "services.ledger:find_invoice_account",
        '"select account_id from facts where tenant_id = $1 and kind',
        '"select account_id from facts where $1::text is not null and kind',
        ("tests/integration/ledger/test_reads.py::test_another_tenants_objects_are_not_there",),
    ),
    Mutant(
        "tenant filter dropped in outreach",
        "services.outreach:get_known_account",
        '"select true from accounts where tenant_id = $1 and account_id = $2"',
        '"select true from accounts where $1::text is not null and account_id = $2"',
        ("tests/integration/outreach/test_api.py::test_another_tenants_account_is_not_there",),
    ),
    Mutant(
        "another tenant's token is taken",
        "shared.web:Auth._choose_tenant",
        '                raise Forbidden("The token is for another tenant.")\n',
        "                return x_tenant\n",
        ("tests/unit/shared/test_auth.py::test_another_tenant_than_the_tokens_is_forbidden",),
    ),
    Mutant(
        "aiokafka imported in a command",
        "services.ledger:record_locked",
        '    crash_point("ledger.intake.before_commit")\n',
        "    from aiokafka import AIOKafkaProducer as _\n",
        (f"{RULES}::test_the_source_keeps[kafka_in_one_place]",),
    ),
    Mutant(
        "a commit in a door",
        "services.outreach:run_due",
        "    return json_response(await processes.run_due(context, caller.tenant, body.at))\n",
        "    await context.db.commit()  # type: ignore[attr-defined]\n"
        "    return json_response(await processes.run_due(context, caller.tenant, body.at))\n",
        (f"{RULES}::test_the_source_keeps[commits_only_in_shared]",),
    ),
)
