"""The OpenAPI document: what FastAPI makes of the routes, with every refusal as it is answered.

A route says in `responses` what only it answers. What follows from its path, its method and its body is added here.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from nas_service.spec import JobSpec

from .hosts import SAFE
from .problems import MEDIA_TYPE
from .views import Problem

REFUSALS = {
    401: "no key that holds",
    403: "a scope that is too small, or a job of another owner",
    404: "an id or a name of nothing that there is",
    409: "the present state does not allow this",
    413: "a body over the limit",
    415: "a body that does not say that it is JSON",
    422: "a value that cannot be used; `field` names it",
    503: "the database, or a worker that is needed, is away",
}
_REFERENCE = "#/components/schemas/{model}"
_FASTAPIS_OWN = ("HTTPValidationError", "ValidationError")  # of refusals that are answered as problems here


class DescribedApi(FastAPI):
    """An application whose document tells all that it may answer."""

    def openapi(self) -> dict[str, Any]:
        if not self.openapi_schema:
            _complete(super().openapi())
        return self.openapi_schema or {}


def body(schema: dict[str, Any]) -> dict[str, Any]:
    """For a route that reads its JSON body by itself: what has to be sent. Parts that are named apart are put in."""
    parts = schema.get("$defs", {})
    whole = _with_parts({key: value for key, value in schema.items() if key != "$defs"}, parts)
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": whole}}}}


def _with_parts(value: Any, parts: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_with_parts(item, parts) for item in value]
    if not isinstance(value, dict):
        return value
    name = str(value.get("$ref", "")).removeprefix("#/$defs/")
    return _with_parts(parts[name], parts) if name in parts else {k: _with_parts(v, parts) for k, v in value.items()}


def reference(model: str) -> dict[str, Any]:
    """A schema of the document by its name."""
    return {"$ref": _REFERENCE.format(model=model)}


def _complete(document: dict[str, Any]) -> None:
    schemas: dict[str, Any] = document["components"]["schemas"]
    spec = JobSpec.model_json_schema(ref_template=_REFERENCE)
    schemas |= spec.pop("$defs") | {"JobSpec": spec, "Problem": Problem.model_json_schema()}
    for name in _FASTAPIS_OWN:
        schemas.pop(name, None)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _add_refusals(path, method.upper(), operation)
            if method == "get" and path.startswith("/api") and _is_json(operation["responses"].get("200", {})):
                operation["responses"]["304"] = {"description": "what `If-None-Match` names is still the answer"}


def _is_json(answer: dict[str, Any]) -> bool:
    return "application/json" in answer.get("content", {})


def _add_refusals(path: str, method: str, operation: dict[str, Any]) -> None:
    responses, implied = operation["responses"], _implied(path, method, operation)
    said = {int(status) for status in responses if int(status) >= 400} - implied
    for status in sorted(said | implied):
        own = responses[str(status)].get("content", {}) if status in said else {}
        told = own.get("application/json", {"schema": reference("Problem")})
        responses[str(status)] = {"description": REFUSALS[status], "content": {MEDIA_TYPE: told}}


def _implied(path: str, method: str, operation: dict[str, Any]) -> set[int]:
    """Statuses with which any operation of this kind may refuse."""
    if not path.startswith("/api"):
        return set()
    refused = {401, 403, 503}
    refused |= {404} if "{" in path else set()
    refused |= {409} if method not in SAFE else set()
    refused |= {413, 415} if "requestBody" in operation else set()
    refused |= {422} if "requestBody" in operation or "parameters" in operation else set()
    return refused
