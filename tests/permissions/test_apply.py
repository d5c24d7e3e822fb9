"""`policy --for apply` is what an apply needs: all of it, each of it, and nothing else."""

from __future__ import annotations

import re

import pytest

from tests.permissions.everything import POLICIES
from tests.permissions.life import Life, StoppedError, actions_in, told, without
from tests.permissions.scenes import SCENES, Scene, scene_of

ACTIONS = sorted(actions_in(POLICIES["apply"]))
OF_AN_ENGINE = {"ecr:GetAuthorizationToken"}
"""What docker and podman log in with; the embedded cloud takes images without."""
BY_SCENE = {scene.name: {action for action in ACTIONS if scene_of(action) is scene} for scene in SCENES}
USED: dict[str, set[str]] = {}


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_the_policy_is_enough_and_all_of_it_is_needed(life: Life, scene: Scene):
    scene.play(life)
    used = life.used["apply"]
    assert BY_SCENE[scene.name] - used <= OF_AN_ENGINE, "nothing in the policy is unused"


@pytest.mark.parametrize("action", sorted(set(ACTIONS) - OF_AN_ENGINE))
def test_each_action_is_missed_by_its_name(life: Life, action: str):
    life.policies["apply"] = without(action, POLICIES["apply"])
    with pytest.raises(StoppedError) as stopped:
        scene_of(action).play(life)
    answer = stopped.value.answer
    assert answer.code == 1, answer
    missing = set(re.findall(r"access denied: (\S+) is missing", told(answer)))
    assert missing == {action}, answer
    assert "unexpected" not in told(answer)
