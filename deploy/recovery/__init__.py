"""Copies of the four databases at one instant, and what a set that was brought back needs.

* `programs`: PostgreSQL's own pg_dump and pg_restore
* `manifest`: what a backup says of itself
* `copying`, `restoring`: the ways there and back (`deploy.backup`, `deploy.restore`)
* `settlement`: epochs, positions and holds after a restore
* `comparison`: whether the services agree (`deploy.compare`)
* `store`: the SQL of all that
"""
