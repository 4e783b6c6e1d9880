"""What recording costs, beside the bare application. See README.md in this folder."""
