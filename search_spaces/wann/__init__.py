"""Weight agnostic neural networks (arXiv 1906.04358): topologies that work under one shared weight."""
