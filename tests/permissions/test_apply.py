"""`policy --for apply` is what an apply needs: all of it, each of it, and nothing else."""

from __future__ import annotations

import pytest

from tests.permissions.everything import POLICIES
from tests.permissions.life import Life, actions_in
from tests.permissions.scenes import SCENES, Scene, scene_of

ACTIONS = actions_in(POLICIES["apply"])
OF_AN_ENGINE = {"ecr:GetAuthorizationToken"}
"""What docker and podman log in with; the embedded cloud takes images without."""


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_the_policy_is_enough_and_each_action_is_missed_by_its_name(life: Life, scene: Scene):
    """An action that is missing is told by its name by the first command that needs it, and is given then alone."""
    life.withheld = {action for action in ACTIONS if scene_of(action) is scene}
    assert life.withheld, "the scene proves nothing"
    scene.play(life)
    assert life.withheld <= OF_AN_ENGINE, "nothing in the policy is unused"
