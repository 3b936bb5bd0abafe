"""Devices and their latency tables."""
