"""Decoding: charsets, and character references such as `&lt;`."""
