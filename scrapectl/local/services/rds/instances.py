"""CreateDBInstance: checked as AWS checks it, creating for a while, then available with an endpoint."""

from __future__ import annotations

import secrets
import string
from datetime import UTC, datetime
from typing import Any

from scrapectl.local.registry import Call, Params, Refusal, operation
from scrapectl.local.services.rds import stand_in
from scrapectl.local.services.rds.checks import check_groups, check_identifier, check_master, check_numbers
from scrapectl.local.services.rds.describe import document_of
from scrapectl.local.services.rds.passwords import make_secret, new_password
from scrapectl.local.services.rds.state import Instance, invalid, state_of
from scrapectl.local.services.rds.subnet_groups import DEFAULT, find_group
from scrapectl.local.services.rds.tags import check_tags
from scrapectl.local.services.rds.versions import (
    PORTS,
    Size,
    check_class,
    check_iops,
    check_storage,
    license_of,
    major,
    whole_version,
)
from scrapectl.local.services.rds.windows import check_windows

BACKUP_WINDOW, MAINTENANCE_WINDOW = "06:10-06:40", "sun:09:20-sun:09:50"
_BACKUP_FROM = 0.7  # of the time that creating takes
_KNOWN = {
    "AllocatedStorage", "AutoMinorVersionUpgrade", "AvailabilityZone", "BackupRetentionPeriod", "BackupTarget",
    "CACertificateIdentifier", "CopyTagsToSnapshot", "DBInstanceClass", "DBInstanceIdentifier", "DBName",
    "DBParameterGroupName", "DBSubnetGroupName", "DatabaseInsightsMode", "DeletionProtection",
    "EnableCloudwatchLogsExports", "EnableIAMDatabaseAuthentication", "EnablePerformanceInsights", "Engine",
    "EngineLifecycleSupport", "EngineVersion", "Iops", "KmsKeyId", "LicenseModel", "ManageMasterUserPassword",
    "MasterUserPassword", "MasterUserSecretKmsKeyId", "MasterUsername", "MaxAllocatedStorage", "MonitoringInterval",
    "MultiAZ", "NetworkType", "OptionGroupName", "Port", "PreferredBackupWindow", "PreferredMaintenanceWindow",
    "PubliclyAccessible", "StorageEncrypted", "StorageThroughput", "StorageType", "Tags", "VpcSecurityGroupIds",
}  # fmt: skip


def not_here(call: Call, known: set[str]) -> None:
    """Refuse a parameter that AWS takes and the embedded cloud does not play.

    Raises:
        Refusal: `NotImplemented`, so that nobody takes it for AWS's answer.
    """
    for name in sorted(call.params.keys() - known):
        raise Refusal("NotImplemented", f"the embedded cloud has no {call.operation} with {name}", 501)


@operation("rds", "CreateDBInstance")
def create(call: Call) -> Params:
    """Create an instance; a real server is made for it where one is installed."""
    not_here(call, _KNOWN)
    params, state = call.params, state_of(call)
    name = check_identifier(params["DBInstanceIdentifier"], "DBInstanceIdentifier")
    if name in state.instances:
        raise Refusal("DBInstanceAlreadyExists", "DB instance already exists", 400)
    document = _document(call, name)
    tags = check_tags(params.get("Tags"))
    instance = Instance(document, params.get("MasterUserPassword") or new_password(), tags)
    if params.get("ManageMasterUserPassword"):
        make_secret(call, instance, params.get("MasterUserSecretKmsKeyId"))
    state.instances[name] = instance
    stand_in.start(call.cloud, instance)
    _plan(call, instance)
    return {"DBInstance": document_of(instance)}


def _plan(call: Call, instance: Instance) -> None:
    cloud, document = call.cloud, instance.document
    now, takes = cloud.clock.now(), cloud.delays.database_create

    def be_there() -> None:
        document["InstanceCreateTime"] = datetime.fromtimestamp(cloud.clock.now(), UTC)
        if document["BackupRetentionPeriod"]:
            instance.becomes("backing-up")

    def be_available() -> None:
        instance.becomes("available")
        if "MasterUserSecret" in document:
            document["MasterUserSecret"]["SecretStatus"] = "active"

    instance.later(now + takes * _BACKUP_FROM, be_there)
    instance.later(now + takes, be_available)


def _document(call: Call, name: str) -> dict[str, Any]:
    """Return what Describe answers for what was asked, every default filled in, when AWS would take it."""
    params = call.params
    engine = params["Engine"].lower()
    version = whole_version(engine, params.get("EngineVersion"))
    check_class(engine, version, params["DBInstanceClass"])
    check_master(params, engine)
    check_numbers(params)
    maintenance = (params.get("PreferredMaintenanceWindow") or MAINTENANCE_WINDOW).lower()
    backup, days = params.get("PreferredBackupWindow") or BACKUP_WINDOW, params.get("BackupRetentionPeriod", 1)
    check_windows(backup, maintenance, backs_up=days > 0)
    return {
        "DBInstanceIdentifier": name,
        "DBInstanceArn": call.arn(f"db:{name}"),
        "DbiResourceId": "db-" + "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(26)),
        "DBInstanceStatus": "creating",
        "DBInstanceClass": params["DBInstanceClass"],
        "Engine": engine,
        "EngineVersion": version,
        "LicenseModel": license_of(engine),
        "MasterUsername": params["MasterUsername"],
        "DBName": params.get("DBName"),
        "BackupRetentionPeriod": days,
        "PreferredBackupWindow": backup,
        "PreferredMaintenanceWindow": maintenance,
        "MultiAZ": params.get("MultiAZ", False),
        "AutoMinorVersionUpgrade": params.get("AutoMinorVersionUpgrade", True),
        "CopyTagsToSnapshot": params.get("CopyTagsToSnapshot", False),
        "DeletionProtection": params.get("DeletionProtection", False),
        "DbInstancePort": 0,
        **_storage(call, engine),
        **_network(call, engine),
        **_rest(call, engine, version),
    }


def _storage(call: Call, engine: str) -> dict[str, Any]:
    params = call.params
    gib, kind = params.get("AllocatedStorage"), params.get("StorageType") or "gp2"
    if gib is None:
        raise invalid("The parameter AllocatedStorage must be provided and must not be blank.")
    check_storage(Size(engine, kind, gib, params.get("MaxAllocatedStorage")))
    check_iops(engine, kind, gib, params.get("Iops"))
    encrypted = params.get("StorageEncrypted", False)
    key = params.get("KmsKeyId") or call.arn("alias/aws/rds", "kms")
    return {
        "AllocatedStorage": gib,
        "MaxAllocatedStorage": params.get("MaxAllocatedStorage"),
        "StorageType": kind,
        "Iops": params.get("Iops") or (3000 if kind == "gp3" else None),
        "StorageThroughput": params.get("StorageThroughput") or (125 if kind == "gp3" else None),
        "StorageEncrypted": encrypted,
        "KmsKeyId": key if encrypted else None,
    }


def _network(call: Call, engine: str) -> dict[str, Any]:
    params = call.params
    group = find_group(call, params.get("DBSubnetGroupName") or DEFAULT)
    groups = check_groups(call, params.get("VpcSecurityGroupIds"), group["VpcId"])
    zones = sorted({subnet["SubnetAvailabilityZone"]["Name"] for subnet in group["Subnets"]})
    zone = params.get("AvailabilityZone") or zones[0]
    if zone not in zones:
        raise Refusal("InvalidVPCNetworkStateFault", f"The DB subnet group has no subnet in {zone}.", 400)
    public = params.get("PubliclyAccessible", group["DBSubnetGroupName"] == DEFAULT)
    if public:
        check_reachable(call, group["VpcId"])
    return {
        "DBSubnetGroup": group,
        "VpcSecurityGroups": [{"VpcSecurityGroupId": number, "Status": "active"} for number in groups],
        "AvailabilityZone": zone,
        "SecondaryAvailabilityZone": zones[1] if params.get("MultiAZ") else None,
        "PubliclyAccessible": public,
        "NetworkType": "IPV4",
        "ListenerPort": params.get("Port") or PORTS[engine],
    }


def check_reachable(call: Call, vpc: str) -> None:
    """Refuse a public instance in a VPC without a way out.

    Raises:
        Refusal: As AWS says it.
    """
    attached = {"Filters": [{"Name": "attachment.vpc-id", "Values": [vpc]}]}
    call.cloud.call("ec2", "DescribeVpcs", {}, call.region)  # makes the default network whole
    if not call.cloud.call("ec2", "DescribeInternetGateways", attached, call.region)["InternetGateways"]:
        text = "Cannot create a publicly accessible DBInstance. The specified VPC has no internet gateway attached."
        raise Refusal("InvalidVPCNetworkStateFault", text, 400)


def _rest(call: Call, engine: str, version: str) -> dict[str, Any]:
    params = call.params
    series = f"{engine}{major(engine, version)}"
    parameters = params.get("DBParameterGroupName") or f"default.{series}"
    options = f"default:{engine}-{major(engine, version).replace('.', '-')}"
    return {
        "DBParameterGroups": [{"DBParameterGroupName": parameters, "ParameterApplyStatus": "in-sync"}],
        "OptionGroupMemberships": [{"OptionGroupName": params.get("OptionGroupName") or options, "Status": "in-sync"}],
        "DBSecurityGroups": [],
        "ReadReplicaDBInstanceIdentifiers": [],
        "AssociatedRoles": [],
        "DomainMemberships": [],
        "EnabledCloudwatchLogsExports": params.get("EnableCloudwatchLogsExports", []),
        "IAMDatabaseAuthenticationEnabled": params.get("EnableIAMDatabaseAuthentication", False),
        "PerformanceInsightsEnabled": params.get("EnablePerformanceInsights", False),
        "MonitoringInterval": params.get("MonitoringInterval", 0),
        "CACertificateIdentifier": params.get("CACertificateIdentifier") or "rds-ca-rsa2048-g1",
        "BackupTarget": "region",
        "CustomerOwnedIpEnabled": False,
        "EngineLifecycleSupport": params.get("EngineLifecycleSupport") or "open-source-rds-extended-support",
    }
