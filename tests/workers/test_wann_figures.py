"""What follows a WANN search: the paper's figures, tuned weights, curves and votes, on tasks with a known answer."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest
from toy_wann import Reaching, ReachingEpisode, Sorting, two_gains, with_hidden

from search_spaces.ops import SharedWeightNetwork
from workers.wann.curves import weight_curve
from workers.wann.ensembles import mean_action, vote, voted_accuracy
from workers.wann.figures import figures, random_shared, random_weights
from workers.wann.line_chart import Line, line_chart
from workers.wann.reference import forward, on_all
from workers.wann.rollouts import episode, rewards
from workers.wann.scoring import scoring_of
from workers.wann.starts import Purpose, first_start
from workers.wann.tuning import best_shared_weight, tuned
from workers.wann.tuning_options import TuningOptions

QUICK = TuningOptions(generations=40, population=8, repetitions=2, check_every=5, check_repetitions=4)


class Noisy(Reaching):
    """The reward of an episode varies by its start alone, much more than by the weights."""

    def individual(self, network, weights, repetitions, seed):
        noise = [10 * np.random.default_rng(seed + i).standard_normal() for i in range(repetitions)]
        return super().individual(network, weights, repetitions, seed) + noise


class Recording(Reaching):
    def __init__(self) -> None:
        self.starts: list[range] = []

    def individual(self, network, weights, repetitions, seed):
        self.starts.append(range(seed, seed + repetitions))
        return super().individual(network, weights, repetitions, seed)


def test_forward_is_what_one_computes_by_hand() -> None:
    weights = np.array([0.5, -1.0, 2.0, 0.25, 3.0, -0.5, 1.5])
    sine = np.sin(np.pi * (0.5 - 1.0 * 0.3))
    tanh = np.tanh(2.0 * -0.2 + 0.25 * sine)
    assert forward(with_hidden(), weights, np.array([[0.3, -0.2]])) == pytest.approx(
        np.array([[3.0 * sine - 0.5 * tanh, 1.5 * tanh]])
    )


def test_a_node_without_connections_is_its_activation_of_zero() -> None:
    lonely = SharedWeightNetwork((2,), 1, (10,), (), ())
    assert forward(lonely, np.empty(0), np.zeros((3, 2))).tolist() == [[1.0]] * 3


@pytest.mark.parametrize("evaluator", [Reaching(), Noisy()], ids=["calm", "noisy"])
def test_the_best_shared_weight_is_found(evaluator: Reaching) -> None:
    assert best_shared_weight(scoring_of(two_gains(), evaluator), seed=3) == pytest.approx(0.4, abs=0.03)


def test_the_best_shared_weight_of_a_classification_comes_from_training_data() -> None:
    class Swapped(Sorting):
        def labels(self, split):
            return 1 - super().labels(split) if split == "test" else super().labels(split)

    scoring = scoring_of(two_gains(), Swapped())
    weight = best_shared_weight(scoring, seed=0)
    found = figures(scoring, weight, None, seed=0, trials=4)
    assert weight > 0
    assert found.tuned_shared.mean == 0.0


def test_tuning_finds_a_weight_for_each_connection() -> None:
    scoring = scoring_of(two_gains(), Reaching())
    *_, last = tuned(scoring, 0.4, QUICK, seed=0)
    assert last.number == 40
    assert last.weights == pytest.approx([1.2, -0.4], abs=0.1)
    assert last.score > scoring.objective(on_all(two_gains(), 0.4)[None], 50, 0)[0] + 1


def test_tuned_weights_never_do_worse_in_the_checks_than_those_before() -> None:
    scoring = scoring_of(with_hidden(), Noisy())
    began = scoring.objective(on_all(with_hidden(), 0.4)[None], 4, first_start(1, Purpose.CHECKS))[0]
    scores = [one.score for one in tuned(scoring, 0.4, QUICK, seed=1)]
    assert [began, *scores] == sorted([began, *scores])


def test_a_network_of_no_or_one_connection_has_nothing_to_tune() -> None:
    lonely, single = SharedWeightNetwork((2,), 2, (1, 1), (), ()), SharedWeightNetwork((2,), 2, (1, 1), (1,), (3,))
    for network in (lonely, single):
        assert not list(tuned(scoring_of(network, Reaching()), 1.0, QUICK, seed=0))
    assert figures(scoring_of(lonely, Reaching()), 1.0, None, seed=0, trials=3).random_weights.std == pytest.approx(0)


def test_each_purpose_has_starts_of_its_own() -> None:
    evaluator = Recording()
    scoring = scoring_of(two_gains(), evaluator)
    by_purpose: list[set[int]] = []
    for use in (
        lambda: best_shared_weight(scoring, 5),
        lambda: list(tuned(scoring, 0.4, replace(QUICK, generations=3), 5)),
        lambda: random_weights(scoring, 5, 10),
        lambda: weight_curve(scoring, 8, 5),
    ):
        evaluator.starts.clear()
        use()
        by_purpose.append({start for starts in evaluator.starts for start in starts})
    seen = [start for starts in by_purpose for start in starts]
    assert len(seen) == len(set(seen))
    assert min(seen) > 2000


def test_draws_of_a_generation_share_their_starts_and_generations_do_not() -> None:
    evaluator = Recording()
    list(tuned(scoring_of(two_gains(), evaluator), 0.4, replace(QUICK, generations=4, check_every=100), 0))
    _, *generations, _ = evaluator.starts
    assert [len(starts) for starts in generations] == [2, 2, 2, 2]
    assert len({start for starts in generations for start in starts}) == 8


def test_figures_are_ordered_as_the_paper_has_them() -> None:
    scoring = scoring_of(two_gains(), Reaching())
    *_, last = tuned(scoring, 0.4, QUICK, seed=0)
    found = figures(scoring, 0.4, last.weights, seed=0)
    assert found.tuned_weights is not None
    assert found.random_weights.mean < found.tuned_shared.mean < found.tuned_weights.mean
    assert found.random_shared.mean < found.tuned_shared.mean
    assert found.random_weights.std > 10 * found.tuned_weights.std
    assert {figure.trials for figure in found.named.values()} == {100}
    assert list(found.to_json()["figures"]) == ["random_weights", "random_shared", "tuned_shared", "tuned_weights"]


def test_random_figures_agree_with_their_definition() -> None:
    """Gains w of inputs near 1 cost about (w1 - 1.2)^2 + (w2 + 0.4)^2 a step; U(-2, 2) has variance 4/3."""
    scoring = scoring_of(two_gains(), Reaching())
    each = 4 / 3
    expected = 4 * (1 - (each + 1.2**2) - (each + 0.4**2))
    assert random_weights(scoring, 0, 4000).mean == pytest.approx(expected, abs=0.6)
    assert random_shared(scoring, 0, 4000).mean == pytest.approx(expected, abs=0.6)
    assert random_shared(scoring, 0, 4000).std != pytest.approx(random_weights(scoring, 0, 4000).std, rel=0.05)


def test_equal_seeds_give_equal_figures() -> None:
    one, same, other = (
        figures(scoring_of(with_hidden(), Reaching()), 0.5, None, seed, trials=10) for seed in (1, 1, 2)
    )
    assert one == same
    assert one.random_weights != other.random_weights


def test_a_classification_has_one_trial_where_all_would_be_equal() -> None:
    scoring = scoring_of(two_gains(), Sorting())
    found = figures(scoring, 0.5, np.array([1.0, 1.0]), seed=0)
    assert found.quantity == "test accuracy"
    assert (found.tuned_shared.mean, found.tuned_shared.std, found.tuned_shared.trials) == (1.0, 0.0, 1)
    assert found.random_shared.trials == 100
    assert 0.3 < found.random_shared.mean < 0.7  # negative weights turn every answer round


def test_the_curve_of_a_classification_has_a_line_a_class() -> None:
    curve = weight_curve(scoring_of(two_gains(), Sorting()), 8, seed=0)
    assert list(curve.curves) == ["all classes", "0", "1"]
    assert (curve.weights[0], curve.weights[-1]) == (-2.5, 2.5)
    assert (curve.curves["all classes"][0], curve.curves["all classes"][-1]) == (0.0, 1.0)


def test_the_curve_of_a_control_task_peaks_at_the_best_weight() -> None:
    curve = weight_curve(scoring_of(two_gains(), Reaching()), 8, seed=0)
    rewards_ = curve.curves["reward"]
    assert curve.weights[int(np.argmax(rewards_))] == pytest.approx(0.4, abs=0.06)
    drawing = ET.fromstring(curve.to_svg("Reaching <twice>"))  # noqa: S314 - our own
    assert drawing.tag.endswith("svg")
    assert "Reaching <twice>" in [text.text for text in drawing.iter("{http://www.w3.org/2000/svg}text")]


def test_a_chart_draws_values_where_its_axes_say() -> None:
    drawing = ET.fromstring(  # noqa: S314 - our own
        line_chart(
            [0, 1, 2], [Line("level", [1, 1, 1]), Line("rising", [0, 5, 10], strong=True)], x_label="", y_label=""
        )
    )
    space = "{http://www.w3.org/2000/svg}"
    level, rising = (
        [float(p.split(",")[1]) for p in line.attrib["points"].split()] for line in drawing.iter(f"{space}polyline")
    )
    assert len(set(level)) == 1
    assert rising[0] - rising[1] == pytest.approx(rising[1] - rising[2], abs=0.2)
    heights = {
        text.text: float(text.attrib["y"])
        for text in drawing.iter(f"{space}text")
        if text.attrib["text-anchor"] == "end"
    }
    assert heights["0"] - 4 == pytest.approx(rising[0], abs=0.2)
    assert heights["10"] - 4 == pytest.approx(rising[2], abs=0.2)


def test_a_chart_of_one_value_can_be_drawn() -> None:
    assert "<polyline" in line_chart([0, 1], [Line("flat", [0, 0])], x_label="x", y_label="y")


def test_votes_count_before_probabilities() -> None:
    sure, narrow, narrower = [9.0, 0.0], [0.0, 0.1], [0.0, 0.2]
    assert vote(np.array([[sure], [narrow], [narrower]])).tolist() == [1]
    assert vote(np.array([[sure], [narrow]])).tolist() == [0]


def test_an_ensemble_outvotes_a_bad_weight() -> None:
    assert voted_accuracy(two_gains(), np.array([-1.0, 0.5, 2.0]), Sorting()) == 1.0
    assert voted_accuracy(two_gains(), np.array([-1.0, -0.5, 2.0]), Sorting()) == 0.0


def test_an_ensemble_acts_as_the_mean_of_its_members() -> None:
    seen = np.array([[1.0, 2.0]])
    weights = np.stack([on_all(two_gains(), weight) for weight in (-1.0, 0.5, 2.0)])
    assert mean_action(two_gains(), weights, seen) == pytest.approx(np.array([[0.5, 1.0]]))


def test_episodes_step_by_step_have_the_evaluator_s_rewards() -> None:
    weights = np.array([1.0, -0.2])
    played = rewards(ReachingEpisode(), lambda seen: forward(two_gains(), weights, seen), 5, 70)
    assert played == pytest.approx(Reaching().individual(two_gains(), weights[None], 5, 70)[0])
    assert episode(ReachingEpisode(), lambda _: np.zeros((1, 2)), 70).observations.shape == (4, 2)
