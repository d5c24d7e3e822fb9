"""What Lambda refuses of a function before it makes or changes it: bad zips, images, layers, roles and networks."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

from scrapectl.local import moto_private
from scrapectl.local.registry import Call, Params, Refusal, check
from scrapectl.local.services import iam
from scrapectl.local.services.ecr import find_image
from scrapectl.local.services.lambda_network import check_mounts, check_network
from scrapectl.local.services.lambda_state import backend_function, check_settled, functions_in, named

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_ZIPPED = 52_428_800
MOST_UNZIPPED = 262_144_000
"""Bytes of a zip, and of all that a function with its layers unpacks to (AWS-FACTS §9)."""


def invalid(text: str) -> Refusal:
    """What Lambda says of a request that cannot be."""
    return Refusal("InvalidParameterValueException", text, 400)


@check("lambda", "CreateFunction")
def check_create(call: Call) -> None:
    """Refuse a name that stands, code that does not fit, and a role that Lambda cannot assume (yet)."""
    if backend_function(call) is not None:
        raise Refusal("ResourceConflictException", f"Function already exist: {named(call)}", 409)
    params = call.params
    code, is_image = params.get("Code") or {}, params.get("PackageType") == "Image"
    if is_image != ("ImageUri" in code):
        raise invalid("Please provide ImageUri when packageType is Image, and a zip otherwise.")
    if not is_image and not (params.get("Handler") and params.get("Runtime")):
        raise invalid("Runtime and Handler are mandatory parameters for functions created with deployment packages.")
    if is_image and any(params.get(member) for member in ("Handler", "Runtime", "Layers")):
        raise invalid("Please don't provide Handler or Runtime or Layer when the function PackageType is Image.")
    _check_code(call, code, params.get("Layers") or [])
    _check_standing(call, params)


@check("lambda", "UpdateFunctionCode")
def check_code(call: Call) -> None:
    """Refuse a change while another is under way, code of the other sort, and what is no zip."""
    check_settled(call)
    standing = backend_function(call)
    if standing is None:
        return
    if (standing.package_type == "Image") != ("ImageUri" in call.params):
        raise invalid(f"Please provide code for a function of package type {standing.package_type}.")
    _check_code(call, call.params, [layer["Arn"] for layer in standing.layers])


@check("lambda", "UpdateFunctionConfiguration")
def check_configuration(call: Call) -> None:
    """Refuse a change while another is under way, and a role that Lambda cannot assume (yet)."""
    check_settled(call)
    standing = backend_function(call)
    if standing is None:
        return
    if standing.package_type != "Image" and "Layers" in call.params:
        _check_size(call, standing.code_bytes, call.params["Layers"])
    _check_standing(call, {"Role": standing.role} | functions_in(call).more.get(named(call), {}) | call.params)


def _check_standing(call: Call, wanted: Params) -> None:
    """Whether a function with this configuration could run where it shall stand."""
    role = wanted["Role"]
    if not iam.can_be_assumed(call.cloud, role, "lambda.amazonaws.com"):
        raise invalid("The role defined for the function cannot be assumed by Lambda.")
    network = wanted.get("VpcConfig") or {}
    check_network(call, role, network)
    check_mounts(call, network, wanted.get("FileSystemConfigs") or [])


@check("lambda", "PublishVersion")
@check("lambda", "DeleteFunction")
def check_at_rest(call: Call) -> None:
    """Refuse what must wait."""
    check_settled(call)


def _check_code(call: Call, code: Params, layers: Sequence[str]) -> None:
    if "ImageUri" in code:
        _check_image(call, code["ImageUri"])
    elif code.get("ZipFile") is not None:
        _check_size(call, code["ZipFile"], layers)


def _check_image(call: Call, uri: str) -> None:
    """Lambda runs images of its own account and region alone, and they must be there (AWS-FACTS §4)."""
    if not uri.startswith(f"{call.account}.dkr.ecr.{call.region}."):
        raise invalid(f"Source image {uri} is not valid. Provide a valid source image.")
    try:
        find_image(call.cloud, uri)
    except Refusal as refusal:
        text = f"Source image {uri} does not exist. Provide a valid source image."
        raise invalid(text) from refusal


def _check_size(call: Call, content: bytes, layers: Sequence[str]) -> None:
    zips = [content, *(layer_zip(call, arn) for arn in layers)]
    if len(content) > MOST_ZIPPED:
        text = f"Request must be smaller than {MOST_ZIPPED} bytes for the UpdateFunctionCode operation"
        raise Refusal("RequestEntityTooLargeException", text, 413)
    if sum(unzipped_size(each) for each in zips) > MOST_UNZIPPED:
        text = f"Function code combined with layers exceeds the maximum allowed size of {MOST_UNZIPPED} bytes."
        raise invalid(text)


def layer_zip(call: Call, arn: str) -> bytes:
    """The content of a layer version.

    Raises:
        Refusal: It is not there; layers of others are not known here.
    """
    backend: Any = moto_private.get_backend("lambda")[call.account][call.region]
    try:
        found = backend.layers_versions_by_arn(arn)
    except Exception as error:  # moto's own errors for ARNs that are none
        raise invalid(f"Layer version {arn} does not exist.") from error
    if found is None:
        raise invalid(f"Layer version {arn} does not exist.")
    content: bytes = found.code_bytes
    return content


def unzipped_size(content: bytes) -> int:
    """How many bytes a zip unpacks to.

    Raises:
        Refusal: It is none.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return sum(entry.file_size for entry in archive.infolist())
    except zipfile.BadZipFile as error:
        text = "Could not unzip uploaded file. Please check your file, then try to upload again."
        raise invalid(text) from error


@check("lambda", "AddPermission")
def check_permission(call: Call) -> None:
    """Refuse a statement id that is taken."""
    sid = call.params["StatementId"]
    function = backend_function(call)
    if function is not None and any(statement.get("Sid") == sid for statement in function.policy.statements):
        text = (
            f"The statement id ({sid}) provided already exists. Please provide a new statement id, "
            "or remove the existing statement."
        )
        raise Refusal("ResourceConflictException", text, 409)
