"""What delinquencies add to a figure, or to a matrix of cures."""

from collections.abc import Iterable
from datetime import date

from services.metrics.domain.counted import delinquent_rows
from services.metrics.domain.cures import Fate, cure_matrix
from services.metrics.domain.delinquencies import Delinquency
from services.metrics.domain.explained.accounts import Adds
from services.metrics.domain.explained.adding import AddingToKpi
from services.metrics.domain.kpis.kpi import Number, Part
from services.metrics.domain.windows import ONE_DAY

KIND = "delinquency"
# What of an account is shown of one of its delinquencies.
FACTS_OF = ("invoice", "contact", "cover")

CURE_COLUMNS = ("accounts", "cured", "pending", "written_off", "still", "self_cured")

OfAccount = tuple[str, Delinquency]


def adds_to_kpi(spans: Iterable[OfAccount], adding: AddingToKpi) -> list[Adds]:
    """Each that counts, with the day of its end, or of its beginning if it has none yet."""
    found: list[Adds] = []
    at = adding.question.looked_at
    for account_id, span in spans:
        share = adding.share_of_rows(list(delinquent_rows(adding.question, span)))
        if share.amount:
            found.append(_adds(account_id, span, at, share.amount, share.count))
    return found


def _adds(account_id: str, span: Delinquency, at: date, amount: Number, count: Number) -> Adds:
    has_ended = span.end_on <= at
    return Adds(
        account_id,
        KIND,
        span.chain_on.isoformat(),
        amount,
        count,
        span.end_on if has_ended else span.chain_on,
        (span.chain_on - ONE_DAY, min(span.end_on, at)),
    )


def adds_to_cures(
    fates: Iterable[tuple[str, Delinquency, Fate]], row: str, column: str, part: Part, at: date
) -> list[Adds]:
    """Those in a cell of the matrix; its denominator is the row's accounts."""
    found: list[Adds] = []
    for account_id, span, fate in fates:
        value = value_of_cures([fate], row, column, part)
        if value:
            found.append(_adds(account_id, span, at, value, value))
    return found


def value_of_cures(fates: Iterable[Fate], row: str, column: str, part: Part) -> int:
    """Of the matrix as it is answered."""
    (found,) = (each for each in cure_matrix(fates) if each["bucket"] == row)
    value: int = found["accounts" if part == "denominator" else column]
    return value
