"""The query language: one text for the page, the address, the command line and the API.

Text goes through `lexer` and `parser` into `nodes`, which a store turns into its own language.
"""
