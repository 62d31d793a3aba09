"""A policy on trial: what it would make of today's accounts."""

from fastapi import APIRouter, Request, Response

from services.segmentation.api.dependencies import ContextDep, Reader
from services.segmentation.processes.policy_trial import try_policy
from shared.errors import TooLarge, Unreadable
from shared.web import Minor, Model, json_response

POLICY_BYTES_MAX = 64 * 1024  # ten times the largest pack; reading it takes under a second

router = APIRouter(tags=["policies"])

POLICY_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/yaml": {"schema": {"type": "string"}},
            "application/json": {"schema": {"type": "object"}},
        },
    }
}


class ExampleView(Model):
    account_id: str
    because: str


class MoveView(Model):
    from_segment: str
    to_segment: str
    accounts: Minor
    words: str
    examples: list[ExampleView]


class TrialView(Model):
    policy_version: str
    accounts: int
    moved: int
    segments: dict[str, int]
    moves: list[MoveView]


@router.post("/v1/policies/segments/dry-run", response_model=TrialView, openapi_extra=POLICY_BODY)
async def dry_run(request: Request, context: ContextDep, caller: Reader) -> Response:
    """Try a policy (YAML or JSON) on today's accounts: how many would move from where to where."""
    source = await policy_text(request)
    return json_response(await try_policy(context, caller.tenant, source))


async def policy_text(request: Request) -> str:
    """The body as text. Raises `TooLarge` and `Unreadable`."""
    body: bytes = await request.body()
    if len(body) > POLICY_BYTES_MAX:
        raise TooLarge(f"A policy has at most {POLICY_BYTES_MAX} bytes.")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable("The policy is not UTF-8.") from error
