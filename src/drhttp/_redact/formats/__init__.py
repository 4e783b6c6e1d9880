"""How each format is masked, one module a format."""
