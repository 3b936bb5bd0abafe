"""The search loop. A trial goes `proposing`, `sending`, (a worker), `collecting`; `coordinator` turns the crank."""

from .coordinator import Coordinator

__all__ = ["Coordinator"]
