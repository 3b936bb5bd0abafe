"""One candidate: its network, its costs, its line, its exports."""
