"""What a comparison says, in a sentence with its figures."""

from typing import Final

from services.metrics.domain.experiments.analysis import UNBOUNDED, Compared
from services.metrics.domain.experiments.comparisons import Comparison
from services.metrics.domain.experiments.sequential import Look
from shared.money import DECIMALS

# {level} is a share in percent, an amount or a number; what follows holds for both arms.
_SENTENCES: Final = {
    "recovered_share": "recovers {level} of what was exposed",
    "settled": "settles {level} of its accounts",
    "cost": "costs {level} per account",
    "attempts": "makes {level} attempts per account",
    "promised": "gets promises from {level} of its accounts",
    "disputed": "has disputes with {level} of its accounts",
    "opted_out": "loses the consent of {level} of its accounts",
    "low_score": "gets low scores from {level} of its accounts",
    "retained": "sells again to {level} of its accounts",
}
_ERRORS = "wrong in at most 5 of 100 such experiments, however often one looks"


def level_text(compared: Compared, value: float) -> str:
    """`60.0 %`, `EUR 1.20`, `2.1`."""
    if compared.metric == "cost":
        return f"{compared.currency} {_amount(value, compared.currency)}"
    return f"{value:.1f}" if compared.metric in UNBOUNDED else f"{_tenths(value * 100)} %"


def size_text(compared: Compared, value: float) -> str:
    """A difference, with its unit: `7.9 points`, `EUR 0.30`, `0.4`."""
    if compared.metric == "cost":
        return f"{compared.currency} {_amount(value, compared.currency)}"
    number = _number(compared, value)
    return number if compared.metric in UNBOUNDED else f"{number} points"


def effect_text(compared: Compared, look: Look) -> str:
    """`7.9 points more, between 3.1 and 12.7`: the bounds are in the direction of the word."""
    sign, word = (1, "more") if look.effect >= 0 else (-1, "less")
    low, high = sorted((sign * look.interval.low, sign * look.interval.high))
    bounds = f"between {_number(compared, low)} and {_number(compared, high)}"
    return f"{size_text(compared, sign * look.effect)} {word}, {bounds}"


def comparison_text(each: Comparison, champion: str) -> str:
    """The challenger's figure, the champion's, and the difference."""
    compared = each.compared
    if each.level is None or each.champion_level is None:
        return f"{each.arm} and {champion} have no {compared.metric} to compare yet."
    sentence = _SENTENCES[compared.metric].format(level=level_text(compared, each.level))
    text = f"{each.arm} {sentence}, {champion} {level_text(compared, each.champion_level)}"
    return f"{text}." if each.last is None else f"{text}: {effect_text(compared, each.last)}."


def verdict_text(each: Comparison) -> str:
    """What follows from the difference."""
    worthwhile = size_text(each.compared, each.compared.size)
    if each.verdict in ("better", "worse"):
        return f"Decided on {each.decided_on}; {_ERRORS}."
    if each.verdict == "broken":
        return f"Seen on {each.decided_on}, where {worthwhile} are tolerated; {_ERRORS}."
    if each.verdict == "no_difference":
        return f"All of that is less than the {worthwhile} worth acting on."
    return "Not decided yet."


def _number(compared: Compared, value: float) -> str:
    if compared.metric == "cost":
        return _amount(value, compared.currency)
    return f"{value:.2f}" if compared.metric in UNBOUNDED else _tenths(value * 100)


def _tenths(value: float) -> str:
    return f"{value + 0.0:.1f}".replace("-0.0", "0.0")


def _amount(minor: float, currency: str | None) -> str:
    decimals = DECIMALS.get(currency or "", 2)
    return f"{minor / 10**decimals:.{decimals}f}"
