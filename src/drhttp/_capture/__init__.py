"""One request while it happens: what the middleware notes of it, and the record that the worker makes of that."""
