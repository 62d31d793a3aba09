"""What is known of a case besides its outcome: how late it was, or how soon it was paid.

An invoice that was settled two days before its due day and one settled two weeks before are both in
time, but they do not say the same of a payer. So the fit is also asked harder and easier questions
about each case (later than a week? later than a week before?), as far as the answers are known.
"""

import numpy as np

from services.segmentation.learning.cases import Target
from services.segmentation.learning.features import Matrix
from services.segmentation.learning.figures import Floats, Truths
from services.segmentation.learning.walk import Walked

DAYS_AFTER_DUE = (-14, -7, -3, 3, 7, 14)  # late_payment: settled later than these?
HORIZONS = (1 / 3, 2 / 3, 2.0)  # pays_within: paid within these times the horizon?


def answers_of(walked: Walked, target: Target, horizon_days: int, cut: float) -> Matrix:
    """The outcome in the first column, other answers in the rest; NaN: not known before `cut`."""
    is_settled = walked.settled < cut
    columns = [walked.outcome.astype(np.float64)]
    if target == "late_payment":
        for days in DAYS_AFTER_DUE:
            end = walked.due + days
            asked = walked.day <= end
            columns.append(_answer(walked.settled > end, is_settled, end, asked, cut))
    else:
        for times in HORIZONS:
            end = walked.day + np.floor(horizon_days * times)
            paid = walked.settled <= end
            columns.append(_answer(paid, is_settled, end, np.ones_like(paid), cut))
    return np.column_stack(columns)


def _answer(answer: Truths, is_settled: Truths, end: Floats, asked: Truths, cut: float) -> Floats:
    """Known before `cut` if it was settled before or the time was up before."""
    is_known = asked & (is_settled | (end < cut))
    found: Floats = np.where(is_known, answer.astype(np.float64), np.nan)
    return found
