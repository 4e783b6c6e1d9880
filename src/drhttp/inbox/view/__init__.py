"""What is shown of an exchange: decoded within bounds, masked unless asked for, as plain values for JSON."""
