"""The verdict on an experiment: the first that fits, and why, in words."""

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct

from services.metrics.domain.experiments.comparisons import Comparison
from services.metrics.domain.experiments.mismatch import MISMATCH_FROM, Mismatch
from services.metrics.domain.experiments.words import comparison_text, verdict_text

ExperimentVerdict = Literal[
    "mismatch", "harmed", "too_early", "better", "worse", "no_difference", "undecided"
]


class Judgement(Struct, frozen=True):
    verdict: ExperimentVerdict
    words: str


def judge(
    comparisons: Sequence[Comparison],
    mismatch: Mismatch,
    *,
    champion: str,
    ripe: Mapping[str, int],
    exposed: Mapping[str, int],
    at_least: int,
) -> Judgement:
    """With several challengers: better if one is, worse if all are."""
    if mismatch.is_mismatch:
        return Judgement("mismatch", _mismatch_words(mismatch, exposed))
    broken = [each for each in comparisons if each.verdict == "broken"]
    if broken:
        texts = [f"{comparison_text(each, champion)} {verdict_text(each)}" for each in broken]
        return Judgement("harmed", f"Harm is done. {' '.join(texts)}")
    primary = [each for each in comparisons if each.compared.role == "primary"]
    if all(each.verdict == "too_early" for each in primary):
        return Judgement("too_early", _early_words(ripe, at_least))
    counted = [each for each in primary if each.verdict != "too_early"]
    counted.sort(key=lambda each: (each.verdict != "better", each.arm))
    texts = [f"{comparison_text(each, champion)} {verdict_text(each)}" for each in counted]
    return Judgement(_of_primaries([each.verdict for each in primary]), " ".join(texts))


def _of_primaries(verdicts: Sequence[str]) -> ExperimentVerdict:
    if "better" in verdicts:
        return "better"
    if all(verdict == "worse" for verdict in verdicts):
        return "worse"
    if all(verdict in ("worse", "no_difference") for verdict in verdicts):
        return "no_difference"
    return "undecided"


def _mismatch_words(mismatch: Mismatch, exposed: Mapping[str, int]) -> str:
    counts = ", ".join(f"{arm} {count:,}" for arm, count in exposed.items())
    return (
        "The arms have not the sizes that they were drawn with: whether an account is exposed"
        f" depends on its arm, so nothing can be read off. Exposed: {counts}; evidence"
        f" {mismatch.evidence:,.1f}, where {MISMATCH_FROM:,.0f} is too much."
    )


def _early_words(ripe: Mapping[str, int], at_least: int) -> str:
    counts = ", ".join(f"{arm} {count:,}" for arm, count in ripe.items())
    return f"Too early to say: {at_least:,} accounts in each arm are needed. Ripe: {counts}."
