"""What an experiment's arm is made of: accounts, each with what came of it in its window."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.metrics.domain.experiments.analysis import DEFAULT, Compared
from services.metrics.domain.experiments.enrolments import KINDS, Enrolment
from services.metrics.domain.experiments.report import ExperimentRun
from services.metrics.domain.experiments.sums import by_arm, total
from services.metrics.domain.explained.accounts import Adds
from services.metrics.domain.kpis.kpi import PARTS, Number, Part, PartUnit
from services.metrics.domain.micros import in_minor
from services.metrics.domain.questions import Question
from services.metrics.processes.experiments import find_run
from services.metrics.processes.made_of import Batch, Making, Place
from services.metrics.store import enrolments, experiments
from shared.database import Session
from shared.errors import FieldError, Invalid

_MONEY: Mapping[str, tuple[Part, ...]] = {"recovered_share": PARTS, "cost": ("numerator",)}
KIND = "account"


class OfArm:
    """The ripe accounts of an arm, by one metric."""

    adding = None
    facts_of: Sequence[str] = sorted({*KINDS, "promise", "cover"})

    def __init__(
        self,
        scope: tuple[str, int],
        run: ExperimentRun,
        arm: str,
        compared: Compared,
        part: Part,
        at: date,
    ) -> None:
        self._scope = scope
        self._run = run
        self._arm = arm
        self._compared = compared
        self._part = part
        self._at = at

    async def read(self, session: Session, after: Place, size: int) -> Batch:
        run = self._run
        found = await enrolments.list_ripe(
            session, self._scope, (run.name, run.run), self._arm, self._at, after[0], size
        )
        adds = [
            Adds(
                account_id,
                KIND,
                account_id,
                amount,
                1,
                enrolment.ripe_on,
                (enrolment.exposed_on, enrolment.ripe_on),
            )
            for account_id, enrolment in found
            if (amount := self._amount(enrolment))
        ]
        until = (found[-1][0], "", "") if len(found) == size else None
        return Batch((), adds, len(found), until)

    def _amount(self, enrolment: Enrolment) -> Number:
        metric, currency = self._compared.metric, self._compared.currency or ""
        for each in enrolment.outcomes:
            if (each.metric, each.currency) == (metric, currency):
                return value_of(metric, each.y if self._part == "numerator" else each.x)
        return 0

    async def count(self, session: Session, limit: int) -> int:
        return 0  # as they are read


def value_of(metric: str, sum_: int) -> Number:
    """As the experiment's figures have it: costs are kept in millionths."""
    return in_minor(sum_) if metric == "cost" else sum_


@dataclass(frozen=True)
class OfExperiment:
    """A metric of an arm, as it is seen at the end of the question's day."""

    name: str
    run: int | None
    arm: str
    metric: str
    currency: str | None

    async def __call__(
        self, session: Session, tenant_id: str, question: Question, part: Part, before: int
    ) -> Making:
        run = await find_run(session, tenant_id, self.name, self.run, question.as_of)
        compared = await self._compared(session, tenant_id, run)
        at = question.looked_at
        days = await experiments.list_arm_days(session, tenant_id, run.name, run.run, before)
        ripe = by_arm(day for day in days if day.day <= at)
        sums = total(ripe.get((self.arm, (compared.metric, compared.currency)), ()))
        head = {
            "name": run.name,
            "run": run.run,
            "part": part,
            "currency": compared.currency,
            "arm": self.arm,
            "metric": compared.metric,
            "at": at,
        }
        source = OfArm((tenant_id, before), run, self.arm, compared, part, at)
        value = value_of(compared.metric, sums.y if part == "numerator" else sums.x)
        unit: PartUnit = "minor" if part in _MONEY.get(compared.metric, ()) else "count"
        return Making(question, source, value, unit, head)

    async def _compared(self, session: Session, tenant_id: str, run: ExperimentRun) -> Compared:
        """Which metric is meant. Raises `Invalid`."""
        arms = [arm.name for arm in run.arms]
        analysis = await experiments.find_analysis(session, tenant_id, run.name, run.run)
        compared = (analysis or DEFAULT).compared()
        of_metric = [each for each in compared if each.metric == self.metric]
        found = [each for each in of_metric if self.currency in (None, each.currency)]
        errors = []
        if self.arm not in arms:
            errors.append(FieldError("/query/arm", f"there is only: {', '.join(arms)}"))
        if not of_metric:
            names = ", ".join(dict.fromkeys(each.metric for each in compared))
            errors.append(FieldError("/query/metric", f"is not compared; there is: {names}"))
        elif len(found) != 1:
            listed = ", ".join(str(each.currency) for each in of_metric)
            errors.append(FieldError("/query/currency", f"there is: {listed}"))
        if errors:
            raise Invalid("The question cannot be answered.", errors)
        return found[0]
