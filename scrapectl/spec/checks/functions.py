"""Finds functions that Lambda refuses: keys that exclude each other, images it cannot run, layers nobody made."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from scrapectl.spec.checks.filesystems import check_function_mounts
from scrapectl.spec.checks.statements import check_statements
from scrapectl.spec.checks.texts import check_shares_named
from scrapectl.spec.findings import show

if TYPE_CHECKING:
    from scrapectl.spec.findings import Findings
    from scrapectl.spec.model import Function, Spec

_ECR_REGION = re.compile(r"\.dkr\.ecr\.([a-z0-9-]+)\.")
_OF_CODE = ("handler", "runtime", "layers")
_LAYER_ARN = re.compile(r"arn:aws[a-z-]*:lambda:([a-z0-9-]+):[0-9]{12}:layer:[A-Za-z0-9_-]+:[0-9]+")


def check_function_keys(values: dict[str, Any], findings: Findings) -> None:
    """Check that each function has code with a handler, or an image, and says nothing of the other."""
    for key, function in values.get("functions", {}).items():
        path = f"functions.{key}"
        if "code" in function and "image" in function:
            findings.add(path, "only one of code or image may stand here.", "Keep one.")
        elif "image" in function:
            for other in (key for key in _OF_CODE if key in function):
                findings.add(f"{path}.{other}", "is of code, and an image has its own.", "Remove it.")
        elif "code" in function:
            if "command" in function:
                findings.add(f"{path}.command", "is of an image.", "Remove it: with code, handler says what is called.")
            if "handler" not in function and findings.is_sound(f"{path}.handler"):
                hint = "Write the file's name and the function's: handler: app.handler."
                findings.add(path, '"handler" is missing.', hint)
        elif all(findings.is_sound(f"{path}.{key}") for key in ("code", "image")):
            findings.add(path, "code or image is missing.", "Write code: ./folder and handler: app.handler, or image.")


def check_function(spec: Spec, function: Function, findings: Findings) -> None:
    """Check one function, without looking at its files."""
    _check_image(spec, function, findings)
    for number, layer in enumerate(function.layers):
        if layer.startswith("arn:"):
            _check_layer(spec, layer, f"{function.origin}.layers.{number}", findings)
    if function.secrets and function.code is not None and not function.runtime.startswith("python"):
        message = f"secrets are read by a wrapper in Python, and the runtime is {function.runtime}."
        hint = 'Write "${secret.NAME.arn}" under environment, allow it by access.policy, and read it in the code.'
        findings.add(f"{function.origin}.secrets", message, hint)
    check_function_mounts(spec, function, findings)
    check_statements(function, findings)
    check_shares_named(spec, function, findings)


def _check_layer(spec: Spec, layer: str, path: str, findings: Findings) -> None:
    found = _LAYER_ARN.fullmatch(layer)
    if found is None:
        hint = "Write arn:aws:lambda:REGION:ACCOUNT:layer:NAME:VERSION."
        findings.add(path, f"{show(layer)} is no version of a layer.", hint)
    elif spec.region and found[1] != spec.region:
        message = f"the layer is of {found[1]}, and the pipeline stands in {spec.region}."
        findings.add(path, message, f"Write a version of {spec.region}: Lambda takes no other.")


def _check_image(spec: Spec, function: Function, findings: Findings) -> None:
    """Lambda runs images of private repositories of ECR alone ("Create a Lambda function using a container image")."""
    if function.image is None or function.code is not None:
        return
    image = spec.image_of(function)
    if image and image.platform != function.platform:
        message = (
            f'the image "{image.key}" is built for {image.platform}, and the function runs on {function.platform}.'
        )
        written = "platform" if "platform" in function.places else "image"
        hint = f"Write platform: {function.platform} in both, for example."
        findings.add(f"{function.origin}.{written}", message, hint)
    if image is None and ".dkr.ecr." not in str(function.image) and findings.is_sound(f"{function.origin}.image"):
        message = f"Lambda runs images of ECR alone, and {show(function.image)} is elsewhere."
        hint = "Write an entry of images, or ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME:TAG."
        findings.add(f"{function.origin}.image", message, hint)
    found = _ECR_REGION.search(str(function.image))
    if image is None and found and spec.region and found[1] != spec.region:
        message = f"the image is of {found[1]}, and the pipeline stands in {spec.region}."
        findings.add(f"{function.origin}.image", message, f"Push it to {spec.region}: Lambda takes no other.")
