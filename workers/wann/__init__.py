"""Evaluating weight agnostic networks (arXiv 1906.04358): compiled kernels, environments, figures, export."""
