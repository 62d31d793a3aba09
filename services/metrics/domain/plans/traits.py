"""What may be asked of a KPI in a plan."""

from typing import NamedTuple

from services.metrics.domain.kpis import KPIS

# Ratios that are no shares of a whole: they may pass 1, or lie below 0.
_NO_SHARES = frozenset(
    {"cost_to_collect", "loss_reduction", "write_off_rate", "collection_effectiveness_index"}
)
_MONTHLY = frozenset({"roll_rate"})
# What goes on growing for some days after its window, though none of its things is unripe.
_GROW_DAYS = {"cure_rate": 30, "contact_rate": 30, "right_party_contact_rate": 30}


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
        per=tuple(kpi.per),
        is_money=kpi.is_money,
        is_sum=kpi.kind == "flow" and kpi.unit in ("minor", "count"),
        is_share=kpi.unit == "ratio" and name not in _NO_SHARES,
        is_monthly=name in _MONTHLY,
        ripen_days=max(kpi.ripe_days, _GROW_DAYS.get(name, 0)),
    )


def names() -> tuple[str, ...]:
    return tuple(KPIS)
