"""What a demo found, for a person: tables in the terminal."""

from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from deploy.demo.metrics_figures import OF_CONTACTS
from deploy.demo.report import Report, event_count
from shared.money import DECIMALS

_BUCKETS = ("current", "1-30", "31-60", "61-90", "91-120", "121+")
_STEPS_SHOWN = 4
_COLUMNS = (
    ("recovery_rate", "recovered"),
    ("dso", "DSO"),
    ("average_days_delinquent", "ADD"),
    ("average_days_late", "late"),
    ("collection_effectiveness_index", "CEI"),
    ("invoiced", "invoiced"),
    ("received", "received"),
)

# Accounts move between segments: the sale here, the receivable there. Of one, these say little.
_OF_THE_WHOLE = frozenset({"dso", "average_days_delinquent", "collection_effectiveness_index"})


def show(console: Console, report: Report) -> None:
    """Everything of interest, short enough for one screen."""
    console.print(_kpis(report))
    console.print(_metrics(report))
    console.print(_aging(report))
    console.print(_contacts(report))
    console.print(_outreach(report))
    console.print(_costs(report))
    console.print(_agreements(report))
    console.print(_amounts(report))
    _sums(console, report)


def _table(title: str, *, show_header: bool = True) -> Table:
    return Table(
        title=title,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        show_header=show_header,
    )


def _kpis(report: Report) -> Table:
    """One line per currency, and per segment under it."""
    table = _table(f"Key figures, {report['from']} to {report['to']}")
    table.add_column("")
    table.add_column("segment")
    for _, label in _COLUMNS:
        table.add_column(label, justify="right", no_wrap=True)
    kpis = report["kpis"]
    for currency in sorted({currency for found in kpis.values() for currency in found}):
        table.add_row(
            currency, "all", *(_cell(kpis[n].get(currency), currency) for n, _ in _COLUMNS),
            style="bold",
        )  # fmt: skip
        parts = {name: kpis[name].get(currency, {}).get("segments", {}) for name, _ in _COLUMNS}
        for segment in sorted({segment for found in parts.values() for segment in found}):
            cells = [
                ""
                if n in _OF_THE_WHOLE
                else _cell(_with_unit(parts[n].get(segment), kpis[n].get(currency)), currency)
                for n, _ in _COLUMNS
            ]
            table.add_row("", segment or "none yet", *cells)
        table.add_section()
    return table


def _metrics(report: Report) -> Table:
    """Over all currencies in one, what the plan and the experiment came to, how people did."""
    found = report["metrics"]
    table = _table("Over all, in EUR", show_header=False)
    table.add_column()
    table.add_column()
    shown = {n: f"{_said(n)} {_cell(each, 'EUR')}" for n, each in found["figures"].items()}
    of_contacts = [shown.pop(name) for name in OF_CONTACTS]
    table.add_row("money", ", ".join(shown.values()))
    table.add_row("contacts", ", ".join(of_contacts))
    if "plan" in found:
        plan = found["plan"]
        objectives = (f"{name} {_said(o['verdict'])}" for name, o in plan["objectives"].items())
        table.add_row(f"plan, {plan['state']}", ", ".join(objectives))
        table.add_row("budget", _states(plan["budget"]))
        table.add_row("contingencies", _states(plan["contingencies"]))
        table.add_row("alerts", _counts(found["alerts"]))
        table.add_row("experiment", found["experiment"]["words"])
    tasks = {name: person["tasks"] for name, person in found["people"].items()}
    table.add_row("tasks done by", _counts(tasks))
    steps = sorted(found["process"].items(), key=lambda step: (-step[1], step[0]))
    table.add_row("steps most taken", _counts(dict(steps[:_STEPS_SHOWN])))
    return table


def _said(name: str) -> str:
    return name.replace("_", " ")


def _states(states: dict[str, str]) -> str:
    return ", ".join(f"{name} {_said(state)}" for name, state in states.items())


def _with_unit(found: dict[str, Any] | None, whole: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if found is None or whole is None else {**found, "unit": whole["unit"]}


def _cell(found: dict[str, Any] | None, currency: str) -> str:
    if found is None or found["value"] is None:
        return "–"
    value = found["value"]
    match found["unit"]:
        case "ratio":
            return f"{value:.1%}"
        case "days":
            return f"{value:.1f}"
        case "minor":
            return money(value, currency)
        case _:
            return f"{value:,}"


def money(amount_minor: int, currency: str) -> str:
    """With thousands apart and the currency's own decimals."""
    decimals = DECIMALS.get(currency, 2)
    whole, part = divmod(abs(amount_minor), 10**decimals)
    sign = "-" if amount_minor < 0 else ""
    return f"{sign}{whole:,}" + (f".{part:0{decimals}d}" if decimals else "")


def _aging(report: Report) -> Table:
    table = _table("What is open, by days past due")
    table.add_column("")
    for bucket in _BUCKETS:
        table.add_column(bucket, justify="right")
    for currency, buckets in sorted(report["aging"].items()):
        table.add_row(currency, *(money(buckets.get(b, 0), currency) for b in _BUCKETS))
    return table


def _contacts(report: Report) -> Table:
    table = _table("Contacts", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column()
    received = report["received"]
    rows = [(f"{name} received", received[name], "") for name in ("mails", "texts", "letters")]
    for name, found in report["contacts"].items():
        parts = [f"{key} {count:,}" for key, count in sorted(found.items()) if key != "value"]
        label = name.replace("_", " ") if name != "contacts" else "contacts made"
        rows.append((label, found["value"] or 0, ", ".join(parts)))
    for label, count, parts_text in rows:
        table.add_row(label, f"{count:,}", parts_text)
    return table


def _outreach(report: Report) -> Table:
    """By channel how contacts ended; who answered, and what people did."""
    table = _table("Outreach", show_header=False)
    table.add_column()
    table.add_column()
    found = report["outreach"]
    for channel, states in found["contacts"].items():
        table.add_row(channel, _counts(states))
    rows = {
        "replies": found["replies"],
        "what carriers and readers said": report["answers"],
        "right party contacts": found["right parties"],
        "wrong party contacts": found["wrong parties"],
        "tasks created": found["tasks created"],
        "tasks done": found["tasks done"],
        "tasks cancelled": found["tasks cancelled"],
        "agreed by collectors": report["desk"]["agreed"],
        "calls that rules forbid": report["desk"]["calls refused"],
        "calls of the dialler": report["dialled"],
        "approvals": report["desk"]["decided"],
        "reviews": found["reviews"],
        "accounts by strategy": found["accounts by strategy"],
    }
    for label, counts in rows.items():
        table.add_row(label, _counts(counts))
    return table


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items()) or "–"


def _costs(report: Report) -> Table:
    table = _table("What contacts cost")
    costs = report["outreach"]["costs"]
    table.add_column("")
    for channel in costs:
        table.add_column(channel, justify="right")
    for currency in sorted({each for sums in costs.values() for each in sums}):
        cells = (f"{sums.get(currency, 0) / 1_000_000:,.2f}" for sums in costs.values())
        table.add_row(currency, *cells)
    return table


def _agreements(report: Report) -> Table:
    table = _table("Promises, plans, settlements, disputes", show_header=False)
    table.add_column()
    table.add_column()
    for noun, states in report["agreements"].items():
        table.add_row(f"{noun}s", ", ".join(f"{state} {n:,}" for state, n in states.items()) or "–")
    return table


def _amounts(report: Report) -> Table:
    """What was agreed, let go, charged and lost, and what came back."""
    amounts = report["amounts"]
    table = _table("Agreed, charged, lost")
    table.add_column("")
    for name in amounts:
        table.add_column(name, justify="right")
    for currency in sorted({currency for found in amounts.values() for currency in found}):
        cells = (money(found.get(currency, 0), currency) for found in amounts.values())
        table.add_row(currency, *cells)
    return table


def _sums(console: Console, report: Report) -> None:
    timing = report["timing"]
    violations = sum(report["integrity"].values())
    kept = {**report["outreach integrity"], **report["kept"]}
    console.print(
        f"{report['days']} days of {report['accounts']:,} accounts in {timing['seconds']:.1f} s: "
        f"{event_count(report):,} events, {timing['events_per_second']:,.0f} a second. "
        f"The ledger's {len(report['integrity'])} invariants are violated {violations} times, "
        f"outreach's {len(kept)} {sum(kept.values())} times."
    )
    for name, count in kept.items():
        if count:
            console.print(f"  violated {count} times: {name}")
            for example in report["violations"].get(name, [])[:5]:
                console.print(f"    {example}", markup=False)
    if report["refused"]:
        console.print(f"{len(report['refused'])} rows or events were refused, for example:")
        for reason in report["refused"][:5]:
            console.print(f"  {reason}", markup=False)
