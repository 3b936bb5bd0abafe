"""What every test stands on: one thread a process, no settings of the developer's own service, an order."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import empty_stores
import pytest
from long_units import rank
from postgres_server import Postgres

from nas_service.store import Store

PROCESSES = 4  # twice as many as the processors of a small machine: tests of services and pages mostly wait
REQUIRE_BROWSER = os.environ.get("REQUIRE_BROWSER", "")

for name in [name for name in os.environ if name.startswith("NAS_")]:
    del os.environ[name]
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # tests start hundreds of processes: the first one compiles for all
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112 - else a trial waits until no other test wants the processor


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: rank(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """`-n auto`, as `make test` says: four processes, and for a single file none but this one."""
    files = {argument.partition("::")[0] for argument in config.args}
    return PROCESSES if len(files) > 1 or Path(*files).is_dir() else 0


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Whole files to each process, the long ones from the beginning on."""
    from schedule import Units  # without xdist, nothing asks for it

    config.option.loadscopereorder = False
    return Units(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """With REQUIRE_BROWSER set (`.ci/run`), a browser test that is skipped has failed."""
    report = yield
    if REQUIRE_BROWSER and report.skipped and item.get_closest_marker("browser"):
        report.outcome = "failed"
        report.longrepr = f"skipped although REQUIRE_BROWSER is set: {report.longrepr[-1]}"
    return report


@dataclass(frozen=True)
class Measured:
    """What a module turned out to be: parameters, MACs of one sample, shape of its output without the batch."""

    params: int
    macs: int
    out_shape: tuple[int, ...]


@pytest.fixture(scope="session")
def measure() -> Callable[..., Measured]:
    """Counts a torch module by running it: `measure(module, *input_shapes)`."""
    import torch
    from torch import nn
    from torch.nn.modules.conv import _ConvNd

    from search_spaces.modules.shared_weight import MaskedProduct
    from search_spaces.modules.video import Attention

    def run(module: nn.Module, *input_shapes: tuple[int, ...]) -> Measured:
        macs = []

        def count(layer: nn.Module, _: object, output: torch.Tensor) -> None:
            macs.append(layer.weight[0].numel() * output.numel())

        def count_attention(_: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
            macs.append(2 * output.numel() * inputs[1].shape[1])

        def count_masked(layer: nn.Module, _: object, output: torch.Tensor) -> None:
            macs.append(len(set(zip(layer.rows.tolist(), layer.columns.tolist(), strict=True))) * len(output))

        kinds = {_ConvNd: count, nn.Linear: count, MaskedProduct: count_masked, Attention: count_attention}
        hooks = [
            m.register_forward_hook(hook)
            for m in module.modules()
            for kind, hook in kinds.items()
            if isinstance(m, kind)
        ]
        with torch.no_grad():
            output = module.eval()(*(torch.zeros(1, *shape) for shape in input_shapes))
        for hook in hooks:
            hook.remove()
        return Measured(sum(p.numel() for p in module.parameters()), sum(macs), tuple(output.shape[1:]))

    return run


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A running PostgreSQL; `fresh()` gives the URL of an empty database."""
    server = Postgres()
    server.start()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """A service that was started in this process sends the logs of all to a stream that is soon closed."""
    root, ours = logging.getLogger(), logging.getLogger("nas_service")
    before = (root.handlers[:], root.level, ours.level)
    yield
    root.handlers[:], root.level, ours.level = before


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind that is supported."""
    return f"sqlite:///{tmp_path}/nas.sqlite" if request.param == "sqlite" else _server(request).fresh()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind, migrated."""
    return empty_stores.migrated(tmp_path / "nas.sqlite") if request.param == "sqlite" else _server(request).migrated()


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A store on each kind of database."""
    opened = Store(database_url)
    yield opened
    opened.close()


def _server(request: pytest.FixtureRequest) -> Postgres:
    server: Postgres = request.getfixturevalue("postgres")
    return server
