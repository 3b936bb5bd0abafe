"""What runs on a device to measure it, with Python's standard library, numpy and onnxruntime and nothing else.

The latency tables' own measuring stands on it, so a table is the same wherever its numbers come from.
"""
