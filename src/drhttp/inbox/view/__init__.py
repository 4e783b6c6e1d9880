"""Prepares exchanges for display: decoded within limits, masked unless revealed, as JSON values."""
