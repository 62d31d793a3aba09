"""The demo's tables: everything that a report holds can be shown."""

import io
from typing import Any

import pytest
from rich.console import Console

from deploy.demo import table
from deploy.demo.metrics_figures import OF_CONTACTS
from deploy.demo.outreach_figures import figures_of
from deploy.demo.report import AGREEMENTS, CONTACT_KPIS, MONEY_KPIS, event_count


def a_report(**changes: Any) -> dict[str, Any]:
    figures = {"value": 0.25, "numerator": 1, "denominator": 4}
    nothing = {"value": None, "numerator": 0, "denominator": 0}
    return {
        "from": "2026-01-01",
        "to": "2026-01-31",
        "days": 31,
        "accounts": 500,
        "kpis": {
            name: {"EUR": {"unit": "ratio", **figures, "segments": {"": nothing, "legal": figures}}}
            for name in MONEY_KPIS
        },
        "aging": {"EUR": {"current": 123456, "1-30": 7}},
        "metrics": {
            "figures": {
                "dso": {"unit": "days", "value": 31.4, "numerator": 314, "denominator": 10},
                **{name: {"unit": "ratio", **nothing} for name in OF_CONTACTS},
            },
            "people": {"team": {"tasks": 12}, "carla": {"tasks": 12}},
            "process": {"overdue-1 > contacted": 8, "contacted > promised": 9},
            "plan": {
                "state": "running",
                "objectives": {"cash": {"verdict": "off_track"}},
                "budget": {"people": "within"},
                "contingencies": {"firmer": "acted"},
            },
            "alerts": {"late raised": 2},
            "experiment": {"words": "It makes no difference."},
        },
        "contacts": {name: {"value": 3, "email": 3} for name in CONTACT_KPIS},
        "agreements": {noun: {} for noun in AGREEMENTS} | {"promise": {"broken": 1, "kept": 1234}},
        "amounts": {"promised": {"EUR": 5000}, "recovered": {"JPY": 700}},
        "received": {"mails": 3, "texts": 2, "letters": 1, "batches of letters": 1, "pages": 1},
        "answers": {"email reply": 2},
        "desk": {
            "dispositions": {},
            "calls refused": {},
            "decided": {},
            "agreed": {"promise taken": 9},
        },
        "dialled": {"busy": 1},
        "outreach": {
            **figures_of([]),
            "contacts": {"sms": {"delivered": 77}},
            "costs": {"sms": {"EUR": 1_500_000}},
        },
        "outreach integrity": {"all ends": 0},
        "kept": {"no step twice": 0},
        "violations": {},
        "events": {"billing.events": {"invoice-issued": 2}, "ledger.events": {"x": 3}},
        "refused": [],
        "integrity": {"all is well": 0},
        "timing": {"seconds": 2.0, "events_per_second": 2.5},
        **changes,
    }


def shown(report: dict[str, Any]) -> str:
    out = io.StringIO()
    table.show(Console(file=out, width=120), report)
    return out.getvalue()


def test_the_tables_show_figures_segments_ageing_and_speed() -> None:
    text = shown(a_report())
    for part in ("25.0%", "legal", "none yet", "1,234.56", "email 3", "5 events", "0 times"):
        assert part in text


def test_the_tables_show_what_metrics_says_of_the_whole() -> None:
    text = shown(a_report())
    for part in ("dso 31.4", "cash off track", "firmer acted", "late raised 2", "team 12"):
        assert part in text
    assert text.index("contacted > promised 9") < text.index("overdue-1 > contacted 8")


def test_a_file_of_ones_own_has_no_plan_to_show() -> None:
    report = a_report()
    for name in ("plan", "alerts", "experiment"):
        del report["metrics"][name]
    assert "contingencies" not in shown(report)


def test_the_tables_show_what_was_agreed_and_what_came_of_it() -> None:
    text = shown(a_report())
    for part in ("promises", "broken 1, kept 1,234", "50.00", "recovered", "700"):
        assert part in text


def test_the_tables_show_contacts_by_channel_replies_and_costs() -> None:
    text = shown(a_report())
    for part in ("delivered 77", "email reply 2", "promise taken 9", "busy 1", "1.50"):
        assert part in text
    assert "violated 4 times: no step twice" in shown(a_report(kept={"no step twice": 4}))


def test_a_kpi_that_a_currency_lacks_is_a_dash() -> None:
    report = a_report()
    report["kpis"]["dso"] = {}
    assert "–" in shown(report)


def test_nothing_at_all_can_be_shown() -> None:
    shown(a_report(kpis={name: {} for name in MONEY_KPIS}, aging={}))


def test_refused_rows_are_shown_as_they_are() -> None:
    assert "line 4, [amount]: no" in shown(a_report(refused=["line 4, [amount]: no"]))


def test_all_events_are_counted() -> None:
    assert event_count(a_report()) == 5


@pytest.mark.parametrize(
    ("amount_minor", "currency", "text"),
    [(123456, "EUR", "1,234.56"), (-5, "EUR", "-0.05"), (1234, "JPY", "1,234"), (0, "USD", "0.00")],
)
def test_money_has_the_decimals_of_its_currency(
    amount_minor: int, currency: str, text: str
) -> None:
    assert table.money(amount_minor, currency) == text
