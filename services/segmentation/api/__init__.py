"""Door 1: HTTP, by noun; `router` is all of it. scores.py is what is believed, models.py and
policies.py why, figures.py what comes from outside."""

from fastapi import APIRouter

from services.segmentation.api import (
    credit,
    experiments,
    figures,
    models,
    policies,
    scores,
    segments,
    warnings,
    watch,
)

router = APIRouter()
for part in (scores, models, figures, policies, segments, experiments, warnings, credit, watch):
    router.include_router(part.router)
