"""Experiments: the effect, the test that may be looked at every day, the verdict."""

import random
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.metrics.domain.experiments.analysis import (
    DEFAULT,
    LEAST_SIZE,
    Analysis,
    Guarded,
    MetricAim,
    read_analysis,
)
from services.metrics.domain.experiments.effects import Effect, effect_of, level_of
from services.metrics.domain.experiments.mismatch import evidence_of, mismatch_of
from services.metrics.domain.experiments.report import (
    DrawnArm,
    ExperimentRun,
    Findings,
    as_answer,
    findings_of,
)
from services.metrics.domain.experiments.sequential import ALPHA, interval_of, looks, p_of
from services.metrics.domain.experiments.sums import ArmDay, ArmExposures, ArmSums
from shared.errors import Invalid

DAY = date(2026, 3, 1)
RUN = ExperimentRun(
    name="calls",
    run=1,
    champion="standard",
    arms=(DrawnArm("standard", 0.5), DrawnArm("call", 0.5)),
    started_on=DAY,
)


def zeros_and_ones(ones: int, accounts: int) -> ArmSums:
    return ArmSums(accounts, ones, accounts, ones, ones, accounts)


@pytest.mark.parametrize(
    ("champion", "challenger", "accounts", "low", "high", "p"),
    [
        (300, 360, 1000, -0.003962, 0.123962, 0.080287),
        (600, 720, 2000, 0.014846, 0.105154, 0.001927),
    ],
)
def test_met_9_the_effect_and_its_interval(
    champion: int, challenger: int, accounts: int, low: float, high: float, p: float
) -> None:
    """MET-9: to the digits of the page."""
    effect = effect_of(zeros_and_ones(champion, accounts), zeros_and_ones(challenger, accounts))
    assert effect is not None
    interval = interval_of(effect, tau=0.05, alpha=0.05)
    assert effect.value == pytest.approx(0.06, abs=1e-12)
    assert [round(bound, 6) for bound in interval] == [low, high]
    assert round(p_of(effect, tau=0.05), 6) == p


@pytest.mark.parametrize(
    ("counts", "evidence", "is_mismatch"),
    [((5210, 4790), 617.71, False), ((5230, 4770), 3532.90, True)],
)
def test_met_9_the_sizes_of_arms(
    counts: tuple[int, int], evidence: float, is_mismatch: bool
) -> None:
    """MET-9: evidence against shares of one half each."""
    days = [
        ArmExposures(arm=arm, day=DAY, exposed=count)
        for arm, count in zip(("a", "b"), counts, strict=True)
    ]
    found = mismatch_of(days, {"a": 0.5, "b": 0.5})
    assert (round(found.evidence, 2), found.is_mismatch) == (evidence, is_mismatch)


def test_a_mismatch_once_seen_stays() -> None:
    first = [
        ArmExposures(arm="a", day=DAY, exposed=5230),
        ArmExposures(arm="b", day=DAY, exposed=4770),
    ]
    later = ArmExposures(arm="b", day=DAY + timedelta(days=1), exposed=460)
    assert mismatch_of([*first, later], {"a": 0.5, "b": 0.5}).is_mismatch
    assert evidence_of({"a": 5230, "b": 5230}, {"a": 0.5, "b": 0.5}) < 1


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 500), st.integers(1, 900)), min_size=2, max_size=40))
def test_the_variance_is_that_of_the_definition(pairs: list[tuple[int, int]]) -> None:
    level = level_of(ArmSums.of(pairs))
    assert level is not None
    n, y, x = len(pairs), sum(y for y, _ in pairs), sum(x for _, x in pairs)
    r = y / x
    spread = sum((each_y - r * each_x) ** 2 for each_y, each_x in pairs)
    assert level.value == pytest.approx(r)
    assert level.variance == pytest.approx(spread / (n * (n - 1)) / (x / n) ** 2, abs=1e-12)


def test_accounts_without_anything_to_divide_by_have_no_effect() -> None:
    assert effect_of(zeros_and_ones(1, 10), ArmSums.of([(0, 0), (0, 0)])) is None
    assert effect_of(zeros_and_ones(1, 10), ArmSums.of([(1, 1)])) is None


def test_an_arm_without_spread_is_sure_of_itself() -> None:
    same = effect_of(zeros_and_ones(10, 10), zeros_and_ones(10, 10))
    other = effect_of(zeros_and_ones(0, 10), zeros_and_ones(10, 10))
    assert same is not None
    assert other is not None
    assert (p_of(same, tau=0.02), p_of(other, tau=0.02)) == (1.0, 0.0)
    assert interval_of(other, tau=0.02, alpha=0.05) == (1.0, 1.0)


def test_the_p_shown_is_the_least_so_far() -> None:
    sums = [zeros_and_ones(300, 1000), zeros_and_ones(600, 2000), zeros_and_ones(1200, 3000)]
    others = [zeros_and_ones(360, 1000), zeros_and_ones(720, 2000), zeros_and_ones(1200, 3000)]
    effects = []
    for index, (first, second) in enumerate(zip(sums, others, strict=True)):
        effect = effect_of(first, second)
        assert effect is not None
        effects.append((DAY + timedelta(days=index), effect))
    seen = list(looks(effects, tau=0.05, alpha=0.05))
    assert [round(look.p, 6) for look in seen] == [0.080287, 0.001927, 0.001927]


# ------------------------------------------------------------------------------ whole experiments


def ripe(arm: str, day: date, ones: int, accounts: int, metric: str = "settled") -> ArmDay:
    return ArmDay(arm=arm, metric=metric, day=day, sums=zeros_and_ones(ones, accounts))


def exposed(arm: str, count: int, day: date = DAY) -> ArmExposures:
    return ArmExposures(arm=arm, day=day, enrolled=count, exposed=count)


def found(
    days: list[ArmDay],
    analysis: Analysis | None = None,
    exposures: list[ArmExposures] | None = None,
    at: date = date(2026, 6, 30),
    run: ExperimentRun = RUN,
) -> Findings:
    analysis = analysis or Analysis(primary=MetricAim(metric="settled", worthwhile=0.05))
    return findings_of(run, analysis, days, exposures or [], at=at)


def test_met_9_verdicts_and_the_day_of_the_decision() -> None:
    """MET-9: undecided after a thousand, decided after two thousand."""
    second = DAY + timedelta(days=1)
    days = [ripe("standard", DAY, 300, 1000), ripe("call", DAY, 360, 1000)]
    days += [ripe("standard", second, 300, 1000), ripe("call", second, 360, 1000)]
    first_look = found(days, at=DAY).comparisons[0]
    last_look = found(days).comparisons[0]
    assert (first_look.verdict, first_look.decided_on) == ("undecided", None)
    assert (last_look.verdict, last_look.decided_on) == ("better", second)
    assert found(days).judgement.words == (
        "call settles 36.0 % of its accounts, standard 30.0 %: 6.0 points more, between 1.5 and"
        " 10.5. Decided on 2026-03-02; wrong in at most 5 of 100 such experiments, however often"
        " one looks."
    )


def test_a_decision_keeps_its_day_and_direction() -> None:
    days = [ripe("standard", DAY, 600, 2000), ripe("call", DAY, 720, 2000)]
    later = DAY + timedelta(days=9)
    days += [ripe("standard", later, 900, 2000), ripe("call", later, 600, 2000)]
    comparison = found(days).comparisons[0]
    assert (comparison.verdict, comparison.decided_on) == ("better", DAY)
    assert comparison.last is not None
    assert comparison.last.effect < 0


def test_of_what_is_better_lower_less_is_better() -> None:
    analysis = Analysis(
        primary=MetricAim(metric="attempts", worthwhile=0.5), guardrails=(), also=()
    )
    sums = [ArmSums.of([(count % 3 + more, 1) for count in range(300)]) for more in (2, 0)]
    days = [
        ArmDay(arm=arm, metric="attempts", day=DAY, sums=each)
        for arm, each in zip(("standard", "call"), sums, strict=True)
    ]
    judged = found(days, analysis)
    assert judged.judgement.verdict == "better"
    assert "makes 1.0 attempts per account, standard 3.0: 2.00 less" in judged.judgement.words


def test_a_guardrail_that_breaks_comes_before_all_but_a_mismatch() -> None:
    analysis = Analysis(guardrails=(Guarded(metric="opted_out", tolerance=0.01),), also=())
    days = [
        *(ripe(arm, DAY, ones, 2000) for arm, ones in (("standard", 600), ("call", 900))),
        *(
            ripe(arm, DAY, ones, 2000, "opted_out")
            for arm, ones in (("standard", 20), ("call", 220))
        ),
    ]
    harmed = found(days, analysis)
    assert harmed.judgement.verdict == "harmed"
    assert "call loses the consent of 11.0 % of its accounts" in harmed.judgement.words
    assert {each.verdict for each in harmed.comparisons} == {"better", "broken"}
    sizes = [exposed("standard", 5230), exposed("call", 4770)]
    assert found(days, analysis, sizes).judgement.verdict == "mismatch"


def test_too_early_until_both_arms_have_enough() -> None:
    days = [ripe("standard", DAY, 30, 1000), ripe("call", DAY, 60, 99)]
    early = found(days)
    assert early.judgement.verdict == "too_early"
    assert "Ripe: standard 1,000, call 99" in early.judgement.words
    enough = [*days, ripe("call", DAY + timedelta(days=3), 1, 1)]
    assert found(enough).comparisons[0].course[0].day == DAY + timedelta(days=3)


def test_no_difference_is_an_answer_too() -> None:
    days = [ripe("standard", DAY, 3000, 10_000), ripe("call", DAY, 3010, 10_000)]
    same = found(days)
    assert same.judgement.verdict == "no_difference"
    assert "less than the 5.0 points worth acting on" in same.judgement.words


def test_several_challengers_share_the_errors() -> None:
    run = ExperimentRun(
        name="calls",
        run=1,
        champion="standard",
        arms=(DrawnArm("standard", 0.4), DrawnArm("call", 0.3), DrawnArm("letter", 0.3)),
        started_on=DAY,
    )
    days = [
        ripe(arm, DAY, ones, 2000)
        for arm, ones in (("standard", 600), ("call", 684), ("letter", 684))
    ]
    alone = found([each for each in days if each.arm != "letter"])
    assert alone.comparisons[0].verdict == "undecided"
    wider = found(days, run=run).comparisons[0]
    assert alone.comparisons[0].last is not None
    assert wider.last is not None
    assert wider.last.interval.high > alone.comparisons[0].last.interval.high


def test_the_answer_has_what_the_page_names() -> None:
    days = [ripe("standard", DAY, 300, 1000), ripe("call", DAY, 360, 1000)]
    answer = as_answer(found(days, exposures=[exposed("standard", 1200), exposed("call", 1180)]))
    assert [arm["exposed"] for arm in answer["arms"]] == [1200, 1180]
    assert [arm["ripe"] for arm in answer["arms"]] == [1000, 1000]
    assert answer["arms"][1]["metrics"][0]["value"] == 0.36
    assert [each["role"] for each in answer["comparisons"]] == [
        "primary",
        "guardrail",
        "guardrail",
        "also",
    ]
    assert len(answer["series"]) == 1
    assert answer["status"] == "running"


# ------------------------------------------------------------------------------------- A/A


EXPERIMENTS, DAYS, A_DAY = 1000, 57, 40


def false_alarms(seed: int) -> int:
    """Of experiments whose arms are the same, looked at on every day, how many are decided."""
    chance = random.Random(seed)
    alarms = 0
    for _ in range(EXPERIMENTS):
        totals = [0, 0]
        for day in range(1, DAYS + 1):
            for arm in (0, 1):
                totals[arm] += chance.getrandbits(A_DAY).bit_count()
            accounts = day * A_DAY
            if accounts < DEFAULT.at_least:
                continue
            effect = effect_of(*(zeros_and_ones(ones, accounts) for ones in totals))
            if effect is not None and p_of(effect, tau=0.05) <= 0.05:
                alarms += 1
                break
    return alarms


def test_looking_every_day_raises_no_more_false_alarms_than_stated() -> None:
    """1,000 experiments without an effect, 57 daily looks: at most 5 of 100 are decided."""
    assert 0 < false_alarms(seed=12) <= 0.05 * EXPERIMENTS


# ------------------------------------------------------------------------------- the document


def test_an_empty_analysis_is_the_default() -> None:
    assert read_analysis({}) == DEFAULT
    assert DEFAULT.primary == MetricAim(metric="settled", worthwhile=0.02)
    assert [rail.metric for rail in DEFAULT.guardrails] == ["opted_out", "low_score"]
    assert (DEFAULT.start, DEFAULT.horizon_days, DEFAULT.stop_when) == ("entered", 30, ("harmed",))


def test_every_fault_of_an_analysis_is_named_at_once() -> None:
    raw: dict[str, Any] = {
        "primary": {"metric": "recovered_share", "worthwhile": 0},
        "horizon_days": 0,
        "at_least": 1.5,
        "guardrails": [
            {"metric": "opted_out", "tolerance": 2},
            {"metric": "opted_out", "tolerance": 0.01, "currency": "EUR"},
            {"metric": "profit", "tolerance": 0.1},
        ],
        "also": [{"metric": "cost", "currency": "EURO", "worthwhile": 1}],
        "stop_when": ["undecided"],
        "power": 0.8,
    }
    with pytest.raises(Invalid) as refused:
        read_analysis(raw)
    assert {error.pointer for error in refused.value.errors} == {
        "/power",
        "/primary/worthwhile",
        "/primary/currency",
        "/horizon_days",
        "/at_least",
        "/guardrails/0/tolerance",
        "/guardrails/1/currency",
        "/guardrails/2/metric",
        "/also/0/currency",
        "/stop_when/0",
    }


@pytest.mark.parametrize("size", [1e-300, 1e-170, 1e-7])
def test_a_size_that_nobody_can_tell_from_nothing_is_a_fault(size: float) -> None:
    """Its square would be 0, and the test would divide by it."""
    raw = {
        "primary": {"metric": "settled", "worthwhile": size},
        "guardrails": [{"metric": "opted_out", "tolerance": size}],
    }
    with pytest.raises(Invalid) as refused:
        read_analysis(raw)
    assert {error.pointer for error in refused.value.errors} == {
        "/primary/worthwhile",
        "/guardrails/0/tolerance",
    }


def test_the_smallest_size_can_be_tested() -> None:
    effect = Effect(0.5, 1e-30)
    assert interval_of(effect, tau=LEAST_SIZE, alpha=ALPHA).low < 0.5
    assert p_of(effect, tau=LEAST_SIZE) == 0


def test_the_same_metric_twice_is_a_fault() -> None:
    rail = {"metric": "opted_out", "tolerance": 0.01}
    with pytest.raises(Invalid) as refused:
        read_analysis({"guardrails": [rail, rail]})
    assert [error.pointer for error in refused.value.errors] == ["/guardrails/1"]
