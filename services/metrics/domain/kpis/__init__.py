"""Every KPI by its name. All arithmetic is exact; floats are made last, when an answer is written.

receivables.py · recovery.py · money.py · losses.py · quality.py · promises.py · contacts.py ·
costs.py · rolls.py · survival.py · cures.py: a family each. A new KPI is a record in the
file of its family.
"""

from services.metrics.domain.kpis import (
    contacts,
    costs,
    cures,
    losses,
    money,
    promises,
    quality,
    receivables,
    recovery,
    rolls,
    survival,
)
from services.metrics.domain.kpis.kpi import Kpi

_FAMILIES = (
    recovery, receivables, money, losses, quality, promises, contacts, costs, rolls, survival, cures
)  # fmt: skip

KPIS: dict[str, Kpi] = {kpi.name: kpi for family in _FAMILIES for kpi in family.KPIS}

# With what they are where they are taken per something else.
EVERY_KPI: tuple[Kpi, ...] = tuple(
    each for kpi in KPIS.values() for each in (kpi, *(taken for _, taken in kpi.taken))
)
