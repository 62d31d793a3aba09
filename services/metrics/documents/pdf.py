"""A printed plan as PDF, drawn by the library of the ledger's statements."""

import msgspec

from services.metrics.documents.paper import PaperTable, PlanPaper
from shared.pdf.sheet import INNER, TITLE, Column, PaperSheet


def plan_pdf(content: bytes) -> bytes:
    """The document of an encoded `PlanPaper`."""
    paper = msgspec.msgpack.decode(content, type=PlanPaper)
    sheet = PaperSheet(
        language="en",
        numbering=lambda page, pages: f"Page {page} of {pages}",
        title=paper.title,
        made_on=paper.made_on,
        foot=f"Plan {paper.plan_id} · {paper.made_on}",
    )
    sheet.say(paper.title, TITLE, bold=True)
    sheet.skip(3)
    sheet.facts(paper.facts)
    for section in paper.sections:
        sheet.heading(section.heading)
        if section.facts:
            sheet.facts(section.facts)
        if section.text:
            sheet.say(section.text)
        if section.table is not None:
            _draw(sheet, section.table)
    return sheet.finish()


def _draw(sheet: PaperSheet, table: PaperTable) -> None:
    whole = sum(width for _, width in table.columns)
    columns = [Column(name, INNER * width / whole) for name, width in table.columns]
    with sheet.table(columns) as drawn:
        for row in table.rows:
            drawn.row(*row)
