"""Hold each job to its role: which IAM action, on what, a call of a job's code is, and whether the role allows it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from scrapectl.local.jobs.permissions import refused
from scrapectl.local.jobs.wanted import Wanted
from scrapectl.local.registry import Call, Refusal
from scrapectl.local.services import iam

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

TOKEN_HEADER = "X-Amz-Security-Token"  # noqa: S105 - a header's name


class Sessions:
    """The session tokens of jobs. A hook of the cloud: what comes in with such a token is checked.

    A job's requests are signed with the cloud's own key, so that the server lets them in; the token tells whose
    they are.
    """

    def __init__(self) -> None:
        self._roles: dict[str, tuple[str, str]] = {}

    def open(self, role: str, task: str) -> str:
        """Return a token for what acts as `role` in a task."""
        token = secrets.token_urlsafe(24)
        self._roles[token] = role, task
        return token

    def sent(self, call: Call) -> bool:
        """Whether what these sessions were opened for sent a request."""
        return token_of(call) in self._roles

    def sender(self, call: Call) -> str:
        """The role and the task that sent a request; "" when none of these sessions did."""
        return ":".join(self._roles.get(token_of(call), ()))

    def __call__(self, call: Call) -> None:
        """Refuse a call that the role behind its token does not allow.

        Raises:
            Refusal: As AWS denies it.
        """
        role, task = self._roles.get(token_of(call), ("", ""))
        if not role or call.service == "sts":
            return
        wanted = refused(call, iam.policies_of(call.cloud, role))
        if wanted is not None:
            raise _denied(call, role, task, wanted)


def _denied(call: Call, role: str, task: str, wanted: Wanted) -> Refusal:
    who = f"arn:aws:sts::{call.account}:assumed-role/{role.rsplit('/', 1)[-1]}/{task}"
    on = f' on resource: "{wanted.resource}"' if wanted.resource else ""
    text = (
        f"User: {who} is not authorized to perform: {wanted.action}{on} "
        f"because no identity-based policy allows the {wanted.action} action"
    )
    code = "AccessDenied" if call.service in {"s3", "iam", "ec2", "sts"} else "AccessDeniedException"
    code = "AuthorizationError" if call.service == "sns" else code
    return Refusal(code, text, 400 if code == "AccessDeniedException" else 403)


def token_of(call: Call) -> str:
    """Return the session token that a request came with; "" when there is none."""
    if call.request is None:
        return ""
    in_link = parse_qs(urlsplit(call.request.url).query).get(TOKEN_HEADER, [""])[0]
    return call.request.header(TOKEN_HEADER) or in_link


def sessions_of(cloud: Cloud) -> Sessions:
    """Return the cloud's one table of sessions, which watches over its requests from then on."""
    kept = cloud.store(Sessions, "global")
    if kept not in cloud.hooks:
        cloud.hooks.append(kept)
    return kept
