"""All that an assessment depends on besides the account: policy, models, experiments, indices."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from services.segmentation.domain.experiments import Experiment
from services.segmentation.domain.policy import Policy
from services.segmentation.domain.scorer import Scorer, Shadow
from services.segmentation.learning.cases import Target

Series = Sequence[tuple[date, float]]  # sorted by day


def _day(entry: tuple[date, float]) -> date:
    return entry[0]


@dataclass(frozen=True)
class Rules:
    """What is in force for one tenant. Without a model the rule card answers."""

    policy: Policy
    scorers: Mapping[Target, Scorer] = field(default_factory=dict)
    shadows: Mapping[Target, Shadow] = field(default_factory=dict)  # asked, recorded, not followed
    experiments: Sequence[Experiment] = ()
    indices: Mapping[str, Series] = field(default_factory=dict)

    def are_same(self, other: "Rules") -> bool:
        """Whether both answer alike: models are loaded once, so the same ones are the same."""
        if self.shadows.keys() != other.shadows.keys():
            return False
        return (
            self.policy.version == other.policy.version
            and self.scorers == other.scorers
            and all(
                mine.trees is other.shadows[target].trees
                and mine.scorer is other.shadows[target].scorer
                for target, mine in self.shadows.items()
            )
            and list(self.experiments) == list(other.experiments)
            and self.indices == other.indices
        )

    def indices_on(self, on: date | None) -> dict[str, float]:
        """The market's indices as last published on or before a day."""
        if on is None or not self.indices:
            return {}
        found = {}
        for name, series in self.indices.items():
            place = bisect_right(series, on, key=_day)
            if place:
                found[name] = series[place - 1][1]
        return found
