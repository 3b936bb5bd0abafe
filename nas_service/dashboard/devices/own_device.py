"""How one's own device gets a latency table: three ways, with the commands to copy (docs/own-device.md)."""

from __future__ import annotations

from nicegui import ui

from nas_service.access import Caller

from ..commands import step
from ..theme import sheet


def own_device(server: str, viewer: Caller) -> None:
    """`server` is the address at which the viewer sees the service; with keys, the agent needs one of its own."""
    with sheet("Measure your own device"):
        ui.label(
            "Take the way that fits the device, and a name for it; search.yaml is the spec of the job that will "
            "search for it. Keep the device as it will be in use: its clock, its cooling, nothing else running."
        ).classes("muted text-sm")
        with ui.element("div").classes("columns"):
            _by_agent(server, key=bool(viewer.key))
            _by_file()
            _from_checkout(server, key=bool(viewer.key))


def _by_agent(server: str, *, key: bool) -> None:
    with _way("It reaches this service", "Python, numpy and onnxruntime are all it needs; it may be behind NAT."):
        keyed = " --key KEY" if key else ""
        if key:
            step("Here: a key that opens nothing else", "nas key create --owner pi4 --scope measure")
        step(
            "On the device: start the agent",
            "python3 -m venv agent\nagent/bin/pip install numpy onnxruntime\n"
            f"curl -O {server}/agent.pyz\nagent/bin/python agent.pyz --server {server} --name pi4{keyed}",
        )
        step("Here: say what to measure", f"nas device measure pi4 --for search.yaml --server {server}")


def _by_file() -> None:
    with _way("It sees no network", "One file is carried there and one back; it needs the same three packages."):
        step("Here: write the agent and its networks", "nas device bundle zero --for search.yaml")
        step("On the device: measure", "python3 zero.pyz")
        step("Here: make the table", "nas device take zero.visits.json")


def _from_checkout(server: str, *, key: bool) -> None:
    with _way("It has a checkout of this project", "Any machine with python 3.11 or later, this one too."):
        step(
            "There: measure, and check on unseen networks",
            "nas device profile desk --for search.yaml\nnas device check desk --for search.yaml",
        )
        keyed = " -H 'Authorization: Bearer KEY'" if key else ""
        step(
            "There: hand the table in, if this service is elsewhere",
            f"curl -X PUT {server}/api/v1/devices/desk/table{keyed} -H 'Content-Type: application/json' "
            "--data-binary @nas-data/tables/desk-1t.json",
        )


def _way(caption: str, needs: str) -> ui.column:
    with ui.column().style("gap:10px") as way:
        ui.label(caption).classes("font-medium")
        ui.label(needs).classes("muted text-sm")
    return way
