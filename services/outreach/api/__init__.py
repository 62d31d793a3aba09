"""Door 1: HTTP. Each area has routes in its own `api`, and routes.py puts them together. Here are
compliance.py (the governor as a question) and pages.py (the page of it)."""
