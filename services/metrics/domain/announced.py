"""What others announce for a whole tenant, read back: versions in force, experiments,
certificates."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from services.metrics.domain.experiments.report import DrawnArm, ExperimentRun
from services.metrics.domain.plans.in_force import AnnouncedVersion, ForceKind
from services.metrics.domain.plans.resources import Certificate
from shared.clock import local_day
from shared.events import outreach, segmentation

VERSIONS: Final = (
    "strategy-activated",
    "rulebook-activated",
    "template-activated",
    "segment-policy-activated",
    "model-promoted",
)
EXPERIMENTS: Final = ("experiment-started", "experiment-stopped")
CERTIFICATES: Final = ("certificate-changed",)
KEPT: Final = frozenset({*VERSIONS, *EXPERIMENTS, *CERTIFICATES})

_DATED: Mapping[str, ForceKind] = {
    "strategy-activated": "strategy",
    "rulebook-activated": "rulebook",
    "template-activated": "template",
}
_CLASSES: Mapping[str, type[Struct]] = {
    **{name: outreach.TYPES[name] for name in (*_DATED, "certificate-changed")},
    **{name: segmentation.TYPES[name] for name in (*VERSIONS[3:], *EXPERIMENTS)},
}


class Announced(Struct, frozen=True, kw_only=True):
    """One of them, as it was kept: in the order of announcing."""

    type: str
    time: datetime
    content: str  # its data, JSON

    def decode(self) -> Any:
        return msgspec.json.decode(self.content, type=_CLASSES[self.type])


def versions_of(kept: Iterable[Announced], zone: str) -> list[AnnouncedVersion]:
    """Every version that was put in force, or taken out of it."""
    found = []
    for order, each in enumerate(kept):
        data = each.decode()
        if each.type in _DATED:
            kind, name, version, on = _DATED[each.type], data.name, data.version, data.from_on
        elif each.type == "segment-policy-activated":
            kind, name, version = "segments", "", data.policy_version
            on = local_day(each.time, zone)
        elif each.type == "model-promoted":
            kind, name, version = "model", data.target, data.model_version
            on = local_day(each.time, zone)
        else:
            continue
        found.append(
            AnnouncedVersion(kind=kind, name=name, version=version, from_on=on, order=order)
        )
    return found


def certificates_of(kept: Iterable[Announced]) -> list[Certificate]:
    """The last announced of each collector and name."""
    found: dict[tuple[str, str], Certificate] = {}
    for each in kept:
        if each.type != "certificate-changed":
            continue
        data = each.decode()
        found[data.collector, data.name] = Certificate(
            collector=data.collector,
            name=data.name,
            valid_from=data.valid_from,
            valid_until=data.valid_until,
            suspended=data.suspended,
        )
    return list(found.values())


def runs_of(kept: Iterable[Announced], zone: str) -> list[ExperimentRun]:
    """Every run, by name and number. One that goes on after a stop began when it first did."""
    found: dict[tuple[str, int], ExperimentRun] = {}
    for each in kept:
        if each.type not in EXPERIMENTS:
            continue
        data, on = each.decode(), local_day(each.time, zone)
        known = found.get((data.name, data.run))
        if each.type == "experiment-started":
            found[data.name, data.run] = ExperimentRun(
                name=data.name,
                run=data.run,
                champion=data.champion,
                arms=tuple(DrawnArm(arm.name, arm.share) for arm in data.arms),
                started_on=on if known is None else known.started_on,
            )
        elif known is not None:
            found[data.name, data.run] = replace(known, stopped_on=on, because=data.because)
    return [found[key] for key in sorted(found)]
