"""Re-scores of the population, and how far they are."""

from fastapi import APIRouter, Response

from services.segmentation.api.dependencies import Reader
from services.segmentation.store import rescoring as store
from shared.web import Model, Paging, PagingDep, ReadSessionDep, json_response, page

router = APIRouter(tags=["models"])


class RescoringView(Model):
    number: int
    because: str
    at: str
    accounts: int
    done: int
    changed: int
    begun_at: str
    ended_at: str | None
    is_superseded: bool
    with_shadows: bool


class RescoringPage(Model):
    items: list[RescoringView]
    next_cursor: str | None


@router.get("/v1/rescoring", response_model=RescoringPage)
async def list_rescorings(session: ReadSessionDep, caller: Reader, paging: PagingDep) -> Response:
    """Re-scores of the population and how far they are, the latest first."""
    found = await store.list_rescorings(
        session, caller.tenant, before=number_before(paging), limit=paging.limit + 1
    )
    listed = page(found, paging.limit, lambda job: (job.number,))
    shown = RescoringView.model_fields
    listed["items"] = [{name: getattr(job, name) for name in shown} for job in listed["items"]]
    return json_response(listed)


def number_before(paging: Paging) -> int | None:
    """The number of the last line of the page before."""
    after = paging.after(tuple[int])
    return after[0] if after is not None else None
