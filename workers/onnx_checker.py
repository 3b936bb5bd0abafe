"""What every ONNX file goes through before it is offered: metadata of ours, and the checker of onnx."""

from __future__ import annotations

from collections.abc import Mapping

import onnx

from .failures import TrialError


def checked(model: bytes, properties: Mapping[str, str]) -> bytes:
    """The file with these metadata properties. Raises TrialError where onnx's checker refuses it."""
    proto = onnx.load_from_string(model)
    proto.producer_name = "nas-service"
    onnx.helper.set_model_props(proto, dict(properties))
    try:
        onnx.checker.check_model(proto, full_check=True)
    except onnx.checker.ValidationError as error:
        raise TrialError("error", f"onnx's checker refuses the exported file: {error}") from None
    return bytes(proto.SerializeToString())
