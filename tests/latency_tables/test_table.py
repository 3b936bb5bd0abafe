"""Tables: estimates, extension, files and what is refused of them."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import asdict, replace
from hashlib import blake2b

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import mutated

from device_agent.machine import Device, usable_cores
from device_agent.setting import Setting
from latency_tables import Estimate, LatencyTable, TableError, load, table_path, table_paths
from latency_tables.calibration import Calibration
from latency_tables.runtime import Runtime
from latency_tables.table import Entry, checked
from search_spaces import Architecture, Signature, get_space
from search_spaces.ops import Classifier, Conv

STRANGER = Architecture.chain([Conv((1, 8, 8), 8, 7), Classifier((8, 8, 8), 3)])


def test_estimate_is_the_calibrated_sum_of_ops(made_up, all_networks):
    unseen = all_networks[-1]
    estimate = made_up.estimate(unseen)
    total = sum(made_up.entries[op.key].latency_ms for op in unseen.ops)
    assert estimate.latency_ms == pytest.approx(2 * total + 0.5)
    assert estimate.error_ms == pytest.approx(estimate.latency_ms * made_up.calibration.relative_error)
    assert estimate.missing == ()


def test_missing_ops_are_named(made_up, all_networks):
    mixed = Architecture.chain([all_networks[0].ops[0], Classifier(all_networks[0].ops[0].out_shape, 3)])
    estimate = made_up.estimate(mixed)
    assert estimate.missing == (mixed.ops[1].key,)
    assert estimate.latency_ms == pytest.approx(2 * made_up.entries[mixed.ops[0].key].latency_ms + 0.5)
    assert set(made_up.estimate(STRANGER).missing) == {op.key for op in STRANGER.ops}


def test_round_trip(made_up, tmp_path):
    path = tmp_path / "deep" / "bench-1t.json"
    made_up.save(path)
    again = load(path)
    assert again == made_up
    assert again.hash == made_up.hash
    assert [file.name for file in path.parent.iterdir()] == ["bench-1t.json"]


def test_hash_follows_every_part(made_up):
    key = next(iter(made_up.entries))
    others = [
        replace(made_up, device=replace(made_up.device, cpu="another")),
        replace(made_up, runtime=replace(made_up.runtime, threads=2)),
        replace(made_up, calibration=replace(made_up.calibration, scale=1.0)),
        replace(made_up, networks=made_up.networks[1:]),
        replace(made_up, entries={**made_up.entries, key: Entry(1.0, 0.0, 1)}),
    ]
    assert len({made_up.hash, *(other.hash for other in others)}) == 6


def test_extension_keeps_what_was_there_and_fits_anew(made_up, all_networks):
    op = STRANGER.ops[0]
    newer = replace(made_up.networks[0], latency_ms=1.0)
    extended = made_up.extended({op.key: Entry(0.2, 0.01, 5)}, (newer,))
    assert extended.entries.keys() == {*made_up.entries, op.key}
    assert len(extended.networks) == 6
    assert newer in extended.networks
    assert extended.calibration != made_up.calibration
    assert made_up.estimate(all_networks[0]) != extended.estimate(all_networks[0])


def test_what_was_measured_on_a_slower_day_is_brought_to_the_speed_of_the_table(made_up):
    timed = replace(made_up, reference=Entry(1.0, 0.01, 20))
    op, network = STRANGER.ops[0], replace(made_up.networks[0], hash="another", latency_ms=0.8, spread_ms=0.08)
    extended = timed.extended({op.key: Entry(0.2, 0.02, 5)}, (network,), Entry(1.25, 0.01, 20))
    assert extended.entries[op.key] == Entry(pytest.approx(0.16), pytest.approx(0.016), 5)
    assert extended.networks[-1].latency_ms == pytest.approx(0.64)
    assert extended.networks[:-1] == timed.networks
    assert extended.reference == timed.reference


def test_slowdown(made_up):
    assert replace(made_up, reference=Entry(1.0, 0.01, 20)).slowdown(Entry(1.25, 0.01, 20)) == 1.25
    assert made_up.slowdown(Entry(1.25, 0.01, 20)) == 1.0


def _altered(table: LatencyTable, **changes: object) -> str:
    return json.dumps({"schema": 1, "hash": table.hash} | asdict(table) | changes)


@pytest.mark.parametrize("value", [0, -1.0, None, "fast", float("nan"), float("inf")])
def test_impossible_times_are_refused(made_up, tmp_path, value):
    entries = {key: asdict(entry) for key, entry in made_up.entries.items()}
    key = next(iter(entries))
    entries[key]["latency_ms"] = value
    path = tmp_path / "t.json"
    path.write_text(_altered(made_up, entries=entries))
    with pytest.raises(TableError, match=r"is damaged: entries\..*latency_ms"):
        load(path)


@pytest.mark.parametrize(
    "key",
    [
        "conv(in_shape=8x16x16,out_channels=8,kernel=3,stride=0,activation=relu,skip=none)",
        "conv(in_shape=8x16x16,out_channels=0,kernel=3,stride=1,activation=relu,skip=none)",
        "conv(in_shape=8x16x16,out_channels=-8,kernel=3,stride=1,activation=relu,skip=none)",
        "conv(in_shape=0x16x16,out_channels=8,kernel=3,stride=1,activation=relu,skip=none)",
        "conv(in_shape=8x16x16,out_channels=8,kernel=wide,stride=1,activation=relu,skip=none)",
        f"conv(in_shape=8x16x16,out_channels={10**400},kernel=3,stride=1,activation=relu,skip=none)",
        f"conv(in_shape=8x16x16,out_channels={10**30},kernel=3,stride=1,activation=relu,skip=none)",
        f"conv(in_shape=8x16x16,out_channels={'-' * 100_000}1,kernel=3,stride=1,activation=relu,skip=none)",
    ],
    ids=lambda key: key[:70],
)
def test_ops_that_cannot_be_are_refused_by_name(made_up, key):
    """Found when the table is taken in, and not when a search first asks what another op of the kind costs."""
    entries = {**made_up.entries, key: next(iter(made_up.entries.values()))}
    with pytest.raises(TableError, match=re.escape(f"that one is damaged: there is no op '{key[:60]}")):
        checked(replace(made_up, entries=entries), "that one")
    first, *others = made_up.networks
    with pytest.raises(TableError, match="there is no op"):
        checked(replace(made_up, networks=(replace(first, ops=(*first.ops, key)), *others)), "that one")


def test_keys_that_nothing_can_read_stand_for_ops_that_are_known_elsewhere(made_up):
    entries = {**made_up.entries, "bespoke(weight=7)": next(iter(made_up.entries.values()))}
    table = checked(replace(made_up, entries=entries), "that one")
    assert table.entries == entries


def test_edited_table_is_refused(made_up, tmp_path):
    path = tmp_path / "t.json"
    path.write_text(_altered(made_up, device=asdict(made_up.device) | {"cpu": "a faster one"}))
    with pytest.raises(TableError, match="was changed after it was measured"):
        load(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ('{"schema": 1, "entr', "not JSON"),
        ("[]", "no latency table of schema 1"),
        ('{"schema": 99}', "says 99"),
        ('{"schema": 1}', "damaged: device"),
    ],
)
def test_what_is_no_table(tmp_path, text, message):
    path = tmp_path / "t.json"
    path.write_text(text)
    with pytest.raises(TableError, match=message):
        load(path)


def test_missing_file(tmp_path):
    with pytest.raises(TableError, match="cannot be read: No such file"):
        load(tmp_path / "none.json")


def test_mismatch_names_what_differs(made_up):
    assert made_up.mismatch() is None
    assert "threads 1 where 2 runs here" in made_up.mismatch(setting=Setting(2))
    older = replace(made_up, runtime=replace(made_up.runtime, onnxruntime="1.0", exporter="by hand"))
    assert "onnxruntime '1.0'" in older.mismatch()
    assert "exporter 'by hand'" in older.mismatch()


def test_all_threads_are_those_of_one_number_of_cores(made_up):
    setting, cores = Setting("all"), usable_cores()
    there = replace(made_up, runtime=Runtime.of(made_up.runtime.onnxruntime, setting, cores + 2))
    assert (there.runtime.threads, there.runtime.cores, there.runtime.setting) == ("all", cores + 2, setting)
    assert there.mismatch(setting=setting) is None  # of a device elsewhere, which has as many as it has
    here = replace(there, device=replace(made_up.device, name="local"))
    assert f"cores {cores + 2} where {cores} runs here" in here.mismatch(setting=setting, allow=["cpu"])
    assert "cores" in there.differs(Runtime.here(setting))
    assert made_up.runtime.cores is None


def test_what_older_tables_did_not_say_changes_no_hash(made_up, tmp_path):
    made_up.save(tmp_path / "old.json")
    document = json.loads((tmp_path / "old.json").read_text())
    assert not {"provider", "cores"} & document["runtime"].keys()
    assert load(tmp_path / "old.json").runtime.setting == Setting()
    other = replace(made_up, runtime=Runtime.here(Setting("all", "int8", "AzureExecutionProvider")))
    other.save(tmp_path / "other.json")
    assert load(tmp_path / "other.json") == other
    assert "int8" not in made_up.runtime.exporter
    assert other.runtime.exporter != made_up.runtime.exporter


def test_without_onnxruntime_its_version_is_not_compared(made_up, monkeypatch):
    monkeypatch.setattr(Runtime, "here", lambda _: replace(made_up.runtime, onnxruntime=""))
    assert made_up.mismatch() is None


def test_path_of_a_device(tmp_path):
    assert table_path(tmp_path, "pi4", Setting(2)) == tmp_path / "pi4-2t.json"
    assert table_path(tmp_path, "pi4", Setting("all", "int8")) == tmp_path / "pi4-all-int8.json"
    with pytest.raises(TableError, match=r"no table is made with 1 thread, \.\./up"):
        table_path(tmp_path, "pi4", Setting(1, "../up"))


def test_tables_of_a_folder(tmp_path, made_up):
    for path in (table_path(tmp_path, "b"), table_path(tmp_path, "a", Setting("all", "int8"))):
        made_up.save(path)
    (tmp_path / "a-1t.journal").touch()
    assert [path.name for path in table_paths(tmp_path)] == ["a-all-int8.json", "b-1t.json"]


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "x" * 65, "sp ace"])
def test_names_that_cannot_be_files(tmp_path, name):
    with pytest.raises(TableError, match="cannot be called"):
        table_path(tmp_path, name)


def test_a_mutated_file_is_a_table_or_refused_as_none(made_up, all_networks, tmp_path):
    path = tmp_path / "t.json"
    whole = json.loads(_altered(made_up))

    @settings(max_examples=400, deadline=None, derandomize=True, database=None, suppress_health_check=HealthCheck)
    @given(mutated(whole), st.booleans())
    def read(document, hashed):
        if hashed:  # as if it had been measured so
            content = {key: part for key, part in document.items() if key not in ("schema", "hash")}
            canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
            document["hash"] = blake2b(canonical.encode(), digest_size=16).hexdigest()
        path.write_text(json.dumps(document))
        with suppress(TableError):  # whatever else it raises fails the test
            table = load(path)
            table.save(path)
            assert load(path) == table
            table.estimate(all_networks[0])

    read()


@pytest.mark.parametrize("text", ["[" * 100_000, '{"schema": 1, "device": ' + '{"a": ' * 100_000])
def test_a_file_that_is_nested_too_deeply_is_damaged(tmp_path, text):
    path = tmp_path / "t.json"
    path.write_text(text)
    with pytest.raises(TableError, match="is damaged"):
        load(path)


def _table_of(networks: list[Architecture], left_out: set[str]) -> LatencyTable:
    costs = {op.key: op.macs / 1e7 + 0.013 for network in networks for op in network.ops}
    entries = {key: Entry(cost, 0.0, 3) for key, cost in costs.items() if key not in left_out}
    return LatencyTable(Device.here("bench"), Runtime.here(), entries, (), Calibration(1.1, 0.3, 0.02, 12))


def _same(estimate: Estimate, other: Estimate) -> bool:
    """Equal but for the order of additions."""
    figures = (other.latency_ms, other.error_ms)
    return estimate.missing == other.missing and (estimate.latency_ms, estimate.error_ms) == pytest.approx(
        figures, rel=1e-14
    )


@pytest.mark.parametrize("left_out", ["nothing", "some ops", "all of a kind"])
def test_networks_of_segments_cost_what_their_ops_do(left_out, monkeypatch):
    monkeypatch.setattr("latency_tables.table.MOST", 20)  # forgotten again and again
    space = get_space("mobilenetv3", resolution=[16, 24]).bind(Signature("image", 1, 10, (8, 32)))
    networks = [space.architecture(genotype) for genotype in space.samples(np.random.default_rng(0), 60)]
    keys = sorted({op.key for network in networks for op in network.ops})
    chosen = {"nothing": set(), "some ops": set(keys[::9]), "all of a kind": {k for k in keys if "conv(" in k[:5]}}
    table = _table_of(networks, chosen[left_out])
    estimates = [table.estimate(network) for network in networks]
    for network, estimate in zip(networks, estimates, strict=True):
        assert network.segments
        assert _same(estimate, table.estimate(Architecture.chain(network.ops)))
    assert any(estimate.missing for estimate in estimates) == (left_out == "all of a kind")
    assert len(table._sums) <= 20
    assert table._sums or left_out != "nothing"
