"""Statutory packs and reference rates that come with the ledger, as data files beside the code."""

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from services.ledger.domain.policies.charge_rules import read_pack
from services.ledger.domain.policies.charges import Pack
from services.ledger.domain.rates import RateTable, read_rate_table
from shared.yaml_text import read_document

_HERE = Path(__file__).parent.parent
PACKS = _HERE / "packs"
RATES = _HERE / "rates"


@cache
def shipped_packs() -> Mapping[str, Pack]:
    """Every pack by name."""
    rates = shipped_rates()
    found = [read_pack(text, rates=rates) for text in _texts(PACKS)]
    return {pack.name: pack for pack in found}


@cache
def pack_texts() -> Mapping[str, dict[str, Any]]:
    """Every pack as plain data: as it is written, amounts and percentages as texts."""
    found = [read_document(text, fraction=Decimal).data for text in _texts(PACKS)]
    return {data["name"]: _as_texts(data) for data in found}


def _as_texts(data: Any) -> Any:
    if isinstance(data, dict):
        return {name: _as_texts(item) for name, item in data.items()}
    if isinstance(data, list):
        return [_as_texts(item) for item in data]
    return f"{data:f}" if isinstance(data, Decimal) else data


@cache
def shipped_rates() -> Mapping[str, RateTable]:
    """Every rate table by name."""
    found = [read_rate_table(text) for text in _texts(RATES)]
    return {table.name: table for table in found}


def _texts(folder: Path) -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yaml"))]
