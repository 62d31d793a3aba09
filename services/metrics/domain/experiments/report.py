"""An experiment as it is answered: arms, comparisons, the course of the primary metric, verdict."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal

from msgspec import Struct

from services.metrics.domain.experiments.analysis import Analysis, Compared
from services.metrics.domain.experiments.comparisons import Comparison, compare
from services.metrics.domain.experiments.effects import level_of
from services.metrics.domain.experiments.mismatch import Mismatch, mismatch_of
from services.metrics.domain.experiments.sums import ArmDay, ArmExposures, Ripe, by_arm, total
from services.metrics.domain.experiments.verdicts import Judgement, judge
from services.metrics.domain.micros import MICROS

RunStatus = Literal["running", "stopped"]


class DrawnArm(Struct, frozen=True):
    """An arm, and the share of accounts that are drawn into it."""

    name: str
    share: float


class ExperimentRun(Struct, frozen=True, kw_only=True):
    """One run of an experiment, as segmentation announced it."""

    name: str
    run: int
    champion: str
    arms: tuple[DrawnArm, ...]
    started_on: date
    stopped_on: date | None = None
    because: str | None = None

    @property
    def status(self) -> RunStatus:
        return "running" if self.stopped_on is None else "stopped"


class Findings(Struct, frozen=True, kw_only=True):
    """An experiment judged at the end of a day."""

    run: ExperimentRun
    analysis: Analysis
    tallies: Mapping[str, ArmExposures]  # by arm, to the day
    ripe: Ripe
    comparisons: tuple[Comparison, ...]
    mismatch: Mismatch
    judgement: Judgement


def findings_of(
    run: ExperimentRun,
    analysis: Analysis,
    days: Sequence[ArmDay],
    exposures: Sequence[ArmExposures],
    *,
    at: date,
) -> Findings:
    """What the sums say at the end of the day `at`; later ones are passed over."""
    exposures = [each for each in exposures if each.day <= at]
    ripe = by_arm(each for each in days if each.day <= at)
    tallies = _tallies(run, exposures, at)
    challengers = [arm.name for arm in run.arms if arm.name != run.champion]
    comparisons = tuple(
        compare(
            ripe,
            compared,
            champion=run.champion,
            arm=arm,
            at_least=analysis.at_least,
            challengers=len(challengers),
        )
        for compared in analysis.compared()
        for arm in challengers
    )
    mismatch = mismatch_of(exposures, {arm.name: arm.share for arm in run.arms})
    judgement = judge(
        comparisons,
        mismatch,
        champion=run.champion,
        ripe={arm.name: _ripe_accounts(ripe, arm.name, analysis) for arm in run.arms},
        exposed={arm.name: tallies[arm.name].exposed for arm in run.arms},
        at_least=analysis.at_least,
    )
    return Findings(
        run=run,
        analysis=analysis,
        tallies=tallies,
        ripe=ripe,
        comparisons=comparisons,
        mismatch=mismatch,
        judgement=judgement,
    )


def as_answer(found: Findings) -> dict[str, Any]:
    """What `GET /v1/experiments/{name}` shows of it."""
    run, analysis = found.run, found.analysis
    return {
        "name": run.name,
        "run": run.run,
        "status": run.status,
        "champion": run.champion,
        "started_on": run.started_on,
        "stopped_on": run.stopped_on,
        "because": run.because,
        "analysis": analysis,
        "arms": [_arm(found, arm) for arm in run.arms],
        "mismatch": found.mismatch,
        "comparisons": [_comparison(each) for each in found.comparisons],
        "series": [
            {
                "arm": each.arm,
                "day": look.day,
                "effect": look.effect,
                "low": look.interval.low,
                "high": look.interval.high,
                "p": look.p,
            }
            for each in found.comparisons
            if each.compared.role == "primary"
            for look in each.course
        ],
        "verdict": found.judgement.verdict,
        "words": found.judgement.words,
    }


def _arm(found: Findings, arm: DrawnArm) -> dict[str, Any]:
    tally = found.tallies[arm.name]
    return {
        "arm": arm.name,
        "share": arm.share,
        "enrolled": tally.enrolled,
        "exposed": tally.exposed,
        "crossed": tally.crossed,
        "ripe": _ripe_accounts(found.ripe, arm.name, found.analysis),
        "metrics": [_metric(found, arm.name, compared) for compared in found.analysis.compared()],
    }


def _metric(found: Findings, arm: str, compared: Compared) -> dict[str, Any]:
    sums = total(found.ripe.get((arm, (compared.metric, compared.currency)), ()))
    level = level_of(sums)
    unit = MICROS if compared.metric == "cost" else 1  # costs are kept in millionths
    return {
        "metric": compared.metric,
        "currency": compared.currency,
        "role": compared.role,
        "value": sums.ratio,
        "numerator": sums.y if unit == 1 else sums.y / unit,
        "denominator": sums.x // unit,
        "standard_error": None if level is None else level.variance**0.5,
    }


def _comparison(each: Comparison) -> dict[str, Any]:
    last = each.last
    return {
        "arm": each.arm,
        "metric": each.compared.metric,
        "currency": each.compared.currency,
        "role": each.compared.role,
        "worthwhile": each.compared.size,
        "effect": None if last is None else last.effect,
        "low": None if last is None else last.interval.low,
        "high": None if last is None else last.interval.high,
        "p": None if last is None else last.p,
        "decided_on": each.decided_on,
        "verdict": each.verdict,
    }


def _ripe_accounts(ripe: Ripe, arm: str, analysis: Analysis) -> int:
    """Every ripe account counts in every metric: those of the primary are all."""
    key = (analysis.primary.metric, analysis.primary.currency)
    return total(ripe.get((arm, key), ())).accounts


def _tallies(
    run: ExperimentRun, exposures: Sequence[ArmExposures], at: date
) -> dict[str, ArmExposures]:
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for each in exposures:
        for index, value in enumerate((each.enrolled, each.exposed, each.crossed)):
            sums[each.arm][index] += value
    names = [arm.name for arm in run.arms]
    return {
        name: ArmExposures(
            arm=name,
            day=at,
            enrolled=sums[name][0],
            exposed=sums[name][1],
            crossed=sums[name][2],
        )
        for name in names
    }
