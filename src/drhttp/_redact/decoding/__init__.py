"""Decoding: charsets, content codings such as gzip, and character references such as `&lt;`."""
