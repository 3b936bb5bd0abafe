"""A plug-in whose import fails, as one does whose own requirements are not installed."""

raise ImportError("libfictional.so is not installed")
