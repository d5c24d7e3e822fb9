"""Turns a secret into Secrets Manager's: a value from the user's variable, or one made once and never changed."""

from __future__ import annotations

import functools
import secrets
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, cast

from scrapectl.engine.marks import Identity, Local, Secret
from scrapectl.engine.resource import Aws, Key, Listing, Live, Needs, Pace, Removal, Resource, Scopes, Status, Update
from scrapectl.kinds.tags import tag_list, tags_from_list

ABSENT = ("ResourceNotFoundException",)
RECOVERY_DAYS = 7
_DELETED = tuple(
    f"InvalidRequestException:{text}" for text in ("scheduled for deletion", "marked for deletion", "marked deleted")
)
_ARN_SUFFIX = len("-AbCdEf")
_ALPHABET = string.ascii_letters + string.digits


class StoredValue:
    """The text that a secret holds, fetched when it is first compared with a wanted one: else nobody need see it.

    Two of them are equal unseen: a difference between what stood and what stands is no one's business here.
    """

    def __init__(self, fetch: Callable[[], str | None]) -> None:
        self._fetch = functools.cache(fetch)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StoredValue) or self._fetch() == other

    def __hash__(self) -> int:
        return hash(StoredValue)

    def __repr__(self) -> str:
        return "(hidden)"


@dataclass(frozen=True)
class SecretValue(Resource):
    """A secret.

    Attributes:
        value: The text it shall hold; None leaves what it holds.
        generate: Without a value, make one of so many characters when the secret is made.
    """

    name: Identity[str]
    value: Secret[str] = field(default=None, repr=False)
    generate: Local[int | None] = None
    description: str = ""

    kind: ClassVar[str] = "secret"
    tells_the_spec: ClassVar[bool] = True
    contents_name: ClassVar[tuple[str, str]] = ("value", "values")
    pace: ClassVar[Pace] = Pace(first=0.0, interval=2.0, limit=120.0)
    remains: ClassVar[str] = f"recoverable for {RECOVERY_DAYS} days; the next apply restores it"
    sweep: ClassVar[str | None] = "secretsmanager:{region}:{account}:secret:"
    listing: ClassVar[Listing | None] = Listing("secretsmanager", "list_secrets", "SecretList", "Name")
    needs: ClassVar[Needs] = Needs(
        read=("secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"),
        create=(
            "secretsmanager:CreateSecret",
            "secretsmanager:RestoreSecret",
            "secretsmanager:TagResource",
            "secretsmanager:UpdateSecret",
        ),
        update=(
            "secretsmanager:TagResource",
            "secretsmanager:UntagResource",
            "secretsmanager:UpdateSecret",
        ),
        delete=("secretsmanager:DeleteSecret",),
    )
    scopes: ClassVar[Scopes] = Scopes(
        {
            "secretsmanager:Secret": (
                "secretsmanager:{region}:{account}:secret:{name}",
                "secretsmanager:{region}:{account}:secret:{name}-??????",
            ),
        },
    )

    @classmethod
    def read(cls, aws: Aws, key: Key) -> Live | None:
        """Read all but the value, which is asked for when it is compared."""
        (name,) = key
        found = aws.call("secretsmanager", "describe_secret", absent=ABSENT, SecretId=name)
        if found is None:
            return None
        status = Status.RECOVERABLE if found.get("DeletedDate") else Status.READY
        value = None if found.get("DeletedDate") else StoredValue(functools.partial(_value_of, aws, name))
        resource = cls(name, cast("str", value), description=found.get("Description", ""))
        return Live(resource, {"arn": found["ARN"], "name": name}, tags_from_list(found.get("Tags", ())), status)

    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Make it, or bring it back from its recovery window with the value it had, or the one that is wanted."""
        answer = self._create(aws, tags, absent=_DELETED) or self._restore(aws, tags) or self._create(aws, tags)
        return Live(self, {"arn": answer["ARN"], "name": self.name}, dict(tags))

    def update(self, aws: Aws, update: Update) -> None:
        """Put the new value, the description, or both."""
        content: dict[str, Any] = {}
        if "value" in update.changed:
            content["SecretString"] = self.value
        if "description" in update.changed:
            content["Description"] = self.description
        if content:
            aws.call("secretsmanager", "update_secret", SecretId=self.name, **content)

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
    def contents(cls, aws: Aws, live: Live) -> int:
        """One value, which only `on_destroy: refuse` holds on to: a deleted secret is recoverable."""
        del aws
        return int(live.status is Status.READY)

    @classmethod
    def key_of_arn(cls, arn: str) -> Key | None:
        """Take the name out of the ARN, which ends in six characters that AWS chose."""
        parts = arn.split(":", 6)
        return (parts[6][:-_ARN_SUFFIX],) if parts[2] == "secretsmanager" and parts[5] == "secret" else None

    def _create(self, aws: Aws, tags: Mapping[str, str], absent: Sequence[str] = ()) -> Any:
        value = self.value
        if value is None and self.generate is not None:
            value = "".join(secrets.choice(_ALPHABET) for _ in range(self.generate))
        content: dict[str, Any] = {} if value is None else {"SecretString": value}
        return aws.call(
            "secretsmanager",
            "create_secret",
            absent=absent,
            Name=self.name,
            Description=self.description,
            Tags=tag_list(tags),
            **content,
        )

    def _restore(self, aws: Aws, tags: Mapping[str, str]) -> Any:
        """Only a wanted value is put: a generated one that comes back is what its users know."""
        answer = aws.call("secretsmanager", "restore_secret", absent=ABSENT, SecretId=self.name)
        if answer is None:  # deleted for good by someone, a moment ago
            return None
        aws.tag(answer["ARN"], tags, ())
        content: dict[str, Any] = {} if self.value is None else {"SecretString": self.value}
        aws.call("secretsmanager", "update_secret", SecretId=self.name, Description=self.description, **content)
        return answer


def _value_of(aws: Aws, name: str) -> str | None:
    found = aws.call("secretsmanager", "get_secret_value", absent=ABSENT, SecretId=name)
    return found.get("SecretString") if found else None
