"""The kinds of rule. Each is one module with its parameters, its code and its `KIND`; a new one is
such a module, and its line here.
"""

from collections.abc import Mapping

from services.outreach.compliance.kinds import (
    approval,
    bar,
    cap,
    consent,
    content,
    cooling_off,
    disclosure,
    gate,
    interest,
    retention,
    waiting,
    window,
)
from services.outreach.compliance.rule import Kind

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        gate.KIND,
        window.KIND,
        cap.KIND,
        cooling_off.KIND,
        bar.KIND,
        consent.KIND,
        disclosure.KIND,
        waiting.KIND,
        content.KIND,
        approval.KIND,
        interest.KIND,
        retention.KIND,
    )
}
