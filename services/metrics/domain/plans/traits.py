"""What may be asked of a KPI in a plan."""

from typing import NamedTuple

from services.metrics.domain.kpis import KPIS

# Ratios that are no shares of a whole: they may pass 1, or lie below 0.
_NO_SHARES = frozenset(
    {"cost_to_collect", "loss_reduction", "write_off_rate", "collection_effectiveness_index"}
)
_MONTHLY = frozenset({"roll_rate"})
_RIPEN_DAYS = {"at_risk_rate": 90, "retention_rate": 180, "cure_rate": 30, "contact_rate": 30}
_RIPEN_DAYS["right_party_contact_rate"] = 30
# What stands at the end of a day, though its unit is that of sums.
_STOCKS = frozenset({"aging", "dso_countback"})


class KpiTraits(NamedTuple):
    """Of one KPI."""

    name: str
    definition: str
    unit: str  # ratio | days | minor | count
    better: str | None
    splits: tuple[str, ...]
    by: tuple[str, ...]
    per: tuple[str, ...]
    is_money: bool
    is_sum: bool  # days can be added up
    is_share: bool  # lies between 0 and 1
    is_monthly: bool
    ripen_days: int  # after the last day of its window, until the value is final


def find_traits(name: str) -> KpiTraits | None:
    kpi = KPIS.get(name)
    if kpi is None:
        return None
    return KpiTraits(
        name=kpi.name,
        definition=kpi.definition,
        unit=kpi.unit,
        better=kpi.better,
        splits=tuple(kpi.splits),
        by=tuple(kpi.by),
        per=tuple(getattr(kpi, "per", ())),
        is_money=kpi.is_money,
        is_sum=kpi.unit in ("minor", "count") and name not in _STOCKS,
        is_share=kpi.unit == "ratio" and name not in _NO_SHARES,
        is_monthly=name in _MONTHLY,
        ripen_days=_RIPEN_DAYS.get(name, 0),
    )


def names() -> tuple[str, ...]:
    return tuple(KPIS)
