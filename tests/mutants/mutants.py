"""The mutants: each an exact text replacement, and the few tests that must go red of it."""

from dataclasses import dataclass
from pathlib import Path


class Misfit(Exception):
    """The code has moved on and the mutant's text is no longer there, or is there twice."""


@dataclass(frozen=True)
class Mutant:
    """One way to break the code."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]  # what pytest is given

    def applied_to(self, text: str) -> str:
        found = text.count(self.old)
        if found != 1 or self.old == self.new:
            raise Misfit(f"{self.name}: {self.file} has its text {found} times, it must be once")
        return text.replace(self.old, self.new)

    def apply(self, root: Path) -> str:
        """Break the tree; gives the text as it was."""
        path = root / self.file
        text = path.read_text(encoding="utf-8")
        path.write_text(self.applied_to(text), encoding="utf-8")
        return text


LOG = "tests/integration/shared/test_log.py"
RUNS = "tests/integration/outreach/test_runs.py"
SENDING = "tests/integration/outreach/test_sending.py"
DEATHS = "tests/integration/outreach/test_crashes.py::test_a_process_killed_in_the_middle"
AFTER_INTENT = f"{DEATHS}[outreach.after_intent-intent-0-contact-uncertain]"
RULES = "tests/architecture/test_rules.py"

MUTANTS = (
    Mutant(
        "position without compare-and-set",
        "shared/log/positions.py",
        " where p.consumer = $1 and p.source = $2 and p.part = g.part and p.position = g.expected",
        " where p.consumer = $1 and p.source = $2 and p.part = g.part",
        (f"{LOG}::test_who_lost_the_position_drops_its_slice",),
    ),
    Mutant(
        "no sequence guard: repeats are applied",
        "shared/log/ordering.py",
        """        if number <= head.sequence:
            plan.count(event.topic, "repeated")
        elif head.is_parked or not _is_next(place, head, number, skips):
""",
        """        if number > head.sequence and (
            head.is_parked or not _is_next(place, head, number, skips)
        ):
""",
        ("tests/unit/shared/test_ordering.py", f"{LOG}::test_repeats_are_dropped"),
    ),
    Mutant(
        "no sequence guard: gaps are jumped",
        "shared/log/ordering.py",
        "elif head.is_parked or not _is_next(place, head, number, skips):",
        "elif head.is_parked:",
        ("tests/unit/shared/test_ordering.py", f"{LOG}::test_a_gap_waits_and_resumes_by_itself"),
    ),
    Mutant(
        "no outbox lock",
        "shared/log/outbox.py",
        "(select pg_advisory_xact_lock({_LOCK}))",
        "(select {_LOCK})",
        (f"{LOG}::test_a_writer_that_is_slow_to_commit_is_not_overtaken",),
    ),
    Mutant(
        "a bad message takes its neighbours along",
        "shared/log/consume.py",
        "        if len(attempt.slice.records) > 1:\n",
        "        if len(attempt.slice.records) > 1_000_000:\n",
        (
            "tests/integration/shared/test_failures.py"
            "::test_a_culprit_goes_to_the_dead_letters_and_its_neighbours_flow",
        ),
    ),
    Mutant(
        "send before intent",
        "services/outreach/jobs/runs.py",
        "            await self._send("
        "await self._intend(wave, checked, sequences, people), checked)\n",
        "            await self._send(wave, checked)\n"
        "            await self._intend(wave, checked, sequences, people)\n",
        (AFTER_INTENT,),
    ),
    Mutant(
        "an intent whose lease ended is sent again",
        "services/outreach/jobs/leases.py",
        '                [Outcome(contact, "uncertain", LEASE_ENDED)],\n',
        '                [Outcome(contact, "deferred", LEASE_ENDED)],\n',
        (AFTER_INTENT,),
    ),
    Mutant(
        "no live check",
        "services/outreach/jobs/runs.py",
        "            verdict = judge(contact.items, checked.accounts, words.strategies)\n",
        "            verdict = type(judge((), {}, words.strategies))(contact.items, {})\n",
        (f"{RUNS}::test_the_live_check_cancels_what_the_log_has_not_told_yet",),
    ),
    Mutant(
        "a ledger behind its intake is believed",
        "services/outreach/domain/collectable.py",
        "return caught_up_at is None or machine_now - caught_up_at > INTAKE_LAG_MAX",
        "return caught_up_at is None",
        ("tests/unit/outreach/test_collectable.py",),
    ),
    Mutant(
        "a contact in the evening",
        "services/outreach/jobs/sending.py",
        '    if ruling.verdict != "allow" and leading is not None:\n',
        '    if ruling.verdict == "block" and leading is not None:\n',
        (f"{SENDING}::test_a_run_that_began_in_time_does_not_go_on_into_the_evening",),
    ),
    Mutant(
        "house policy is not asked about our own contacts",
        "services/outreach/domain/governing.py",
        '    text = msgspec.json.encode({**asked, "packs": standing.packs})\n',
        "    text = msgspec.json.encode(asked)\n",
        (f"{RUNS}::test_a_run_in_the_evening_defers_to_the_morning",),
    ),
    Mutant(
        "a preference is not told to planning",
        "services/outreach/store/dossiers.py",
        '                statements=stated.get(row["account_id"]),\n',
        "                statements=None,\n",
        ("tests/integration/outreach/test_governed.py::test_a_wish_about_hours_moves_the_contact",),
    ),
    Mutant(
        "start-day off by one",
        "services/ledger/domain/stages.py",
        "_AFTER = tuple((stage, timedelta(days=stage)) for stage in STAGES)",
        "_AFTER = tuple((stage, timedelta(days=stage + 1)) for stage in STAGES)",
        ("tests/unit/ledger/test_story.py", "tests/unit/ledger/test_stages.py"),
    ),
    Mutant(
        "allocation newest first",
        "services/ledger/domain/invoices.py",
        "        return (self.due_on, self.issued_on, self.invoice_id)\n",
        "        newest_first = date.fromordinal(3_000_000 - self.due_on.toordinal())\n"
        "        return (newest_first, self.issued_on, self.invoice_id)\n",
        ("tests/unit/ledger/test_money.py",),
    ),
    Mutant(
        "float money",
        "shared/money.py",
        "    return int(scaled)\n",
        "    return int(float(text) * 10 ** DECIMALS[currency])\n",
        ("tests/unit/shared/test_money.py",),
    ),
    Mutant(
        "tenant filter dropped in the ledger",
        "services/ledger/store/invoices.py",
        '"select account_id from facts where tenant_id = $1 and kind',
        '"select account_id from facts where $1::text is not null and kind',
        ("tests/integration/ledger/test_reads.py::test_another_tenants_objects_are_not_there",),
    ),
    Mutant(
        "tenant filter dropped in outreach",
        "services/outreach/store/reads.py",
        '"select true from accounts where tenant_id = $1 and account_id = $2"',
        '"select true from accounts where $1::text is not null and account_id = $2"',
        ("tests/integration/outreach/test_api.py::test_another_tenants_account_is_not_there",),
    ),
    Mutant(
        "another tenant's token is taken",
        "shared/web/auth.py",
        '                raise Forbidden("The token is for another tenant.")\n',
        "                return x_tenant\n",
        ("tests/unit/shared/test_auth.py::test_another_tenant_than_the_tokens_is_forbidden",),
    ),
    Mutant(
        "aiokafka imported in a command",
        "services/ledger/commands/facts.py",
        "from shared.process.crash import crash_point\n",
        "from aiokafka import AIOKafkaProducer as _\n"
        "from shared.process.crash import crash_point\n",
        (f"{RULES}::test_the_source_keeps[kafka_in_one_place]",),
    ),
    Mutant(
        "a commit in a door",
        "services/outreach/api/jobs.py",
        "    run: RunDue = request.app.state.run_due\n",
        "    run: RunDue = request.app.state.run_due\n    await request.state.session.commit()\n",
        (f"{RULES}::test_the_source_keeps[commits_only_in_shared]",),
    ),
)
