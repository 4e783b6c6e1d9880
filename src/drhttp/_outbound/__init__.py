"""The requests that the process makes: hooks in the HTTP clients, and the records of what passes through them.

Each library has a module of its own, with a list of hooks (`hook.py`). `installation.py` puts them in place.
"""
