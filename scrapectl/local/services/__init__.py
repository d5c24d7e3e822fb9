"""Our operations, one file for each AWS service that moto lacks or is laxer in than AWS; importing registers them."""

from scrapectl.local.services import (
    batch,
    cloudwatch_control,
    ec2,
    ecr,
    events_control,
    iam,
    lambda_control,
    lambda_mappings_control,
    logs,
    s3,
    scheduler,
    secretsmanager,
    sns_control,
    sqs,
    ssm,
    tagging,
)

__all__ = [
    "batch",
    "cloudwatch_control",
    "ec2",
    "ecr",
    "events_control",
    "iam",
    "lambda_control",
    "lambda_mappings_control",
    "logs",
    "s3",
    "scheduler",
    "secretsmanager",
    "sns_control",
    "sqs",
    "ssm",
    "tagging",
]
