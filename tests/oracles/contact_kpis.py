"""The KPIs of contacts in pandas: the referee of `services/metrics`, beside `kpis.py`."""

from collections.abc import Iterable
from datetime import date

import pandas as pd

from tests.oracles.kpi_parts import Told, ratio


def suppressed_contact_rate(
    said: Iterable[tuple[date, str, str, str]], start: date, end: date, rule: str | None = None
) -> Told:
    """Contacts suppressed (under one rule) ÷ contacts planned. `said`: (day, contact, result, rule)
    in the order in which it was said; whatever is said again counts where it was said first."""
    table = pd.DataFrame(said, columns=["day", "contact", "result", "rule"])
    planned = table[table["result"] == "planned"]
    suppressed = table[table["result"] == "suppressed"]
    if rule is not None:
        suppressed = suppressed[suppressed["rule"] == rule]
    first = [each.drop_duplicates("contact") for each in (suppressed, planned)]
    counts = [int(((each["day"] >= start) & (each["day"] <= end)).sum()) for each in first]
    return ratio(*counts)
