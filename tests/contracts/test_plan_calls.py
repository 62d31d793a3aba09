"""What plans ask of other services is what those take: calls against the published interfaces."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from services.metrics.domain.plans.conditions import Condition
from services.metrics.domain.plans.contingencies import ServiceCall, call_of, triggered
from services.metrics.domain.plans.document import (
    ActivateAssignments,
    ActivateStrategy,
    Contingency,
    Deed,
    StopExperiment,
)

API = Path(__file__).resolve().parents[2] / "docs" / "api"


def calls() -> list[ServiceCall]:
    deeds = (
        Deed(activate_strategy=ActivateStrategy(name="retail", version="2")),
        Deed(activate_assignments=ActivateAssignments(version="3", in_flight="move")),
        Deed(stop_experiment=StopExperiment(name="calls")),
    )
    found = []
    for deed in deeds:
        when = Condition(objective="cash", verdict=("off_track",))
        action = triggered(
            Contingency(id="firmer", when=when, do=deed),
            plan_id="spring",
            version=1,
            day=date(2026, 3, 7),
            alert_id="A",
            first_day_not_begun=date(2026, 3, 9),
            words="off track " * 100,
        )
        call = call_of(action)
        assert call is not None
        found.append(call)
    return found


@pytest.mark.parametrize("call", calls(), ids=lambda call: call.path)
def test_a_call_is_one_that_the_service_takes(call: ServiceCall) -> None:
    document: dict[str, Any] = json.loads((API / f"{call.service}.json").read_text("utf-8"))
    path = next(each for each in document["paths"] if fits(each.split("/"), call.path.split("/")))
    operation = document["paths"][path]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    jsonschema.validate(call.body, {**schema, "components": document["components"]})


def fits(pattern: list[str], path: list[str]) -> bool:
    return len(pattern) == len(path) and all(
        part.startswith("{") or part == given for part, given in zip(pattern, path, strict=True)
    )
