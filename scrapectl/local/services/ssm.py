"""Parameter Store beyond moto: tags and overwrite exclude each other, a type never changes, a tier never goes down."""

from __future__ import annotations

from scrapectl.local.registry import Call, Refusal, check


@check("ssm", "PutParameter")
def check_put(call: Call) -> None:
    """Refuse what AWS refuses of an overwrite."""
    params = call.params
    if params.get("Overwrite") and params.get("Tags"):
        message = (
            "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, "
            "please remove overwrite flag."
        )
        raise Refusal("ValidationException", message, 400)
    if not params["Value"]:
        raise Refusal("ValidationException", "Parameter value can't be empty", 400)
    if "{{" in params["Value"]:
        raise Refusal("ValidationException", "Parameter value can't nest another parameter.", 400)
    try:
        before = call.moto({"Name": params["Name"]}, "GetParameter")["Parameter"]
    except Refusal:
        if not params.get("Type"):
            raise Refusal("ValidationException", "A parameter type is required when you create a parameter.") from None
        return
    if params.get("Overwrite") and params.get("Type", before["Type"]) != before["Type"]:
        message = f"The parameter {params['Name']} exists with type {before['Type']}, which cannot be changed."
        raise Refusal("HierarchyTypeMismatchException", message, 400)
