"""How ONNX files are made, as text that can be read without torch: part of a latency table's fingerprint."""

OPSET = 18
EXPORTER = f"torchscript opset {OPSET}"  # what a latency table and a model card say of how the file was made
