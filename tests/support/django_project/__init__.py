"""A small Django project for the tests, in this process or under a server."""

from __future__ import annotations
