"""The engine's answers beside the referee's: the same, whatever the two call it."""

from collections.abc import Mapping
from typing import Any

from tests.unit.ledger.arrangements.engine import Engine
from tests.unit.ledger.arrangements.subjects import Oracle


def by_engine(engine: Engine) -> dict[str, Any]:
    found = engine.everything()
    for key, (state, at) in found["states"].items():
        found["states"][key] = ("made" if state == "sold" else state, at)
    for key, figures in found["figures"].items():
        figures["state"] = found["states"][key][0]
        if key[0] == "placement" and not figures["placed"]:
            figures["invoices"] = ()  # those that it asked for
        if key[0] == "promise":
            figures["invoices"] = tuple(sorted(figures["invoices"]))
    found["amounts"] = _with_anything(found["amounts"])
    return found


def by_referee(oracle: Oracle) -> dict[str, Any]:
    found = oracle.everything()
    for key in ("charges", "deadlines"):
        del found[key]
    for key, figures in found["figures"].items():
        if key[0] == "promise":
            figures["invoices"] = tuple(sorted(figures["invoices"]))
        if key[0] == "placement" and not figures["placed"]:
            figures["invoices"] = ()
        if "parts" in figures:  # of one that was never in force they are not judged
            figures["parts"] = [state or "open" for state in figures["parts"]]
    found["amounts"] = _with_anything(found["amounts"])
    found["commissions"] = [known for known in found["commissions"] if known[2]]
    return found


def _with_anything(amounts: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    """Without currencies in which there is nothing."""
    return {code: dict(figures) for code, figures in amounts.items() if any(figures.values())}


def differences(engine: Engine, oracle: Oracle) -> list[str]:
    """Each in a line; none: both say the same."""
    mine, its = by_engine(engine), by_referee(oracle)
    lines = []
    for name in its:
        one, other = mine[name], its[name]
        if one == other:
            continue
        if isinstance(other, dict):
            for key in sorted({*one, *other}, key=repr):
                if one.get(key) != other.get(key):
                    lines.append(f"{name} {key}: {one.get(key)}, not {other.get(key)}")
        else:
            lines.append(f"{name}: {one}, not {other}")
    return lines
