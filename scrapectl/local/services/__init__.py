"""Our operations, one file for each AWS service that moto lacks or is laxer in than AWS; importing registers them."""

from scrapectl.local.services import batch, ec2, ecr, iam, logs, s3, scheduler, secretsmanager, sqs, ssm, tagging

__all__ = ["batch", "ec2", "ecr", "iam", "logs", "s3", "scheduler", "secretsmanager", "sqs", "ssm", "tagging"]
