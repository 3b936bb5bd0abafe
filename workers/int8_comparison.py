"""The int8 file beside the float32 one, in a model card: both measured, and plain words where int8 does not pay."""

from __future__ import annotations

from collections.abc import Mapping

from .markdown import size_text, table

ACCEPTED_DROP = 0.01  # of test accuracy; the card speaks against a file that loses more


def comparison(results: Mapping[str, float], calibration_images: int) -> str:
    """A section of the card, from the metrics that the export reports."""
    r = results
    rows = [
        ("test accuracy", f"{r['test_accuracy']:.4f}", f"{r['int8_test_accuracy']:.4f}"),
        ("latency, measured", f"{r['latency_ms']:.4f} ms", f"{r['int8_latency_ms']:.4f} ms"),
        ("interquartile range", f"{r['latency_spread_ms']:.4f} ms", f"{r['int8_latency_spread_ms']:.4f} ms"),
        ("file size", size_text(r["file_bytes"]), size_text(r["int8_file_bytes"])),
    ]
    return (
        "## int8\n\n`model_int8.onnx` is the same network with 8-bit weights and activations, quantised statically and "
        f"calibrated on {calibration_images} training images. It has the same input and output.\n\n"
        f"{table(('', '`model.onnx`', '`model_int8.onnx`'), rows)}\n\n{_verdict(r)}"
    )


def _verdict(r: Mapping[str, float]) -> str:
    against = [*_too_inexact(r), *_too_slow(r)]
    if against:
        return f"**{' '.join(against)} Use `model.onnx` unless the size of the file decides.**"
    points = -100 * r["int8_accuracy_drop"]
    return f"It takes {_share(r):.2f} times the latency and changes test accuracy by {points:+.1f} points."


def _too_inexact(r: Mapping[str, float]) -> list[str]:
    drop = r["int8_accuracy_drop"]
    if drop <= ACCEPTED_DROP:
        return []
    return [f"It loses {100 * drop:.1f} points of test accuracy, more than {100 * ACCEPTED_DROP:g}."]


def _too_slow(r: Mapping[str, float]) -> list[str]:
    """Slower, or not faster by more than either of the two measurements spreads."""
    gained_ms, spread_ms = (
        r["latency_ms"] - r["int8_latency_ms"],
        max(r["latency_spread_ms"], r["int8_latency_spread_ms"]),
    )
    if gained_ms > spread_ms:
        return []
    how = "slower" if gained_ms < -spread_ms else "no faster, within the spread of its measurement,"
    return [f"It is {how} on this device: {_share(r):.2f} times the latency."]


def _share(r: Mapping[str, float]) -> float:
    return r["int8_latency_ms"] / r["latency_ms"]
