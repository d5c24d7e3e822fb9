"""The case of each kind, and the variants: one table, whoever lives through them."""

from __future__ import annotations

from tests.contract.batch_cases import BATCH_CASES
from tests.contract.cases import CASES as OTHER_CASES
from tests.contract.ec2_cases import EC2_CASES, EC2_VARIANTS
from tests.contract.efs_datasync_cases import EFS_DATASYNC_CASES
from tests.contract.host_cases import HOST_CASES, HOST_VARIANTS
from tests.contract.lambda_cases import LAMBDA_CASES, LAMBDA_VARIANTS
from tests.contract.messaging_cases import MESSAGING_CASES
from tests.contract.rds_ec2_cases import RDS_EC2_CASES, RDS_EC2_VARIANTS
from tests.contract.redshift_cases import REDSHIFT_CASES
from tests.contract.sfn_cases import SFN_CASES
from tests.contract.trigger_cases import TRIGGER_CASES

CASES = OTHER_CASES | BATCH_CASES | MESSAGING_CASES | RDS_EC2_CASES | EC2_CASES | EFS_DATASYNC_CASES | LAMBDA_CASES
CASES |= TRIGGER_CASES | SFN_CASES | REDSHIFT_CASES | HOST_CASES
VARIANTS = RDS_EC2_VARIANTS | EC2_VARIANTS | LAMBDA_VARIANTS | HOST_VARIANTS
"""Kind, and in what other shape it is put to the test: AWS takes some fields in that one alone."""
