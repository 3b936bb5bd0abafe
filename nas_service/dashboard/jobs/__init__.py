"""All jobs on one page."""
