"""`python -m services.segmentation.backtest FILE --mapping M.yaml`: a backtest of a CSV file.

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

from services.segmentation.learning.backtest import Report, backtest
from services.segmentation.learning.cases import (
    HORIZON_DAYS,
    TARGETS,
    InvoiceFacts,
    target_of,
)
from services.segmentation.learning.settling import Fact, settle
from shared.csv_events.mapping import MappingFile, parse_mapping
from shared.csv_events.rows import Made, Refusal, read_events
from shared.errors import AppError, FieldError, Invalid
from shared.events import billing
from shared.field_errors import field_errors
from shared.money import is_currency

TENANT = "backtest"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="services.segmentation.backtest", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--mapping", type=Path, required=True)
    parser.add_argument("--target", default=TARGETS[0], help=f"one of: {', '.join(TARGETS)}")
    parser.add_argument("--train-fraction", type=float, default=0.7)
    parser.add_argument("--horizon-days", type=int, default=HORIZON_DAYS)
    parser.add_argument("--today", type=date.fromisoformat, default=None, help="YYYY-MM-DD")
    parser.add_argument("--challenger", action="store_true", help="boosted trees beside it")
    parser.add_argument("--json", action="store_true", help="the report as JSON")
    options = parser.parse_args(arguments)
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        mapping = parse_mapping(options.mapping.read_text())
        refusals: list[Refusal] = []
        facts = list(read_facts(options.file, mapping, refusals))
        for refusal in sorted(refusals, key=lambda r: r.line):
            errors.print(str(refusal), markup=False)
        invoices = settle(facts)
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
    _tell(report, as_json=options.json)
    return 1 if refusals else 0


def read_facts(path: Path, mapping: MappingFile, refusals: list[Refusal]) -> Iterator[Fact]:
    """A file's events; repeats are dropped, and what no ledger would take is refused."""
    known: dict[tuple[str, str], billing.Data] = {}
    for row in read_events(path, mapping, TENANT):
        if isinstance(row, Refusal):
            refusals.append(row)
            continue
        for made in row:
            try:
                fact = _fact(made)
                if _is_new(made, fact.data, known):
                    yield fact
            except Invalid as invalid:
                refusals += [
                    Refusal(made.line, mapping.column_of(made.rule, e.pointer), e.detail)
                    for e in invalid.errors
                ]


def _fact(made: Made) -> Fact:
    """An event as its type says. Raises `Invalid` with pointers."""
    content = made.event["data"]
    kind = billing.TYPES[made.rule.type]
    try:
        data: Any = msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        raise Invalid("no such event", field_errors(content, kind, "/data")) from error
    currency = getattr(data, "currency", None)
    if currency is not None and not is_currency(currency):
        reason = f"{currency} is no ISO 4217 code in use"
        raise Invalid("no such currency", [FieldError("/data/currency", reason)])
    try:
        at = datetime.fromisoformat(made.event["time"])
    except ValueError:
        raise Invalid("no such time", [FieldError("/time", "is not an instant")]) from None
    return Fact(at if at.tzinfo else at.replace(tzinfo=UTC), data)


IDS = {
    "invoice-issued": "invoice_id",
    "credit-note-issued": "credit_note_id",
    "payment-received": "payment_id",
    "payment-reversed": "reversal_id",
}


def _is_new(made: Made, data: billing.Data, known: dict[tuple[str, str], billing.Data]) -> bool:
    """Whether a fact was not seen before. Raises `Invalid` where it was, with other data."""
    name = IDS.get(made.rule.type)
    if name is None:
        return True
    key = (made.rule.type, getattr(data, name))
    first = known.setdefault(key, data)
    if first is data:
        return True
    if first != data:
        reason = f"{key[1]} was there before with other data; the first stands"
        raise Invalid("a conflict", [FieldError(f"/data/{name}", reason)])
    return False


def last_day(invoices: Sequence[InvoiceFacts], facts: Sequence[Fact]) -> date:
    """The last day on which anything happened. Raises `Invalid` where nothing did."""
    days = [fact.time.date() for fact in facts]
    days += [invoice.day for invoice in invoices]
    days += [invoice.settled_on for invoice in invoices if invoice.settled_on is not None]
    if not days:
        raise Invalid("The file has no row that can be used")
    return max(days)


def _tell(report: Report, *, as_json: bool) -> None:
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
    told = {
        "scorecard": report.model,
        "challenger": report.challenger,
        "baseline": report.baseline,
    }
    for name, figures in told.items():
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
