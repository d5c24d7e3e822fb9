"""The one table of resource kinds, in the order of creation; deletes go backward as a tie-break."""

from __future__ import annotations

from scrapectl.engine.resource import Resource
from scrapectl.kinds.appstream_fleet import AppstreamFleet
from scrapectl.kinds.appstream_stack import AppstreamStack
from scrapectl.kinds.autoscaling_group import AutoscalingGroup
from scrapectl.kinds.batch_compute_environment import BatchComputeEnvironment
from scrapectl.kinds.batch_job_definition import BatchJobDefinition
from scrapectl.kinds.batch_job_queue import BatchJobQueue
from scrapectl.kinds.batch_scheduling_policy import BatchSchedulingPolicy
from scrapectl.kinds.cloudtrail_trail import CloudtrailTrail
from scrapectl.kinds.cloudwatch_alarm import CloudwatchAlarm
from scrapectl.kinds.datasync_location_efs import DatasyncLocationEfs
from scrapectl.kinds.datasync_location_s3 import DatasyncLocationS3
from scrapectl.kinds.datasync_task import DatasyncTask
from scrapectl.kinds.ec2_elastic_ip import Ec2ElasticIp
from scrapectl.kinds.ec2_internet_gateway import Ec2InternetGateway
from scrapectl.kinds.ec2_launch_template import Ec2LaunchTemplate
from scrapectl.kinds.ec2_nat_gateway import Ec2NatGateway
from scrapectl.kinds.ec2_route_table import Ec2RouteTable
from scrapectl.kinds.ec2_subnet import Ec2Subnet
from scrapectl.kinds.ec2_vpc import Ec2Vpc
from scrapectl.kinds.ec2_vpc_endpoint import Ec2VpcEndpoint
from scrapectl.kinds.ec2_vpc_peering import Ec2VpcPeering
from scrapectl.kinds.ecr_image import EcrImage
from scrapectl.kinds.ecr_repository import EcrRepository
from scrapectl.kinds.efs_access_point import EfsAccessPoint
from scrapectl.kinds.efs_file_system import EfsFileSystem
from scrapectl.kinds.events_rule import EventsRule
from scrapectl.kinds.iam_instance_profile import IamInstanceProfile
from scrapectl.kinds.iam_role import IamRole
from scrapectl.kinds.lambda_event_source import LambdaEventSource
from scrapectl.kinds.lambda_function import LambdaFunction
from scrapectl.kinds.lambda_layer import LambdaLayer
from scrapectl.kinds.log_group import LogGroup
from scrapectl.kinds.rds_instance import RdsInstance
from scrapectl.kinds.rds_subnet_group import RdsSubnetGroup
from scrapectl.kinds.redshift_cluster import RedshiftCluster
from scrapectl.kinds.redshift_namespace import RedshiftNamespace
from scrapectl.kinds.redshift_subnet_group import RedshiftSubnetGroup
from scrapectl.kinds.redshift_workgroup import RedshiftWorkgroup
from scrapectl.kinds.s3_bucket import S3Bucket
from scrapectl.kinds.s3_bucket_events import S3BucketEvents
from scrapectl.kinds.s3_bucket_notification import S3BucketNotification
from scrapectl.kinds.schedule import Schedule
from scrapectl.kinds.schedule_group import ScheduleGroup
from scrapectl.kinds.secret import SecretValue
from scrapectl.kinds.security_group import SecurityGroup
from scrapectl.kinds.sfn_state_machine import SfnStateMachine
from scrapectl.kinds.sns_topic import SnsTopic
from scrapectl.kinds.sqs_queue import SqsQueue

KINDS: dict[str, type[Resource]] = {
    kind.kind: kind
    for kind in (
        IamRole,
        IamInstanceProfile,
        Ec2Vpc,
        Ec2InternetGateway,
        Ec2Subnet,
        Ec2ElasticIp,
        Ec2NatGateway,
        Ec2VpcPeering,
        Ec2RouteTable,
        LogGroup,
        S3Bucket,
        SqsQueue,
        SnsTopic,
        SecretValue,
        EcrRepository,
        EcrImage,
        SecurityGroup,
        Ec2VpcEndpoint,
        EfsFileSystem,
        EfsAccessPoint,
        RdsSubnetGroup,
        RdsInstance,
        RedshiftSubnetGroup,
        RedshiftCluster,
        RedshiftNamespace,
        RedshiftWorkgroup,
        Ec2LaunchTemplate,
        AutoscalingGroup,
        BatchSchedulingPolicy,
        BatchComputeEnvironment,
        BatchJobQueue,
        BatchJobDefinition,
        LambdaLayer,
        LambdaFunction,
        LambdaEventSource,
        DatasyncLocationS3,
        DatasyncLocationEfs,
        DatasyncTask,
        SfnStateMachine,
        S3BucketEvents,
        S3BucketNotification,
        CloudtrailTrail,
        EventsRule,
        CloudwatchAlarm,
        AppstreamFleet,
        AppstreamStack,
        ScheduleGroup,
        Schedule,
    )
}
