"""One request while it happens: what the middleware collects, and the record that the worker builds from it."""
