"""What a search has been choosing: columns, shares of options, what does not matter, traits of other spaces."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from nas_service.genes import FEWEST, Choices, Tries, choices, generation
from nas_service.store.searched import Tried
from search_spaces import BoundSpace, Signature, SpaceError, get_space

IMAGES = Signature("image", 3, 10, (16, 64))
OPTIONS: dict[str, Any] = {"backbone": [{"width": 16}, {"width": 24, "depth": 2, "stride": 2}], "resolution": [16, 32]}
MOST = 32


@pytest.fixture(scope="module")
def space() -> Any:
    return get_space("mobilenetv3", **OPTIONS).bind(IMAGES)


@pytest.fixture(scope="module")
def wann() -> BoundSpace:
    return get_space("wann").bind(Signature("vector", 3, 2, (1, 1)))


def sampled(space: BoundSpace, number: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng(0)
    return [space.sample(rng) for _ in range(number)]


def tried(
    genotypes: list[dict[str, Any]], tokens: list[Any] | None = None, candidates: list[int] | None = None
) -> list[Tried]:
    numbers = range(len(genotypes))
    rows = zip(numbers, candidates or numbers, genotypes, tokens or [None] * len(genotypes), strict=True)
    return [Tried(*row) for row in rows]


def counted(space: BoundSpace, rows: list[Tried], population: int | None = None, most: int = MOST) -> Choices:
    tries = Tries(space)
    for part in (rows[:7], rows[7:]):
        tries.take(part)
    return choices(tries, population=population, most=most)


def test_options_are_counted_where_they_matter(space: Any) -> None:
    genotypes = sampled(space, 40)
    found = counted(space, tried(genotypes), population=10)
    assert (found.first, found.last, found.networks) == ([1, 11, 21, 31], [10, 20, 30, 40], [10] * 4)
    chosen = [space.decode(genotype) for genotype in genotypes]
    for gene in found.genes:
        for column in range(4):
            mine = [one for one in chosen[10 * column : 10 * column + 10] if space.is_active(gene.name, one)]
            told = Counter(one[gene.name] for one in mine)
            assert gene.counts[column].tolist() == [told[value] for value in gene.values], gene.name
    kernel = next(gene for gene in found.genes if gene.name == "stage1.layer1.kernel")
    assert 0 < kernel.counts.sum() < 40


def test_what_has_one_option_is_only_counted(space: Any) -> None:
    found = counted(space, tried(sampled(space, 5)))
    assert {gene.name for gene in found.genes} == {p.name for p in space.positions if len(p.options) > 1}
    assert found.fixed == sum(len(position.options) == 1 for position in space.positions) > 0


def test_a_network_counts_once_a_column(space: Any) -> None:
    genotypes = sampled(space, 2)
    found = counted(space, tried(genotypes * 10, candidates=[0, 1] * 10), population=10)
    assert found.networks == [2, 2]
    assert found.genes[0].counts.sum() == 4


def test_generations_of_the_strategy_are_columns_however_they_are_wrapped(space: Any) -> None:
    tokens = [{"part": "search", "token": {"generation": n // 4}} for n in range(12)]
    tokens[6] = {"part": "refine", "token": None}
    found = counted(space, tried(sampled(space, 12), tokens))
    assert (found.columns.by, found.columns.size, found.columns.generations) == ("generation", 1, [0, 1, 2])
    assert found.networks == [4, 4, 4]
    assert [generation(token) for token in (None, 3, {"token": [1]}, tokens[5])] == [None, None, None, 1]


def test_many_generations_share_columns(space: Any) -> None:
    found = counted(space, tried(sampled(space, 30), [{"generation": n} for n in range(30)]), most=8)
    assert (found.columns.size, found.columns.number) == (4, 8)
    assert found.columns.generations == [0, 4, 8, 12, 16, 20, 24, 28]
    assert found.networks == [4] * 7 + [2]


@pytest.mark.parametrize(
    ("trials", "population", "by", "size", "columns"),
    [
        (40, 10, "population", 1, 4),
        (40, 5, "population", 1, 8),
        (41, 5, "population", 2, 5),
        (40, None, "trials", FEWEST, 8),
        (41, None, "trials", 2 * FEWEST, 5),
        (200, None, "trials", 8 * FEWEST, 5),
        (2, None, "trials", FEWEST, 1),
    ],
)
def test_columns_are_laid_out_for_the_trials_so_far(
    space: Any, trials: int, population: int | None, by: str, size: int, columns: int
) -> None:
    found = counted(space, tried(sampled(space, trials)), population, most=8)
    assert (found.columns.by, found.columns.size, found.columns.number) == (by, size, columns)


@pytest.mark.parametrize("population", [None, 3])
@pytest.mark.parametrize("generational", [False, True])
def test_as_trials_come_columns_stay_or_two_become_one(space: Any, population: int | None, generational: bool) -> None:
    """Never are they cut anew: what a column shows only ever grows."""
    rows = tried(sampled(space, 150), [{"generation": n // 4} if generational else None for n in range(150)])
    tries, sizes = Tries(space), set()
    tries.take(rows[:1])
    before = choices(tries, population=population, most=8)
    for number in range(1, 150):
        tries.take(rows[number : number + 1])
        found = choices(tries, population=population, most=8)
        assert set(found.first[:-1]) <= set(before.first)
        assert found.columns.size in (before.columns.size, 2 * before.columns.size)
        before = found
        sizes.add(found.columns.size)
    assert len(sizes) in (3, 4)


@pytest.mark.parametrize("population", [None, 3])
@pytest.mark.parametrize("most", [1, 2, 7])
def test_there_are_no_more_columns_than_asked_for(space: Any, most: int, population: int | None) -> None:
    found = counted(space, tried(sampled(space, 50)), population, most)
    assert 1 <= found.columns.number <= most
    assert sum(found.networks) == 50


def test_a_width_that_was_cut_is_a_number_and_no_choice(space: Any) -> None:
    plain = sampled(space, 1)[0]
    cut = [plain | {"widths": {"stage1.width": width}} for width in (10, 20)]
    found = counted(space, tried([plain, *cut]))
    width = next(gene for gene in found.genes if gene.name == "stage1.width")
    assert width.counts.sum() == 1
    assert [(one.name, one.least, one.mean, one.most) for one in found.traits] == [("stage1.width", [10], [15], [20])]


def test_a_space_that_grows_tells_its_traits(wann: BoundSpace) -> None:
    rng = np.random.default_rng(1)
    grown = sampled(wann, 6)
    for _ in range(30):
        grown = [wann.mutate(genotype, rng) for genotype in grown]
    found = counted(wann, tried([*sampled(wann, 6), *grown], [{"generation": n // 6} for n in range(12)]))
    assert (found.genes, found.fixed) == ([], 0)
    traits = {one.name: one for one in found.traits}
    assert {"hidden nodes", "connections", "linear nodes", "tanh nodes"} <= set(traits)
    assert traits["hidden nodes"].mean[0] == 0 < traits["hidden nodes"].mean[1]
    hidden = [len(wann.genome(genotype).hidden) for genotype in grown]
    assert (traits["hidden nodes"].least[1], traits["hidden nodes"].most[1]) == (min(hidden), max(hidden))
    enabled = np.mean([sum(wann.genome(genotype).enabled) for genotype in grown])
    assert traits["connections"].mean[1] == pytest.approx(enabled)


def test_a_trait_that_no_network_of_a_column_has_is_null_there(space: Any) -> None:
    genotypes = sampled(space, 20)
    genotypes[0] = genotypes[0] | {"widths": {"stage0.width": 8}}
    [trait] = counted(space, tried(genotypes), population=10).traits
    assert (trait.mean, trait.most) == ([8, None], [8, None])


def test_a_space_without_either_has_nothing_to_tell(wann: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(wann), "traits", BoundSpace.traits)
    found = counted(wann, tried(sampled(wann, 3)))
    assert (found.genes, found.traits, found.networks) == ([], [], [3])


def test_nothing_tried_makes_no_columns(space: Any) -> None:
    found = counted(space, [])
    assert (found.first, found.networks) == ([], [])
    assert all(gene.counts.shape == (0, len(gene.values)) for gene in found.genes)


@pytest.mark.parametrize("wrong", [[0], [99] * 24, None, ["a"] * 24])
def test_genotypes_of_another_space_are_refused(space: Any, wrong: Any) -> None:
    with pytest.raises(SpaceError):
        counted(space, tried([*sampled(space, 3), {"choices": wrong}]))
