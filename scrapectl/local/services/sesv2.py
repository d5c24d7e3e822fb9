"""SES v2: identities, which are verified as soon as they are asked for, and mails, which go into the mail box."""

from __future__ import annotations

from dataclasses import dataclass, field

from scrapectl.local.flows.mail import send_mail
from scrapectl.local.registry import Call, Params, Refusal, operation


@dataclass
class Identities:
    """One region's identities, by name: whether mails may be sent for them."""

    verified: dict[str, bool] = field(default_factory=dict)


def _known(call: Call) -> dict[str, bool]:
    return call.cloud.store(Identities, call.region).verified


@operation("sesv2", "CreateEmailIdentity")
def create(call: Call) -> Params:
    """Take an identity; nobody has to click."""
    name = call.params["EmailIdentity"]
    if name in _known(call):
        raise Refusal("AlreadyExistsException", f"Email identity {name} already exist.", 400)
    _known(call)[name] = True
    return {"IdentityType": _type(name), "VerifiedForSendingStatus": True}


@operation("sesv2", "DeleteEmailIdentity")
def delete(call: Call) -> Params:
    """Forget an identity."""
    name = call.params["EmailIdentity"]
    if _known(call).pop(name, None) is None:
        raise _missing(name)
    return {}


@operation("sesv2", "GetEmailIdentity")
def get(call: Call) -> Params:
    """Tell whether an identity is verified."""
    name = call.params["EmailIdentity"]
    if name not in _known(call):
        raise _missing(name)
    return {"IdentityType": _type(name), "VerifiedForSendingStatus": _known(call)[name]}


@operation("sesv2", "ListEmailIdentities")
def list_identities(call: Call) -> Params:
    """List them all."""
    known = _known(call).items()
    return {
        "EmailIdentities": [
            {"IdentityType": _type(name), "IdentityName": name, "SendingEnabled": on} for name, on in known
        ]
    }


@operation("sesv2", "GetAccount")
def account(call: Call) -> Params:
    """Tell of the account: it is in SES's sandbox, as a new one is."""
    del call
    return {"ProductionAccessEnabled": False, "SendingEnabled": True, "EnforcementStatus": "HEALTHY"}


@operation("sesv2", "SendEmail")
def send(call: Call) -> Params:
    """Send a simple mail; in the sandbox the receivers have to be verified, too."""
    sender, to = call.params["FromEmailAddress"], call.params["Destination"].get("ToAddresses") or []
    failed = [one for one in (sender, *to) if not any(_known(call).get(name) for name in (one, one.rpartition("@")[2]))]
    if failed:
        text = "Email address is not verified. The following identities failed the check in region "
        raise Refusal("MessageRejected", f"{text}{call.region.upper()}: {', '.join(failed)}", 400)
    simple = call.params["Content"]["Simple"]
    for one in to:
        send_mail(call.cloud, one, simple["Subject"]["Data"], simple["Body"]["Text"]["Data"], f"from {sender}")
    return {"MessageId": f"{len(to):04d}-{call.cloud.instance}"}


def _type(name: str) -> str:
    return "EMAIL_ADDRESS" if "@" in name else "DOMAIN"


def _missing(name: str) -> Refusal:
    return Refusal("NotFoundException", f"Email identity {name} does not exist.", 404)
