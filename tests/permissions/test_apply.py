"""`policy --for apply` is what an apply needs: all of it, each of it, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.permissions.everything import POLICIES
from tests.permissions.life import Answer, Life, actions_in, told
from tests.permissions.partings import first_uses, without_each
from tests.permissions.scenes import SCENES, Scene, scene_of

ACTIONS = sorted(actions_in(POLICIES["apply"]))
OF_AN_ENGINE = {"ecr:GetAuthorizationToken"}
"""What docker and podman log in with; the embedded cloud takes images without."""
BY_SCENE = {scene.name: {action for action in ACTIONS if scene_of(action) is scene} for scene in SCENES}


Lives = Callable[[], Life]


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_the_policy_is_enough_and_each_action_in_it_is_missed_by_its_name(lives: Lives, scene: Scene):
    actions = BY_SCENE[scene.name] - OF_AN_ENGINE
    uses = first_uses(lives(), scene.play, "apply")
    assert actions - set().union(*uses) == set(), "nothing in the policy is unused"
    answers = without_each(lives(), scene.play, "apply", uses, actions)
    assert answers.keys() == actions
    wrong = {action: answer for action, answer in answers.items() if not misses(answer, action)}
    assert wrong == {}


def misses(answer: Answer, action: str) -> bool:
    """Whether a command ended for want of one action, and said so."""
    missing = set(re.findall(r"access denied: (\S+) is missing", told(answer)))
    return answer.code == 1 and missing == {action} and "unexpected" not in told(answer)


def test_every_action_has_its_scene():
    assert {action for actions in BY_SCENE.values() for action in actions} == set(ACTIONS)
