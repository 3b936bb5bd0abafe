"""Jobs beside each other."""
