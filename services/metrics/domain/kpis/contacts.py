"""Contacts: what was planned, what left us, what was withheld, who answered."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from services.metrics.domain.figures import Figures
from services.metrics.domain.kinds.contacts import ANSWER_DAYS
from services.metrics.domain.kpis.kpi import CONTACT, Kpi, Ratio, ratio, total
from services.metrics.domain.measures import flow


def _count(measure: str) -> Callable[[Figures], Ratio]:
    def formula(figures: Figures) -> Ratio:
        return total(figures.flow(measure).count)

    return formula


def _suppressed_rate(figures: Figures) -> Ratio:
    """A contact counts once; by rule once for each of its rules."""
    withheld = figures.flow("suppressed" if figures.asks("rule") else "withheld")
    return ratio(withheld.count, figures.flow("planned").count)


def _contact_rate(figures: Figures) -> Ratio:
    """It may grow while there are days left on which an answer counts."""
    last_on = figures.window.to_on + timedelta(days=ANSWER_DAYS)
    return ratio(
        figures.flow("answered").count,
        figures.flow("attempt").count,
        grows_until=last_on if last_on > figures.at else None,
    )


def _right_party_rate(figures: Figures) -> Ratio:
    of = "answered" if figures.per == "contact" else "attempt"
    return ratio(figures.flow("reached").count, figures.flow(of).count)


def _opt_out_rate(figures: Figures) -> Ratio:
    return ratio(figures.flow("revoked").count, figures.flow("attempt").count)


_RIGHT_PARTY = Kpi(
    name="right_party_contact_rate",
    definition="Attempts of the window in which the right party was reached within 30 days, "
    "divided by all attempts; per contact by those that were answered.",
    unit="ratio",
    kind="flow",
    better="higher",
    splits=CONTACT,
    formula=_right_party_rate,
    needs=(flow("reached"), flow("attempt"), flow("answered")),
    by=("count",),
    is_money=False,
)


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
        needs=(
            flow("suppressed"),
            flow("withheld", without=("rule",)),
            flow("planned", without=("rule",)),
        ),
        by=("count",),
        mark="rule",
        is_money=False,
    ),
    Kpi(
        name="contact_rate",
        definition="Attempts of the window that were answered within 30 days, by a reply, a "
        "conversation or a visit, divided by all attempts. To have opened a message is no answer.",
        unit="ratio",
        kind="flow",
        better="higher",
        splits=CONTACT,
        formula=_contact_rate,
        needs=(flow("answered"), flow("attempt")),
        by=("count",),
        is_money=False,
        members=("grows_until",),
    ),
    replace(_RIGHT_PARTY, taken=(("contact", replace(_RIGHT_PARTY, is_per="contact")),)),
    Kpi(
        name="opt_out_rate",
        definition="Consents taken back in the window, divided by attempts.",
        unit="ratio",
        kind="flow",
        better="lower",
        splits=("channel", "segment"),
        formula=_opt_out_rate,
        needs=(flow("revoked"), flow("attempt")),
        by=("count",),
        is_money=False,
    ),
)
