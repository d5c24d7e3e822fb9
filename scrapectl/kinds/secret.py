"""Turns a secret into Secrets Manager's: a value from the user's variable, or one made once and never changed."""

from __future__ import annotations

import dataclasses
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from scrapectl.engine.resource import (
    Aws,
    Identity,
    Key,
    Live,
    Local,
    Needs,
    Pace,
    Removal,
    Resource,
    Secret,
    Status,
    Update,
)
from scrapectl.kinds.tags import tag_list, tags_from_list

ABSENT = ("ResourceNotFoundException",)
RECOVERY_DAYS = 7
_DELETED = ("InvalidRequestException:scheduled for deletion", "InvalidRequestException:marked for deletion")
_ARN_SUFFIX = len("-AbCdEf")
_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True)
class SecretValue(Resource):
    """A secret.

    Attributes:
        value: The text it shall hold; None leaves what it holds.
        generate: Without a value, make one of so many characters when the secret is made.
    """

    name: Identity[str]
    value: Secret[str] = dataclasses.field(default=None, repr=False)
    generate: Local[int | None] = None
    description: str = ""

    kind: ClassVar[str] = "secret"
    pace: ClassVar[Pace] = Pace(first=0.0, interval=2.0, limit=120.0)
    remains: ClassVar[str] = f"recoverable for {RECOVERY_DAYS} days; the next apply restores it"
    sweep: ClassVar[str | None] = "secretsmanager:{region}:{account}:secret:"
    needs: ClassVar[Needs] = Needs(
        read=("secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"),
        create=(
            "secretsmanager:CreateSecret",
            "secretsmanager:PutSecretValue",
            "secretsmanager:RestoreSecret",
            "secretsmanager:TagResource",
            "secretsmanager:UpdateSecret",
        ),
        update=(
            "secretsmanager:PutSecretValue",
            "secretsmanager:TagResource",
            "secretsmanager:UntagResource",
            "secretsmanager:UpdateSecret",
        ),
        delete=("secretsmanager:DeleteSecret",),
    )

    @classmethod
    def read(cls, aws: Aws, key: Key) -> Live | None:
        """Read all but the value."""
        (name,) = key
        found = aws.call("secretsmanager", "describe_secret", absent=ABSENT, SecretId=name)
        if found is None:
            return None
        status = Status.RECOVERABLE if found.get("DeletedDate") else Status.READY
        resource = cls(name, description=found.get("Description", ""))
        return Live(resource, {"arn": found["ARN"], "name": name}, tags_from_list(found.get("Tags", ())), status)

    def complete(self, aws: Aws, live: Live) -> Live:
        """Read the value too, only when one is wanted: nobody else has a reason to see it."""
        if self.value is None or live.status is Status.RECOVERABLE:
            return live
        found = aws.call("secretsmanager", "get_secret_value", absent=ABSENT, SecretId=self.name)
        value = found.get("SecretString") if found else None
        return dataclasses.replace(live, resource=dataclasses.replace(live.resource, value=value))  # type: ignore[type-var]

    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Make it, or bring it back from its recovery window with the value it had, or the one that is wanted."""
        first = self._first_value()
        answer = aws.call(
            "secretsmanager",
            "create_secret",
            absent=_DELETED,
            Name=self.name,
            Description=self.description,
            Tags=tag_list(tags),
            **({} if first is None else {"SecretString": first}),  # type: ignore[arg-type]  # a member of the request
        )
        if answer is None:
            answer = self._restore(aws, tags)
        return Live(self, {"arn": answer["ARN"], "name": self.name}, dict(tags))

    def update(self, aws: Aws, update: Update) -> None:
        """Put the new value, or the description."""
        if "value" in update.changed and self.value is not None:
            aws.call("secretsmanager", "put_secret_value", SecretId=self.name, SecretString=self.value)
        if "description" in update.changed:
            aws.call("secretsmanager", "update_secret", SecretId=self.name, Description=self.description)

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Delete it, recoverably."""
        del removal
        aws.call(
            "secretsmanager",
            "delete_secret",
            absent=(*ABSENT, *_DELETED),
            SecretId=live.outputs["name"],
            RecoveryWindowInDays=RECOVERY_DAYS,
        )

    @classmethod
    def key_of_arn(cls, arn: str) -> Key | None:
        """Take the name out of the ARN, which ends in six characters that AWS chose."""
        parts = arn.split(":", 6)
        return (parts[6][:-_ARN_SUFFIX],) if parts[2] == "secretsmanager" and parts[5] == "secret" else None

    def _first_value(self) -> str | None:
        if self.value is not None or self.generate is None:
            return self.value
        return "".join(secrets.choice(_ALPHABET) for _ in range(self.generate))

    def _restore(self, aws: Aws, tags: Mapping[str, str]) -> dict[str, str]:
        """Only a wanted value is put: a generated one that comes back is what its users know."""
        answer: dict[str, str] = aws.call("secretsmanager", "restore_secret", SecretId=self.name)
        aws.tag(answer["ARN"], tags, ())
        aws.call("secretsmanager", "update_secret", SecretId=self.name, Description=self.description)
        if self.value is not None:
            aws.call("secretsmanager", "put_secret_value", SecretId=self.name, SecretString=self.value)
        return answer
