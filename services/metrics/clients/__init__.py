"""The way out: other services over HTTP (peers.py), people by mail (mail.py)."""
