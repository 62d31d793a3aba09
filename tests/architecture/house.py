"""The layout of a service, and of an area in one: which parts there may be, and what is in none.

A service is flat: the same names in each, for the same jobs. One that has outgrown that is cut into
areas by noun, each laid out like a service (docs/architecture.md).
"""

import ast
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

# What every service, and every area of one, is made of; a part is a module or a folder.
LAYERS = frozenset({"api", "commands", "processes", "store", "tables", "domain", "clients"})
SERVICE = LAYERS | {
    "__init__", "app", "worker", "settings", "context", "consumer", "jobs", "migrations", "README",
}  # fmt: skip
AREA = LAYERS | {"__init__"}

# What one service alone has, and what for.
OWN: dict[str, frozenset[str]] = {
    # Files of invoices (what is made of one, and the command line), what people are handed, and the
    # check of an exported journal; statutory packs and reference rates as data.
    "ledger": frozenset({"import_files", "importer", "documents", "verify", "packs", "rates"}),
    "metrics": frozenset(
        {"rebuild", "dashboard", "documents"}
    ),  # from the log's begin; pages; paper
    # The governor's page, and the check of an exported contact record.
    "outreach": frozenset({"page", "portal_app", "verify"}),
    "segmentation": frozenset({"learning", "policies"}),  # models; policies that are shipped
}
AREAS: dict[str, frozenset[str]] = {
    "outreach": frozenset(
        {"activity", "channels", "compliance", "consents", "debtors", "dunning", "history"}
        | {"desk", "inbound", "organisations", "portal", "rulebooks", "webhooks"}
    ),
}
# What one area alone has: data that is shipped.
AREA_OWN: dict[str, frozenset[str]] = {
    "outreach/channels": frozenset({"templates"}),
    "outreach/dunning": frozenset({"strategies"}),
    "outreach/inbound": frozenset({"words"}),
    "outreach/portal": frozenset({"words", "__main__"}),  # a process of its own
    "outreach/rulebooks": frozenset({"shipped"}),
}
ALL_RULES = frozenset({"outreach/compliance"})  # an area that is one library of pure rules


def misplaced(files: Iterable[Path]) -> list[str]:
    """Every file of a service that stands where the layout has no place for it."""
    found = []
    for path in files:
        parts = path.parts
        if parts[0] != "services" or len(parts) < 3:
            continue
        service, part = parts[1], Path(parts[2]).stem
        if part in AREAS.get(service, frozenset()) and len(parts) > 3:
            allowed = AREA | AREA_OWN.get(f"{service}/{part}", frozenset())
            if f"{service}/{part}" in ALL_RULES or Path(parts[3]).stem in allowed:
                continue
            found.append(path.as_posix())
        elif part not in SERVICE | OWN.get(service, frozenset()):
            found.append(path.as_posix())
    return found


def repeated_classes(sources: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Public class names that one service declares more than once, with the places."""
    places: dict[tuple[str, str], list[str]] = defaultdict(list)
    for path, text in sources:
        parts = Path(path).parts
        if parts[0] != "services" or len(parts) < 3 or "migrations" in parts:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[parts[1], node.name].append(path)
    return {
        f"{service}: {name}": found for (service, name), found in places.items() if len(found) > 1
    }
