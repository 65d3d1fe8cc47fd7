"""What differs between two networks, and what becomes of weights saved by the first: one question a file."""
