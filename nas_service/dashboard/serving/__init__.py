"""How pages reach the service, follow it, and travel light."""
