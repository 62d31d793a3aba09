"""A printed plan as a page: it needs nothing but itself, and prints on A4."""

from base64 import b64encode
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from services.metrics.documents.paper import PlanPaper

_HERE = Path(__file__).parent
_STYLE = (_HERE / "plan.css").read_text("utf-8")
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(_HERE),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

# Its one style may be used, which is known by its digest; nothing runs, nothing is loaded.
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src"
    f" 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def plan_page(paper: PlanPaper) -> str:
    """The page."""
    return _ENVIRONMENT.get_template("plan.html").render(paper=paper, style=_STYLE)
