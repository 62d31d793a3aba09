"""Door 1: HTTP. `kpis.py` the figures, `stream.py` the live stream, `pages.py` the dashboard."""
