"""Which features to use and how strongly to penalise, decided on cases that were not fitted.

The training window is cut by time: three times the earlier cases are fitted and the ones after
them answered. A feature that does not help there is left out, and of the penalties the strongest is
taken that is not clearly worse than the best: more is claimed only where it shows.
"""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from services.segmentation.learning.answers import answers_of
from services.segmentation.learning.bins import Bins, Places, bins_of
from services.segmentation.learning.cases import Target
from services.segmentation.learning.features import FEATURES, Feature, Matrix
from services.segmentation.learning.figures import Figures, Floats, Truths, figures_of
from services.segmentation.learning.scorecard import Problem
from services.segmentation.learning.walk import Walked

STRENGTHS = (300.0, 100.0, 30.0, 10.0, 3.0)  # of the penalty, from the baseline's side
FIRST_STRENGTH = 10.0  # while features are chosen
UNTRIED = 100.0  # where there are too few cases to try
OTHERS = 3.0  # what the other answers weigh together, against the outcome's own
NO_OTHERS = 0.0  # where they are clearly misleading
FOLDS = ((0.4, 0.6), (0.6, 0.8), (0.8, 1.0))  # of the cases: fitted up to, answered up to
CASES_LEAST = 60  # to fit
ANSWERS_LEAST = 60  # over all folds
CASES_MOST = 10_000  # the latest ones; more choose no better
NEVER_LEFT_OUT = "late_share"
HELPS = 0.0  # standard errors by which a feature must help
NOT_CLEARLY = 1.5  # standard errors within which a penalty is not clearly worse
STRONGER_MOST = 10.0  # … and how many times stronger: of rare outcomes nothing is ever clear


class Choice(Struct, frozen=True):
    """What to fit with, and how that did on the cases that were not fitted."""

    features: tuple[Feature, ...]
    strength: float
    others_weight: float
    validation: Figures | None  # None: too few cases to try anything


class _Fold(Struct, frozen=True):
    values: Matrix
    answers: Matrix
    later_values: Matrix
    later_outcome: Truths

    def problem(
        self, features: Sequence[Feature], target: Target, others: float
    ) -> tuple[Problem, list[Places]]:
        """The earlier cases as a problem, and the later ones in its bins."""
        bins, kept = binned(features, self.values)
        problem = Problem(bins, kept, self.answers, target, others)
        return problem, [b.places(self.later_values[:, FEATURES.index(b.feature)]) for b in bins]


def binned(features: Sequence[Feature], values: Matrix) -> tuple[list[Bins], Matrix]:
    """The bins of those of the features that vary, and their columns."""
    places = [FEATURES.index(feature) for feature in features]
    found = [(place, bins_of(FEATURES[place], values[:, place])) for place in places]
    kept = [(place, bins) for place, bins in found if bins is not None]
    return [bins for _, bins in kept], values[:, [place for place, _ in kept]]


def choose(walked: Walked, target: Target, horizon_days: int) -> Choice:
    """The features and the penalty to fit all these cases with."""
    folds = _folds(walked, target, horizon_days)
    if sum(len(fold.later_outcome) for fold in folds) < ANSWERS_LEAST:
        return Choice(FEATURES, UNTRIED, OTHERS, None)
    features = _helpful(folds, target)
    outcome = np.concatenate([fold.later_outcome for fold in folds])
    strength, odds = _best_strength(folds, features, target)
    alone = _answered(folds, features, target, NO_OTHERS, (strength,))[strength]
    others = OTHERS
    if _errors(_losses(odds, outcome) - _losses(alone, outcome)) > NOT_CLEARLY:
        others, odds = NO_OTHERS, alone
    return Choice(features, strength, others, figures_of(outcome, 1 / (1 + np.exp(-odds))))


def _folds(walked: Walked, target: Target, horizon_days: int) -> list[_Fold]:
    walked = walked.latest(CASES_MOST)
    known_on = np.array([case.known_on.toordinal() for case in walked.cases])
    sorted_days = np.sort(walked.day)
    folds = []
    for fitted, answered in FOLDS:
        split = float(sorted_days[int(len(sorted_days) * fitted)])
        end = sorted_days[int(len(sorted_days) * answered)] if answered < 1 else np.inf
        early = walked.take((walked.day < split) & (known_on <= split))
        later = walked.take((walked.day >= split) & (walked.day < end))
        if len(early.cases) >= CASES_LEAST and 0 < early.outcome.mean() < 1 and later.cases:
            answers = answers_of(early, target, horizon_days, split)
            folds.append(_Fold(early.columns.values, answers, later.columns.values, later.outcome))
    return folds


def _helpful(folds: Sequence[_Fold], target: Target) -> tuple[Feature, ...]:
    """Leave out the feature that helps least, as long as there is one that does not help."""
    names = [feature.name for feature in FEATURES]
    shares: list[Floats] = []  # by fold: what each feature adds to each later case's log odds
    totals: list[Floats] = []
    for fold in folds:
        problem, placed = fold.problem(FEATURES, target, OTHERS)
        fit, _ = problem.fit(FIRST_STRENGTH)
        share = np.zeros((len(fold.later_outcome), len(names)))
        for b, effect, earlier, place in zip(
            problem.bins, fit.effects, problem.placed, placed, strict=True
        ):
            share[:, names.index(b.feature.name)] = effect[place] - effect[earlier].mean()
        shares.append(share)
        totals.append(fit.log_odds(placed))
    share, total = np.vstack(shares), np.concatenate(totals)
    outcome = np.concatenate([fold.later_outcome for fold in folds])
    kept = set(range(len(names))) - {names.index(NEVER_LEFT_OUT)}
    while kept:
        loss = _losses(total, outcome)
        helps = {j: _errors(_losses(total - share[:, j], outcome) - loss) for j in kept}
        least = min(kept, key=lambda j: (helps[j], j))
        if helps[least] >= HELPS:
            break
        kept.remove(least)
        total = total - share[:, least]
    kept.add(names.index(NEVER_LEFT_OUT))
    return tuple(feature for j, feature in enumerate(FEATURES) if j in kept)


def _best_strength(
    folds: Sequence[_Fold], features: Sequence[Feature], target: Target
) -> tuple[float, Floats]:
    """The strongest penalty that is not clearly worse than the best, and what it answered."""
    outcome = np.concatenate([fold.later_outcome for fold in folds])
    answers = _answered(folds, features, target, OTHERS, STRENGTHS)
    losses = {strength: _losses(odds, outcome) for strength, odds in answers.items()}
    best = min(STRENGTHS, key=lambda s: float(losses[s].mean()))
    chosen = next(
        s
        for s in STRENGTHS
        if s <= best * STRONGER_MOST and _errors(losses[s] - losses[best]) < NOT_CLEARLY
    )
    return chosen, answers[chosen]


def _answered(
    folds: Sequence[_Fold],
    features: Sequence[Feature],
    target: Target,
    others: float,
    strengths: Sequence[float],
) -> dict[float, Floats]:
    """By penalty, the log odds of the later cases of all folds."""
    answers: dict[float, list[Floats]] = {strength: [] for strength in strengths}
    for fold in folds:
        problem, placed = fold.problem(features, target, others)
        weights = None
        for strength in strengths:
            fit, weights = problem.fit(strength, weights)
            answers[strength].append(fit.log_odds(placed))
    return {strength: np.concatenate(found) for strength, found in answers.items()}


def _losses(log_odds: Floats, outcome: Truths) -> Floats:
    losses: Floats = np.logaddexp(0.0, log_odds) - outcome * log_odds
    return losses


def _errors(differences: Floats) -> float:
    """The mean in its standard errors."""
    spread = float(differences.std())
    if spread == 0.0:
        return 0.0
    return float(differences.mean()) / spread * float(np.sqrt(len(differences)))
