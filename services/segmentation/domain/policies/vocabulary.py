"""What a policy's conditions may speak of: every feature and every score, under its own name.

The words follow from the classes, so a new feature can be asked for at once: a number `x` gives
`x_from` (at least) and `x_below` (less than), an amount `x_minor` the same as `x_from` and
`x_below` in major units by currency, a flag and a text their own name, tags `_any`, `_all`,
`_none`. A few have a shorter name, and some questions are put in words of the trade (`overdue`).
"""

from collections.abc import Callable, Iterator
from typing import Any, Literal, get_args, get_type_hints

import msgspec
from msgspec import Struct

from services.segmentation.domain.features import Features


class Scores(Struct, frozen=True):
    """What the models say of an account: probabilities from 0 to 1."""

    pays_within: float  # what is overdue is paid within the horizon
    late_payment: float  # an invoice is paid late


Form = Literal["flag", "words", "risk", "tags", "number", "percent", "share", "amount", "index"]
Side = Literal["is", "any", "all", "none", "from", "below"]
Margin = Literal["probability", "percent", "amount_percent", "days"]
Reading = Callable[[Features, Scores], Any]


class Condition(Struct, frozen=True, kw_only=True):
    """One word of the vocabulary."""

    name: str  # as a policy writes it
    subject: str  # what it looks at, as reasons show it
    form: Form
    side: Side
    read: Reading
    is_situation: bool  # of what the account owes and is; else of its record or its scores
    margin: Margin | None  # which slack of the policy's hysteresis it has
    may_be_negative: bool
    meaning: str


# Features that say how things stand, against those that say how the payer has been. Only the
# latter can be waited out (`stay_days`): no account stays overdue that has paid.
SITUATION = frozenset(
    {
        "age_days",
        "arrangement",
        "balance_minor",
        "charges_minor",
        "collectable_minor",
        "country",
        "credit_limit_minor",
        "currency",
        "days_past_due",
        "disputed_minor",
        "disputed_percent",
        "hold_kinds",
        "insurance_minor",
        "is_due_soon",
        "is_placed",
        "kind",
        "missed_instalments",
        "open_disputes",
        "open_invoices",
        "open_promises",
        "overdue_minor",
        "promised_minor",
        "recoverable_minor",
        "tags",
        "terms_days",
    }
)
SHORT = {
    "age_days": "age",
    "delay_trend_days": "delay_trend",
    "is_due_soon": "due_soon",
    "is_placed": "placed",
    "hold_kinds": "holds",
    "tags": "tags",
}
SIGNED = frozenset({"delay_trend_days", "lifetime_minor"})
MEANINGS = {
    "age_days": "days past due as announced: 0, 1, 31, 61, 91, 121",
    "collectable_minor": "past due and neither disputed nor covered, in major units",
    "arrangement": "a plan or a settlement that is in force",
    "hold_kinds": "kinds of the holds in force",
    "missed_instalments": "instalments that stand missed, of an arrangement in force",
    "promise_kept_percent": "share of judged promises that were kept",
    "promises_broken": "promises broken in the last 180 days",
    "recoverable_minor": "written off and not recovered, in major units",
    "delay_trend_days": "days by which the last three settled came later than those before",
    "disputed_percent": "disputed share of the open balance",
    "late_payment": "probability that an invoice is paid late",
    "late_percent": "share of settled invoices that were late",
    "pays_within": "probability that what is overdue is paid within the horizon",
    "settled": "invoices settled with cash",
    "tenure_days": "days since the relationship began",
}


def _flags() -> Iterator[Condition]:
    asked: tuple[tuple[str, str, Reading], ...] = (
        ("open", "has an open invoice", lambda f, _: f.open_invoices > 0),
        ("overdue", "has something past due", lambda f, _: f.age_days > 0),
        (
            "collectable",
            "something past due is neither disputed nor covered",
            lambda f, _: f.collectable_minor > 0,
        ),
        ("disputed", "some of the open balance is disputed", lambda f, _: f.disputed_minor > 0),
        (
            "insurance_pending",
            "an open invoice is an insurer's to pay",
            lambda f, _: f.insurance_minor > 0,
        ),
    )
    for name, meaning, read in asked:
        yield _condition(name, name, "flag", "is", read, meaning=meaning, is_situation=True)


def _special() -> Iterator[Condition]:
    yield _condition(
        "risk",
        "risk",
        "risk",
        "any",
        lambda _, s: s.late_payment,
        margin="probability",
        meaning="bands of the probability that an invoice is paid late",
    )
    # Failed and bounced payments count alike to whoever waits for the money.
    yield from _numbers(
        "failed_payments",
        "failed_payments",
        lambda f, _: f.failed_payments + f.bounced_payments,
        "number",
        meaning="payments that failed or bounced, in the last 180 days",
    )
    for score in msgspec.structs.fields(Scores):
        yield from _numbers(
            score.name, score.name, _of_scores(score.name), "share", margin="probability"
        )


def _condition(
    name: str,
    subject: str,
    form: Form,
    side: Side,
    read: Reading,
    *,
    meaning: str = "",
    is_situation: bool = False,
    margin: Margin | None = None,
) -> Condition:
    return Condition(
        name=name,
        subject=subject,
        form=form,
        side=side,
        read=read,
        is_situation=is_situation,
        margin=margin,
        may_be_negative=subject in SIGNED,
        meaning=meaning or MEANINGS.get(subject, subject.replace("_", " ")),
    )


def _numbers(
    name: str,
    subject: str,
    read: Reading,
    form: Form,
    *,
    meaning: str = "",
    is_situation: bool = False,
    margin: Margin | None = None,
) -> Iterator[Condition]:
    sides: tuple[Side, ...] = ("from", "below")
    for side in sides:
        yield _condition(
            f"{name}_{side}",
            subject,
            form,
            side,
            read,
            meaning=meaning,
            is_situation=is_situation,
            margin=margin,
        )


def _of_features(name: str) -> Reading:
    return lambda f, _: getattr(f, name)


def _of_scores(name: str) -> Reading:
    return lambda _, s: getattr(s, name)


def _features() -> Iterator[Condition]:
    """The words of every feature, by what kind of value it is."""
    for feature, kind in _feature_kinds():
        read, situation = _of_features(feature), feature in SITUATION
        name = SHORT.get(feature, feature)
        if bool in kind:
            yield _condition(name, feature, "flag", "is", read, is_situation=situation)
        elif dict[str, float] in kind:
            yield from _numbers(
                name, feature, read, "index", meaning="figures of the market, by name"
            )
        elif str in kind:
            yield _condition(name, feature, "words", "any", read, is_situation=situation)
        elif tuple[str, ...] in kind:
            sides: tuple[Side, ...] = ("any", "all", "none")
            for side in sides:
                yield _condition(
                    f"{name}_{side}", feature, "tags", side, read, is_situation=situation
                )
        elif feature.endswith("_minor"):
            amount = feature.removesuffix("_minor")
            yield from _numbers(
                amount, feature, read, "amount", is_situation=situation, margin="amount_percent"
            )
        elif int in kind or float in kind:
            yield from _numbers(
                name,
                feature,
                read,
                "percent" if feature.endswith("_percent") else "number",
                is_situation=situation,
                margin=_margin(feature),
            )


def _margin(feature: str) -> Margin | None:
    if feature.endswith("_percent"):
        return "percent"
    return "days" if "delay" in feature or "days_late" in feature else None


def _feature_kinds() -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Every feature with the kinds of its value: fields first, then what follows from them."""
    hints = get_type_hints(Features)
    for field in msgspec.structs.fields(Features):
        yield field.name, _kinds(hints[field.name])
    for name, member in sorted(vars(Features).items()):
        if isinstance(member, property) and not name.startswith("_") and member.fget is not None:
            yield name, _kinds(get_type_hints(member.fget)["return"])


def _kinds(hint: Any) -> tuple[Any, ...]:
    if hint in (tuple[str, ...], dict[str, float]):
        return (hint,)
    return tuple(kind for kind in get_args(hint) if kind is not type(None)) or (hint,)


def _vocabulary() -> dict[str, Condition]:
    words: dict[str, Condition] = {}
    for condition in (*_flags(), *_special(), *_features()):
        words.setdefault(condition.name, condition)  # what is put in own words outranks a feature
    return words


VOCABULARY = _vocabulary()
