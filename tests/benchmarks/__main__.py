"""`make bench`: throughput beside the bare limit and the naive version, delays, memory.

BENCH_EVENTS= sets how many events (100,000), BENCH_PARTS= which parts, separated by commas:
batch (one client), batches (four clients), single (64 clients), kafka, whole (all services, until
every KPI shows the events), latency, latency-kafka,
account (one account, the rules alone: BENCH_ACCOUNT_INVOICES=), charged (the same with charges,
and days that begin: BENCH_CHARGED_INVOICES=, BENCH_DAY_INVOICES=), kinds (facts of every kind of
command, BENCH_KINDS_INVOICES=), long (accounts with long
histories, BENCH_LONG_EVENTS=), documents (a long statement), governor (verdicts),
mail (SMTP to a sink, letters), contacts (planned ones swept, BENCH_CONTACTS=),
desk (the work list, dry runs: BENCH_TASKS=, BENCH_DEBTORS=),
figures (metrics: folding, questions, a rebuild, freshness: BENCH_FIGURES= events),
learning (BENCH_INVOICES=), population
(BENCH_ACCOUNTS=).
Nothing here fails for being slow: the aims that are missed are named at the end.
"""

import os

from tests.benchmarks import report
from tests.benchmarks.report import PARTS, Report
from tests.benchmarks.servers import Watch, postgres

EVENTS = 100_000


def run(events: int, parts: list[str]) -> Report:
    """Measure these parts, in this order."""
    # Their packages (a broker, a foreign client) are not needed for the others.
    from tests.benchmarks import (
        account,
        charged,
        documents,
        governor,
        kafka,
        kinds,
        latency,
        long_accounts,
        mail,
        population,
        segmentation,
        throughput,
        whole,
    )

    out, watch = Report(), Watch()
    out.machine(events)
    batch = None
    with postgres() as server:
        if "batch" in parts:
            batch = throughput.measure(server, events, throughput.BATCH, watch)
            out.throughput("Batches of 500, one client", batch, report.BATCH_OF_NAIVE)
        if "batches" in parts:
            found = throughput.measure(server, events, throughput.BATCHES, watch)
            out.throughput("Batches of 500, four clients", found, report.BATCH_OF_NAIVE)
        if "single" in parts:
            found = throughput.measure(server, events, throughput.SINGLE, watch)
            out.throughput("Single events, 64 clients", found, report.SINGLE_OF_NAIVE)
        if "kafka" in parts:
            out.kafka(kafka.measure(server, events, watch), batch)
        if "long" in parts:
            size = _sized("BENCH_LONG_EVENTS", long_accounts.EVENTS)
            out.missed += long_accounts.show(out.console, server, size)
        _services(out, server, parts)
    if "whole" in parts:
        for sending, aim in (
            (throughput.BATCHES, whole.BATCHES_AIM),
            (throughput.SINGLE, whole.SINGLE_AIM),
        ):
            out.missed += whole.show(out.console, whole.measure(events, sending), aim)
    if "latency" in parts:
        delays = latency.measure(events, over_kafka=False, watch=watch)
        out.delays("Intake to KPI at 500 events/s, local", delays, report.LOCAL_P99_MS)
    if "latency-kafka" in parts:
        delays = latency.measure(events, over_kafka=True, watch=watch)
        out.delays("Intake to KPI at 500 events/s, over Kafka", delays, report.KAFKA_P99_MS)
    if "account" in parts:
        out.missed += account.show(out.console)
    if "charged" in parts:
        out.missed += charged.show(out.console)
    if "kinds" in parts:
        out.missed += kinds.show(out.console)
    if "documents" in parts:
        out.missed += documents.show(out.console)
    if "governor" in parts:
        out.missed += governor.show(out.console)
    if "mail" in parts:
        out.missed += mail.show(out.console)
    if "learning" in parts:
        out.missed += segmentation.tell(segmentation.measure(_sized("BENCH_INVOICES", events)))
    if "population" in parts:
        out.missed += population.show(_sized("BENCH_ACCOUNTS", population.ACCOUNTS))
    out.memory(watch.peaks)
    out.verdict()
    return out


def _services(out: Report, server: str, parts: list[str]) -> None:
    from tests.benchmarks import contacts, desk, figures

    if "figures" in parts:
        size = _sized("BENCH_FIGURES", figures.EVENTS)
        out.missed += figures.show(out.console, server, size)
    if "contacts" in parts:
        size = _sized("BENCH_CONTACTS", contacts.CONTACTS)
        out.missed += contacts.show(out.console, server, size)
    if "desk" in parts:
        tasks = _sized("BENCH_TASKS", desk.TASKS)
        debtors = _sized("BENCH_DEBTORS", desk.DEBTORS)
        out.missed += desk.show(out.console, server, tasks, debtors)


def _sized(name: str, default: int) -> int:
    return int(os.environ.get(name) or default)


def main() -> None:
    parts = (os.environ.get("BENCH_PARTS") or ",".join(PARTS)).split(",")
    if unknown := set(parts) - set(PARTS):
        raise SystemExit(f"BENCH_PARTS: no such part: {', '.join(sorted(unknown))}")
    run(int(os.environ.get("BENCH_EVENTS") or EVENTS), parts)


if __name__ == "__main__":
    main()
