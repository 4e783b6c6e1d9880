"""The query language of the page, the command line, and the API.

Text goes through `lexer` and `parser` into `nodes`, which a store turns into its own language.
"""
