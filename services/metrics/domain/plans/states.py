"""The states of a plan: who may do what in which, and where it leads."""

from datetime import date, timedelta
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from services.metrics.domain.plans.document import CollectionPlan
from shared.errors import Conflict, Forbidden

PlanState = Literal["draft", "approved", "running", "reviewed", "closed"]
EDITABLE = frozenset({"draft", "approved", "running"})


class WrongPlanState(Conflict):
    """Not in the state that the plan is in."""


class PlanVersion(Struct, frozen=True, kw_only=True):
    """One version of a plan's document. While nobody has approved it, it is written over."""

    version: int
    edit: int  # how often it was written
    plan: CollectionPlan
    authors: tuple[str, ...]
    written_on: date
    approved_by: str | None = None
    approved_on: date | None = None
    holds_from: date | None = None  # the first day that is judged by it

    @property
    def etag(self) -> str:
        return f'"{self.version}-{self.edit}"'


class PlanRecord(Struct, frozen=True, kw_only=True):
    """A plan with all of its versions, in their order."""

    plan_id: str
    state: PlanState
    versions: tuple[PlanVersion, ...]
    started_on: date | None = None
    ended_on: date | None = None  # reviewed, or closed
    reason: str | None = None

    @property
    def newest(self) -> PlanVersion:
        return self.versions[-1]

    @property
    def draft(self) -> PlanVersion | None:
        """What is being written, if anything is."""
        return None if self.newest.approved_on is not None else self.newest

    def find(self, version: int) -> PlanVersion | None:
        return next((each for each in self.versions if each.version == version), None)

    def holding_on(self, day: date) -> PlanVersion | None:
        """The version that a day is judged by."""
        approved = [
            each for each in self.versions if each.holds_from is not None and each.holds_from <= day
        ]
        return max(approved, key=lambda each: each.version, default=None)

    @property
    def approved(self) -> PlanVersion | None:
        """The newest that was approved."""
        approved = [each for each in self.versions if each.approved_on is not None]
        return approved[-1] if approved else None

    @property
    def starts_on(self) -> date | None:
        """The day whose begin makes an approved plan run: `from`, or the day after the approval."""
        if self.state != "approved" or self.approved is None:
            return None
        first = self.approved.plan.from_on
        return max(first, self.approved.holds_from) if first and self.approved.holds_from else None


def may_edit(record: PlanRecord) -> None:
    """Raises `WrongPlanState`."""
    if record.state not in EDITABLE:
        raise _wrong(record, "be written")


def approved(record: PlanRecord, version: int, *, by: str, on: date) -> PlanRecord:
    """The plan with that version approved; itself, if it is already. Raises `Conflict` and
    `Forbidden`.

    A version holds from the day after its approval on; the first one of a plan that has not begun
    from the plan's first day on, if that is later.
    """
    found = record.find(version)
    if record.state not in EDITABLE:
        raise _wrong(record, "be approved")
    if found is not None and found.approved_on is not None:
        return record
    if found is None or record.draft is None or record.draft.version != version:
        raise Conflict(f"version {version} is not the draft of this plan")
    if by in found.authors:
        raise Forbidden("A version is approved by somebody who did not write it.")
    holds_from = on + timedelta(days=1)
    approval = replace(found, approved_by=by, approved_on=on, holds_from=holds_from)
    return _with(record, approval, state=_after_approval(record))


def withdrawn(record: PlanRecord) -> PlanRecord:
    """A draft again: its approvals no longer count. Raises `WrongPlanState`."""
    if record.state == "draft":
        return record
    if record.state != "approved":
        raise _wrong(record, "be withdrawn")
    nobody: dict[str, Any] = {"approved_by": None, "approved_on": None, "holds_from": None}
    versions = tuple(
        replace(each, edit=each.edit + 1, **nobody) if each.approved_on is not None else each
        for each in record.versions
    )
    return PlanRecord(plan_id=record.plan_id, state="draft", versions=versions)


def written(record: PlanRecord, plan: CollectionPlan, *, by: str, on: date) -> PlanRecord:
    """With the draft written: over the one there is, or as the next version beside what counts."""
    may_edit(record)
    draft = record.draft
    if draft is None:
        new = PlanVersion(
            version=record.newest.version + 1, edit=1, plan=plan, authors=(by,), written_on=on
        )
        return replace(record, versions=(*record.versions, new))
    if draft.plan == plan:
        return record
    authors = draft.authors if by in draft.authors else (*draft.authors, by)
    return _with(
        record,
        PlanVersion(
            version=draft.version, edit=draft.edit + 1, plan=plan, authors=authors, written_on=on
        ),
        state=record.state,
    )


def may_review(record: PlanRecord, *, is_final: bool, day: date) -> None:
    """Raises `WrongPlanState`."""
    if record.state != "running":
        raise _wrong(record, "be reviewed")
    last = record.approved.plan.to_on if record.approved is not None else None
    if is_final and last is not None and day <= last:
        raise WrongPlanState(f"the plan runs until {last}: its final review comes after that")


def may_close(record: PlanRecord, reason: str | None) -> bool:
    """Whether there is anything to do. Raises `WrongPlanState` where a reason is needed."""
    if record.state == "closed":
        return False
    if record.state != "reviewed" and reason is None:
        raise WrongPlanState(
            f"the plan is {record.state}: one that was not reviewed is closed with a reason",
            members={"state": record.state},
        )
    return True


def _after_approval(record: PlanRecord) -> PlanState:
    return "running" if record.state == "running" else "approved"


def _wrong(record: PlanRecord, what: str) -> WrongPlanState:
    detail = f"the plan is {record.state} and cannot {what}"
    return WrongPlanState(detail, members={"state": record.state})


def _with(record: PlanRecord, version: PlanVersion, *, state: PlanState) -> PlanRecord:
    versions = tuple(
        version if each.version == version.version else each for each in record.versions
    )
    return replace(record, versions=versions, state=state)
