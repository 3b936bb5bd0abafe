"""`nas demo`: one whole search on this machine, from a measured latency table to a verified ONNX file."""
