"""Kill points: `RECOUP_CRASH_AT=<name>` makes the process kill itself there, to test recovery."""

import os
import signal

POINTS = frozenset(
    {
        "ledger.intake.before_commit",
        "ledger.intake.after_commit",
        "ledger.seal.before_commit",
        "ledger.start_day.between_ranges",
        "ledger.import.after_reading",
        "ledger.import.between_batches",
        "relay.after_send",
        "consume.before_commit",
        "consume.after_commit",
        "outreach.after_claim",
        "outreach.after_check",
        "outreach.after_intent",
        "outreach.after_handover",
        "outreach.after_result",
        "outreach.uncertain.after_find",
        "outreach.uncertain.before_commit",
        "outreach.inbound.before_commit",
        "outreach.command.after_answer",
        "outreach.letters.after_file",
        "outreach.webhook.after_post",
        "metrics.contingency.after_answer",
        "metrics.mail.after_handover",
        "metrics.merge.before_commit",
        "metrics.rebuild.before_swap",
        "restore.marked",
        "restore.one_restored",
        "restore.settled",
    }
)

_armed = os.environ.get("RECOUP_CRASH_AT") or None
if _armed is not None and _armed not in POINTS:
    raise SystemExit(
        f"RECOUP_CRASH_AT={_armed!r} is not a kill point; known are: {', '.join(sorted(POINTS))}"
    )


def crash_point(name: str) -> None:
    """Die by SIGKILL if this point was asked for. Costs one comparison otherwise."""
    if _armed == name:
        os.kill(os.getpid(), signal.SIGKILL)
