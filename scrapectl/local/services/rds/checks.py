"""What CreateDBInstance refuses, in AWS's words where they are known (AWS-FACTS section 18, botocore's model)."""

from __future__ import annotations

import re

from scrapectl.local.registry import Call, Params, Refusal
from scrapectl.local.services.rds.state import contradicts, invalid

_IDENTIFIER = re.compile(r"[A-Za-z](-?[A-Za-z0-9])*\Z")
_LONGEST = 63
_NAME = {"postgres": re.compile(r"[A-Za-z_]\w{0,62}\Z", re.ASCII), "mysql": re.compile(r"[A-Za-z]\w{0,63}\Z", re.ASCII)}
_USER = {"postgres": re.compile(r"[A-Za-z]\w{0,62}\Z", re.ASCII), "mysql": re.compile(r"[A-Za-z]\w{0,31}\Z", re.ASCII)}
# Reserved words of each engine, as far as the user guide and reports name them.
_RESERVED_USERS = {
    "postgres": {"admin", "rdsadmin", "rdsrepladmin", "rds_superuser", "rds_replication", "user", "public", "role"},
    "mysql": {"rdsadmin", "rdsrepladmin", "mysql", "root", "user", "rds_superuser_role"},
}
_RESERVED_DATABASES = {"postgres": {"db", "rdsadmin", "template0", "template1"}, "mysql": {"mysql", "sys", "rdsadmin"}}
_PASSWORD = re.compile(r"[!-~]+\Z")
_LONGEST_PASSWORD = {"postgres": 128, "mysql": 41}
_SHORTEST_PASSWORD = 8


def check_identifier(name: str, what: str, longest: int = _LONGEST) -> str:
    """Return an identifier as RDS stores it, in lower case.

    Raises:
        Refusal: It is none.
    """
    if len(name) > longest or not _IDENTIFIER.match(name):
        raise invalid(
            f"The parameter {what} is not a valid identifier. Identifiers must begin with a letter; must contain only "
            "ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens."
        )
    return name.lower()


def check_master(params: Params, engine: str) -> None:
    """Refuse a master user, a database or a password that RDS refuses.

    Raises:
        Refusal: As AWS says it.
    """
    user, database = params.get("MasterUsername"), params.get("DBName")
    if not user:
        raise invalid("The parameter MasterUsername must be provided and must not be blank.")
    if user.lower() in _RESERVED_USERS[engine]:
        raise invalid(f"MasterUsername {user} cannot be used as it is a reserved word used by the engine")
    if not _USER[engine].match(user):
        raise invalid(f"The parameter MasterUsername is not a valid user name for {engine}: {user}")
    if database and (not _NAME[engine].match(database) or database.lower() in _RESERVED_DATABASES[engine]):
        raise invalid(f"DBName {database} cannot be used: it is no valid name, or a reserved word for this engine")
    managed, password = params.get("ManageMasterUserPassword"), params.get("MasterUserPassword")
    check_password(password, engine, managed=bool(managed))
    if not managed and not password:
        raise invalid("The parameter MasterUserPassword must be provided and must not be blank.")


def check_password(password: str | None, engine: str, *, managed: bool) -> None:
    """Refuse a password that RDS refuses, or any when AWS manages it.

    Raises:
        Refusal: As AWS says it.
    """
    if password is None:
        return
    if managed:
        raise contradicts("You can't specify MasterUserPassword when ManageMasterUserPassword is enabled.")
    if len(password) < _SHORTEST_PASSWORD:
        raise invalid(
            "The parameter MasterUserPassword is not a valid password because it is shorter than 8 characters."
        )
    if len(password) > _LONGEST_PASSWORD[engine]:
        raise invalid(
            "The parameter MasterUserPassword is not a valid password because it is longer than "
            f"{_LONGEST_PASSWORD[engine]} characters."
        )
    if not _PASSWORD.match(password) or set(password) & set('/@"'):
        raise invalid(
            "The parameter MasterUserPassword is not a valid password. "
            "Only printable ASCII characters besides '/', '@', '\"', ' ' may be used."
        )


def check_numbers(params: Params) -> None:
    """Refuse a retention or a port out of bounds, and a zone for Multi-AZ.

    Raises:
        Refusal: As AWS says it.
    """
    days, port = params.get("BackupRetentionPeriod"), params.get("Port") or params.get("DBPortNumber")
    if days is not None and not 0 <= days <= 35:  # noqa: PLR2004 - AWS's bounds
        raise invalid(f"Invalid backup retention period: {days}. Must be between 0 and 35")
    if port is not None and not 1150 <= port <= 65_535:  # noqa: PLR2004 - AWS's bounds
        raise invalid(f"Invalid port number: {port}. Valid values are 1150-65535")
    if params.get("MultiAZ") and params.get("AvailabilityZone"):
        raise contradicts("Requesting a specific availability zone is not valid for Multi-AZ instances.")


def check_groups(call: Call, groups: list[str] | None, vpc: str) -> list[str]:
    """Return the security groups of an instance: those asked for, in its VPC, else the VPC's own.

    Raises:
        Refusal: One does not exist, or is of another VPC.
    """
    if not groups:
        own = {"Filters": [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]}
        found = call.cloud.call("ec2", "DescribeSecurityGroups", own, call.region)["SecurityGroups"]
        return [group["GroupId"] for group in found]
    for group in groups:
        try:
            [found] = call.cloud.call("ec2", "DescribeSecurityGroups", {"GroupIds": [group]}, call.region)[
                "SecurityGroups"
            ]
        except (Refusal, ValueError):
            raise invalid(f"Invalid security group , groupId= {group}, groupName=.") from None
        if found["VpcId"] != vpc:
            raise contradicts(
                "The DB instance and EC2 security group are in different VPCs. "
                f"The DB instance is in {vpc} and the EC2 security group is in {found['VpcId']}"
            )
    return groups
