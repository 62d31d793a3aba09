"""What a KPI should come to, and which target an answer is held against."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.metrics.domain.kpis.kpi import Kpi
from services.metrics.domain.windows import Window
from shared.errors import FieldError
from shared.field_errors import escape
from shared.money import MAX_MINOR, is_currency
from shared.texts import id_fault

CURRENCY = "currency"
SPLIT_LENGTH_MAX = 200
Split = Mapping[str, str]


@dataclass(frozen=True)
class Target:
    """From a day on, for the figures of exactly this split. Without a currency it is for all of
    them, which a sum of money cannot have. The rest is of a plan's objective: how it counts, and
    for a sum of all its days where figures must begin."""

    from_on: date
    split: Split
    value: float
    until: date = date.max
    plan_id: str | None = None
    by: str = ""  # else what the KPI counts first
    per: str = ""
    window_from: date | None = None

    @property
    def number(self) -> int | float:
        """As it is written: a whole number without its point."""
        return int(self.value) if self.value == int(self.value) else self.value


def target_faults(kpi: Kpi, targets: Sequence[Target]) -> list[FieldError]:
    """What is wrong with a KPI's targets, all at once."""
    faults: list[FieldError] = []
    seen: set[tuple[date, tuple[tuple[str, str], ...]]] = set()
    for place, target in enumerate(targets):
        at = f"/items/{place}"
        faults += _split_faults(kpi, target.split, f"{at}/split")
        if kpi.unit == "minor" and target.value != int(target.value):
            faults.append(FieldError(f"{at}/value", "must be whole: it is in minor units"))
        if abs(target.value) > MAX_MINOR:
            faults.append(FieldError(f"{at}/value", f"must be within ±{MAX_MINOR}"))
        key = target.from_on, tuple(sorted(target.split.items()))
        if key in seen:
            faults.append(FieldError(at, "another item has the same day and split"))
        seen.add(key)
    return faults


def _split_faults(kpi: Kpi, split: Split, at: str) -> list[FieldError]:
    faults = []
    for name, value in split.items():
        if name not in kpi.splits:
            detail = f"{kpi.name} cannot be split by it: {', '.join(kpi.splits)}"
            faults.append(FieldError(f"{at}/{escape(name[:SPLIT_LENGTH_MAX])}", detail))
        elif name == CURRENCY and not is_currency(value):
            faults.append(FieldError(f"{at}/{name}", "must be an ISO 4217 code like EUR"))
        elif len(value) > SPLIT_LENGTH_MAX:
            detail = f"must have at most {SPLIT_LENGTH_MAX} characters"
            faults.append(FieldError(f"{at}/{name}", detail))
        elif fault := id_fault(value):
            faults.append(FieldError(f"{at}/{name}", fault))
    if kpi.unit == "minor" and CURRENCY not in split:
        faults.append(FieldError(at, "must name a currency: the target is a sum of money"))
    return faults


def find_target(
    targets: Iterable[Target], window: Window, split: Split, by: str = "", per: str = ""
) -> Target | None:
    """The one that holds at the end of a window for a split, counted by amounts or things (`by`;
    empty: what comes first): a plan's, of its own currency, the newest, in this order."""
    best: tuple[bool, bool, date] | None = None
    found = None
    for target in targets:
        if (target.by, target.per) != (by, per) or not _fits(target.split, split):
            continue
        if not target.from_on <= window.to_on <= target.until:
            continue
        if target.window_from not in (None, window.from_on):
            continue
        rank = target.plan_id is not None, CURRENCY in target.split, target.from_on
        if best is None or rank > best:
            best, found = rank, target
    return found


def _fits(own: Split, split: Split) -> bool:
    """The same split; a target without a currency fits any."""
    if any(split.get(name) != value for name, value in own.items()):
        return False
    return own.keys() | {CURRENCY} == split.keys() | {CURRENCY}
