"""Door 1: HTTP. `kpis.py` the figures, `costs.py` what is recorded here, `stream.py` the live
stream, `pages.py` the dashboard."""
