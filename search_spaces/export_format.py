"""How ONNX files are made, as text that can be read without torch: part of a latency table's fingerprint."""

OPSET = 18
EXPORTER = f"torchscript opset {OPSET}"  # what a latency table and a model card say of how the file was made
QUANTISER = "QDQ u8s8, by channel, 7 bits"  # and of how an int8 one was


def exporter(precision: str) -> str:
    """What a latency table says of how its networks were written."""
    return EXPORTER if precision == "float32" else f"{EXPORTER}, {QUANTISER}"
