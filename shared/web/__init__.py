"""HTTP in: what the four services' doors have in common.

app.py the application · edge.py the layer round every request · problems.py error answers ·
context.py the service's own object · sessions.py a transaction per request · paging.py lists ·
gather.py single requests in batches · idempotency.py `Idempotency-Key` · models.py shapes of bodies
"""

from shared.web.app import make_app
from shared.web.context import ServiceContext, context_of
from shared.web.edge import Edge
from shared.web.gather import Gatherer
from shared.web.idempotency import first_answer, needed_key, once
from shared.web.models import Day, Instant, Minor, Model, json_bytes, json_response
from shared.web.paging import (
    LIMIT_MAX,
    Paging,
    PagingDep,
    decode_cursor,
    encode_cursor,
    page,
)
from shared.web.problems import problem_of, problem_response, status_problem
from shared.web.sessions import ReadSessionDep, SessionDep, reading_session, request_session

__all__ = [
    "LIMIT_MAX",
    "Day",
    "Edge",
    "Gatherer",
    "Instant",
    "Minor",
    "Model",
    "Paging",
    "PagingDep",
    "ReadSessionDep",
    "ServiceContext",
    "SessionDep",
    "context_of",
    "decode_cursor",
    "encode_cursor",
    "first_answer",
    "json_bytes",
    "json_response",
    "make_app",
    "needed_key",
    "once",
    "page",
    "problem_of",
    "problem_response",
    "reading_session",
    "request_session",
    "status_problem",
]
