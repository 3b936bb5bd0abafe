"""The first guides are followed word by word, with the service that the quick start starts."""

from __future__ import annotations

import json

from guides import follow, newest_job, steps


def test_quick_start(folder, service, environment):
    for step in steps("quickstart.md"):
        if step.text.startswith("nas serve"):
            continue  # it runs already
        follow(step, folder, environment | newest_job(service))
    assert (folder / "winner" / "model.onnx").stat().st_size > 1000
    assert "# Image classifier for `digits`" in (folder / "winner" / "model_card.md").read_text()


def test_http(folder, service, environment):
    said = [
        follow(step, folder, environment | newest_job(service))
        for step in steps("http-api.md")
        if step.language == "console"
    ]
    shown = next(step for step in steps("http-api.md") if step.language == "json")
    assert json.loads(said[-1]) == json.loads(shown.text)


def test_python(folder, service, environment):
    said = [follow(step, folder, environment) for step in steps("python-client.md")]
    assert "finished" in said[0]
    assert said[1].startswith("404 ")
