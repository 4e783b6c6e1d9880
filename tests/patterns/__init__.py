"""The session `patterns`: regular expressions, and what an analyzer says of them."""
