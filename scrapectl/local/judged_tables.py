"""Which parameters of a request name what, and what services do in their caller's name: tables for IAM's judgement."""

from __future__ import annotations

from collections.abc import Mapping

NAMED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "cloudtrail": (
        ("Name", "cloudtrail:trail"),
        ("TrailName", "cloudtrail:trail"),
        ("ResourceId", "cloudtrail:trail"),
        ("ResourceIdList[]", "cloudtrail:trail"),
    ),
    "batch": (
        ("jobQueueName", "batch:job-queue"),
        ("jobQueue", "batch:job-queue"),
        ("computeEnvironmentName", "batch:compute-environment"),
        ("computeEnvironment", "batch:compute-environment"),
        ("computeEnvironmentOrder[].computeEnvironment", "batch:compute-environment"),
        ("name", "batch:scheduling-policy"),
        ("arn", "batch:scheduling-policy"),
        ("schedulingPolicyArn", "batch:scheduling-policy"),
        ("jobDefinitionName", "batch:job-definition"),
        ("jobDefinitionName", "batch:job-definition-revision"),
        ("jobDefinition", "batch:job-definition"),
        ("jobDefinition", "batch:job-definition-revision"),
        ("jobId", "batch:job"),
    ),
    "cloudwatch": (("AlarmName", "cloudwatch:alarm"), ("AlarmNames[]", "cloudwatch:alarm")),
    "datasync": (
        ("LocationArn", "datasync:location"),
        ("SourceLocationArn", "datasync:location"),
        ("DestinationLocationArn", "datasync:location"),
        ("TaskArn", "datasync:task"),
        ("TaskExecutionArn", "datasync:taskexecution"),
    ),
    "ecr": (("repositoryName", "ecr:repository"), ("repositoryNames[]", "ecr:repository")),
    "ecs": (("cluster", "ecs:container-instance"),),
    "events": (("Name", "events:rule-on-default-event-bus"), ("Rule", "events:rule-on-default-event-bus")),
    "lambda": (
        ("FunctionName", "lambda:function"),
        ("UUID", "lambda:eventSourceMapping"),
        ("LayerName", "lambda:layer"),
        ("LayerName", "lambda:layerVersion"),
    ),
    "rds": (
        ("DBInstanceIdentifier", "rds:db"),
        ("DBSubnetGroupName", "rds:subgrp"),
        ("FinalDBSnapshotIdentifier", "rds:snapshot"),
    ),
    "redshift": (
        ("ClusterIdentifier", "redshift:cluster"),
        ("ClusterSubnetGroupName", "redshift:subnetgroup"),
    ),
    "redshift-data": (("ClusterIdentifier", "redshift-data:cluster"),),
    "s3": (("Bucket", "s3:bucket"),),
    "sns": (("Name", "sns:topic"), ("TopicArn", "sns:topic")),
    "sqs": (("QueueName", "sqs:queue"), ("QueueUrl", "sqs:queue")),
    "ssm": (("Name", "ssm:parameter"),),
}
"""Service → (parameter, type of the resource that it names), what is made first."""
ANY_ARN = ("resourceArn", "ResourceArn", "ResourceARN", "ResourceName", "Resource")
PASSED_TO = {
    "appstream": "appstream.amazonaws.com",
    "batch": "ecs-tasks.amazonaws.com",
    "datasync": "datasync.amazonaws.com",
    "events": "events.amazonaws.com",
    "iam": "ec2.amazonaws.com",
    "lambda": "lambda.amazonaws.com",
    "redshift": "redshift.amazonaws.com",
    "redshift-serverless": "redshift-serverless.amazonaws.com",
    "scheduler": "scheduler.amazonaws.com",
    "stepfunctions": "states.amazonaws.com",
}
LINKED = {
    ("autoscaling", "CreateAutoScalingGroup"): "autoscaling",
    ("batch", "CreateComputeEnvironment"): "batch",
    ("efs", "CreateMountTarget"): "elasticfilesystem",
    ("efs", "PutBackupPolicy"): "backup",
    ("rds", "CreateDBInstance"): "rds",
    ("redshift", "CreateCluster"): "redshift",
    ("redshift-serverless", "CreateNamespace"): "redshift",
}
_INTERFACE = ("ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets")
_SUBNETS = ("ec2:DescribeSubnets", "ec2:DescribeVpcs")
_OF_A_WORKGROUP = (
    "ec2:DescribeAccountAttributes",
    "ec2:DescribeAddresses",
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeInternetGateways",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcAttribute",
)
_LAUNCH = ("ec2:RunInstances",)  # "Launch template support", Auto Scaling User Guide
BESIDES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("autoscaling", "CreateAutoScalingGroup"): _LAUNCH,
    ("autoscaling", "UpdateAutoScalingGroup"): _LAUNCH,
    ("redshift", "CreateClusterSubnetGroup"): _SUBNETS,
    ("redshift", "ModifyClusterSubnetGroup"): _SUBNETS,
    ("redshift-serverless", "CreateWorkgroup"): _OF_A_WORKGROUP,
    ("redshift-serverless", "UpdateWorkgroup"): _OF_A_WORKGROUP,
    ("efs", "CreateMountTarget"): _INTERFACE,
    ("efs", "DeleteMountTarget"): ("ec2:DeleteNetworkInterface",),
    ("efs", "ModifyMountTargetSecurityGroups"): ("ec2:ModifyNetworkInterfaceAttribute",),
    ("datasync", "CreateLocationEfs"): (
        *_INTERFACE,
        "ec2:DescribeSecurityGroups",
        "elasticfilesystem:DescribeFileSystems",
        "elasticfilesystem:DescribeMountTargets",
    ),
    ("datasync", "CreateTask"): ("ec2:CreateNetworkInterface", "ec2:CreateNetworkInterfacePermission"),
    ("datasync", "DeleteTask"): ("ec2:DeleteNetworkInterface",),
}
"""What a service does in the network in the caller's name (API references, and CloudFormation's handlers)."""
WAREHOUSE_PASSWORD = (
    "secretsmanager:CreateSecret",
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetRandomPassword",
    "secretsmanager:RotateSecret",
    "secretsmanager:TagResource",
    "secretsmanager:UpdateSecret",
)
FORGOTTEN_PASSWORD = ("secretsmanager:DeleteSecret", "secretsmanager:DescribeSecret")
"""What Redshift does with its secrets ("Managing Amazon Redshift admin passwords using AWS Secrets Manager")."""
MANAGED_PASSWORD = ("kms:DescribeKey", "secretsmanager:CreateSecret", "secretsmanager:TagResource")
