"""Finding a space by name, options that are checked, and describing networks without torch."""

from __future__ import annotations

import subprocess
import sys

import pytest

from search_spaces import Signature, SpaceError, get_space


def test_unknown_space_is_refused_with_those_there_are():
    with pytest.raises(SpaceError, match=r"no search space 'darts'; there are: .*mobilenetv3") as caught:
        get_space("darts")
    assert caught.value.field == "space.name"


@pytest.mark.parametrize(
    ("options", "field", "message"),
    [
        ({"resolutions": [32]}, "resolutions", "options: backbone, width, resolution"),
        ({"resolution": []}, "resolution", "at least 1"),
        ({"resolution": [32, 4]}, "resolution.1", "greater than or equal to 8"),
        ({"kernel": [3, 4]}, "kernel.1", "3, 5 or 7"),
        ({"width": 0}, "width", "greater than 0"),
        ({"width_factors": [1, -1]}, "width_factors.1", "greater than 0"),
        ({"skip": ["residual"]}, "skip.0", "'none', 'identity' or 'pool'"),
        ({"backbone": "huge"}, "backbone", "'large' or 'small'"),
        ({"backbone": [{"width": 16, "stride": 3}]}, "backbone.0.stride", "1 or 2"),
    ],
)
def test_a_wrong_option_is_named(options, field, message):
    with pytest.raises(SpaceError, match=message) as caught:
        get_space("mobilenetv3", **options)
    assert caught.value.field == f"space.options.{field}"


@pytest.mark.parametrize("kind", ["clip", "vector"])
def test_a_kind_that_does_not_fit_is_refused(kind):
    with pytest.raises(SpaceError, match=f"networks for image tasks, but this task is of kind '{kind}'") as caught:
        get_space("mobilenetv3").bind(Signature(kind, 3, 10, (8, 512)))
    assert caught.value.field == "space.name"


def test_own_backbone():
    stages = [{"width": 16}, {"width": 24, "depth": 2, "stride": 2}]
    space = get_space("mobilenetv3", backbone=stages, depth_offsets=[0], resolution=[32])
    names = [position.name for position in space.bind(Signature("image", 1, 10, (8, 512))).positions]
    assert "stage1.layer1.kernel" in names
    assert not [name for name in names if name.startswith("stage2")]


def test_describing_needs_no_torch():
    code = """if True:
        import sys
        import numpy as np
        from search_spaces import Signature, get_space
        space = get_space("mobilenetv3").bind(Signature("image", 3, 10, (8, 512)))
        rng = np.random.default_rng(0)
        architecture = space.architecture(space.mutate(space.sample(rng), rng))
        print(architecture.hash, architecture.params, architecture.macs, "torch" in sys.modules)
    """
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.split()[-1] == "False"
