"""Plug-ins for the service, as a user would write them."""
