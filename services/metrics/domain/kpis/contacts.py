"""Contacts: what was planned, what left us, what was withheld."""

from collections.abc import Callable

from services.metrics.domain.figures import Figures
from services.metrics.domain.kpis.kpi import CONTACT, Kpi, Ratio, ratio, total
from services.metrics.domain.measures import flow


def _count(measure: str) -> Callable[[Figures], Ratio]:
    def formula(figures: Figures) -> Ratio:
        return total(figures.flow(measure).count)

    return formula


def _suppressed_rate(figures: Figures) -> Ratio:
    return ratio(figures.flow("withheld").count, figures.flow("planned").count)


def _suppressed_by_rule(figures: Figures) -> Ratio:
    return ratio(figures.flow("suppressed").count, figures.flow("planned").count)


KPIS = (
    Kpi(
        name="contacts",
        definition="Attempts: outbound contacts that left us, or may have.",
        unit="count",
        kind="flow",
        better=None,
        splits=("result", *CONTACT),
        formula=_count("attempt"),
        needs=(flow("attempt"),),
        by=("count",),
        mark="result",
        is_money=False,
    ),
    *(
        Kpi(
            name=f"contacts_{measure}",
            definition=definition,
            unit="count",
            kind="flow",
            better=None,
            splits=splits,
            formula=_count(measure),
            needs=(flow(measure),),
            by=("count",),
            mark=mark,
            is_money=False,
        )
        for measure, definition, splits, mark in (
            ("planned", "Contacts planned.", CONTACT, None),
            (
                "suppressed",
                "Contacts suppressed, once for each rule.",
                ("rule", *CONTACT),
                "rule",
            ),
            ("cancelled", "Contacts cancelled: paid, held, disputed.", CONTACT, None),
            ("failed", "Contacts that the provider refused.", CONTACT, None),
        )
    ),
    Kpi(
        name="suppressed_contact_rate",
        definition="Contacts suppressed, divided by contacts planned. A contact counts once, by "
        "rule once for each of its rules.",
        unit="ratio",
        kind="flow",
        better=None,
        splits=("rule", *CONTACT),
        formula=_suppressed_rate,
        needs=(flow("suppressed"), flow("withheld"), flow("planned")),
        by=("count",),
        mark="rule",
        is_money=False,
        mark_formula=_suppressed_by_rule,
    ),
)
