"""`.venv/bin/python -m deploy.backtest FILE --mapping M.yaml`: a backtest of a CSV file.

The file is read as the ledger's importer reads it, by the same mapping, but nothing is sent and no
platform need run. Rows that cannot be used are printed as `line N, column: reason` and left out.
Exits with 1 if there is any, with 2 if nothing could be tested. The last begun day is the last day
anything in the file happened on, or `--today`.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from deploy.backtest.invoices import TENANT, FileFact, invoices_of
from services.ledger.domain import check, difference
from services.segmentation.learning.backtest import Report, backtest
from services.segmentation.learning.cases import (
    HORIZON_DAYS,
    TARGETS,
    InvoiceFacts,
    target_of,
)
from shared.csv_events.aims import aim_all
from shared.csv_events.mapping import MappingFile, read_mapping
from shared.csv_events.rows import Made, Refusal, Skipped, read_events
from shared.errors import AppError, FieldError, Invalid
from shared.events import billing
from shared.field_errors import field_errors


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="deploy.backtest", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--mapping", type=Path, required=True)
    parser.add_argument("--target", default=TARGETS[0], help=f"one of: {', '.join(TARGETS)}")
    parser.add_argument("--train-fraction", type=float, default=0.7)
    parser.add_argument("--horizon-days", type=int, default=HORIZON_DAYS)
    parser.add_argument("--today", type=date.fromisoformat, default=None, help="YYYY-MM-DD")
    parser.add_argument("--challenger", action="store_true", help="boosted trees too")
    parser.add_argument("--json", action="store_true", help="the report as JSON")
    options = parser.parse_args(arguments)
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        mapping = read_mapping(options.mapping)
        refusals: list[Refusal] = []
        facts = list(read_facts(options.file, mapping, refusals))
        for refusal in sorted(refusals, key=lambda r: r.line):
            errors.print(str(refusal), markup=False)
        invoices = invoices_of(facts)
        report = backtest(
            invoices,
            target=target_of(options.target),
            train_fraction=options.train_fraction,
            horizon_days=options.horizon_days,
            with_challenger=options.challenger,
            today=options.today or last_day(invoices, facts),
        )
    except (OSError, AppError) as error:
        errors.print(f"error: {error}", markup=False)
        for field in getattr(error, "errors", ()):
            errors.print(f"  {field.pointer}: {field.detail}", markup=False)
        return 2
    _show(report, as_json=options.json)
    return 1 if refusals else 0


def read_facts(path: Path, mapping: MappingFile, refusals: list[Refusal]) -> Iterator[FileFact]:
    """A file's events; repeats are dropped, and what no ledger would take is refused."""
    known: dict[tuple[str, str], FileFact] = {}
    events: list[Made] = []
    for row in read_events(path, mapping, TENANT):
        if isinstance(row, Refusal):
            refusals.append(row)
        elif not isinstance(row, Skipped):
            events += row
    for made in aim_all(events):
        try:
            fact = _fact(made)
            if _is_new(fact, known):
                yield fact
        except Invalid as invalid:
            refusals += [
                Refusal(made.line, mapping.column_of(made.rule, e.pointer), e.detail)
                for e in invalid.errors
            ]


def _fact(made: Made) -> FileFact:
    """An event as its type says, if the ledger would take it. Raises `Invalid` with pointers."""
    content = made.event["data"]
    kind = billing.TYPES[made.rule.type]
    try:
        data: Any = msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        raise Invalid("no such event", field_errors(content, kind, "/data")) from error
    try:
        at = datetime.fromisoformat(made.event["time"])
    except ValueError:
        raise Invalid("no such time", [FieldError("/time", "is not an instant")]) from None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    if errors := check(made.rule.type, at, data):
        raise Invalid("no such fact", errors)
    return FileFact(at, data, made.event["id"])


def _is_new(fact: FileFact, known: dict[tuple[str, str], FileFact]) -> bool:
    """Whether a fact was not seen before. Raises `Invalid` where it was, with other data."""
    first = known.setdefault((fact.type, fact.fact_id), fact)
    if first is fact:
        return True
    if difference(fact.type, (first.time, first.data), (fact.time, fact.data)):
        reason = f"{fact.fact_id} was there before with other data; the first stands"
        raise Invalid("a conflict", [FieldError(_pointer_of_id(fact), reason)])
    return False


def _pointer_of_id(fact: FileFact) -> str:
    """The field that says which fact it is; the account's where the event's own id does."""
    names = fact.data.__struct_fields__
    own = [name for name in names if getattr(fact.data, name) == fact.fact_id]
    return f"/data/{own[0] if own else 'account_id'}"


def last_day(invoices: Sequence[InvoiceFacts], facts: Sequence[FileFact]) -> date:
    """The last day on which anything happened. Raises `Invalid` where nothing did."""
    days = [fact.time.date() for fact in facts]
    days += [invoice.day for invoice in invoices]
    days += [invoice.settled_on for invoice in invoices if invoice.settled_on is not None]
    if not days:
        raise Invalid("The file has no row that can be used")
    return max(days)


def _show(report: Report, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(msgspec.json.encode(report.to_builtins()).decode() + "\n")
        return
    console = Console(highlight=False)
    console.print(
        f"{report.target}: {report.n_train} cases before {report.split_on}"
        f" ({report.n_learned} of them known by then), {report.n_test} from then on,"
        f" of these {report.model.share:.1%} positive"
    )
    table = Table()
    for name in ("", "AUC", "Brier", "log loss", "calibration error"):
        table.add_column(name, justify="right" if name else "left")
    shown = {
        "scorecard": report.model,
        "challenger": report.challenger,
        "baseline": report.baseline,
    }
    for name, figures in shown.items():
        if figures is None:
            continue
        auc = "–" if figures.auc is None else f"{figures.auc:.4f}"
        table.add_row(
            name, auc, f"{figures.brier:.4f}", f"{figures.log_loss:.4f}",
            f"{figures.calibration_error:.4f}",
        )  # fmt: skip
    console.print(table)
    console.print(f"features: {', '.join(report.features)}")


if __name__ == "__main__":
    sys.exit(main())
