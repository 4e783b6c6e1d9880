"""Regular expressions that take quadratic time or worse (ReDoS)."""
