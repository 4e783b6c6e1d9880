"""The embedded receiver: it takes the traffic that recorders send, keeps it in one SQLite file and prints it.

A second program beside the recorder, started by ``drhttp inbox``; the recorder never imports it.
"""
