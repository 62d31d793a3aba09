"""HTTP of versioned documents: the routes that every kind has, made from one declaration.

`document_router(surface, tag)` has all of them in their common form. A service whose form was
released before adds them one by one with `DocumentRoutes`, each with its own names and its own
JSON; what the routes do is the same.
"""

from shared.web.documents.routes import DocumentRoutes, RouteTexts, document_router
from shared.web.documents.surface import DryRun, Surface
from shared.web.documents.views import Reason, Shown, Terms

__all__ = [
    "DocumentRoutes",
    "DryRun",
    "Reason",
    "RouteTexts",
    "Shown",
    "Surface",
    "Terms",
    "document_router",
]
