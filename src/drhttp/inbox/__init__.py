"""The inbox: a receiver that stores the records of drhttp recorders in one SQLite file and shows them.

It is a separate program, started by ``drhttp inbox``. The recorder never imports it.
"""
