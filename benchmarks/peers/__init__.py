"""What the recorders of others cost, beside drhttp, in the same run."""
