"""Door 1: HTTP, by noun; `router` is all of it. scores.py is what is believed; models.py,
promotions.py and policies.py are why; figures.py is what comes from outside."""

from fastapi import APIRouter

from services.segmentation.api import (
    credit,
    experiments,
    figures,
    models,
    policies,
    promotions,
    rescoring,
    scores,
    segments,
    warnings,
    watch,
)

router = APIRouter()
for part in (
    scores,
    models,
    promotions,
    rescoring,
    figures,
    policies,
    segments,
    experiments,
    warnings,
    credit,
    watch,
):
    router.include_router(part.router)
