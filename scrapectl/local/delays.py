"""How long things take in AWS, in seconds on the cloud's clock; off, everything settles at once."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Delays:
    """Seconds for each thing that takes time; AWS's usual figures, by the sections of AWS-FACTS."""

    compute_environment: float = 15.0
    job_queue: float = 8.0
    batch_delete: float = 30.0
    fresh_role: float = 8.0
    schedule_group_delete: float = 10.0
    bucket_name: float = 30.0
    queue_name: float = 60.0
    secret_name: float = 20.0
    tag_index: float = 10.0
    function_create: float = 5.0
    function_update: float = 3.0
    function_in_network: float = 45.0
    function_interface: float = 1200.0
    event_source: float = 5.0
    nat_gateway_create: float = 90.0
    nat_gateway_delete: float = 60.0
    vpc_endpoint_create: float = 45.0
    vpc_endpoint_delete: float = 30.0
    database_create: float = 420.0
    database_notice: float = 5.0
    database_modify: float = 180.0
    database_storage: float = 21_600.0
    database_start: float = 120.0
    database_stop: float = 120.0
    database_delete: float = 150.0
    database_snapshot: float = 60.0
    cluster_create: float = 420.0
    cluster_modify: float = 120.0
    cluster_resize: float = 600.0
    cluster_delete: float = 180.0
    warehouse_create: float = 180.0
    warehouse_modify: float = 60.0
    warehouse_delete: float = 120.0
    warehouse_roles: float = 15.0
    file_system: float = 8.0
    mount_target: float = 90.0
    mount_target_delete: float = 45.0
    access_point: float = 4.0
    trail_event: float = 60.0
    fleet_start: float = 900.0
    fleet_stop: float = 120.0
    transfer_task: float = 20.0
    transfer_interface: float = 30.0
    transfer_launch: float = 60.0
    transfer_prepare: float = 15.0
    transfer_copy: float = 10.0
    transfer_verify: float = 10.0
    state_machine_delete: float = 15.0


NO_DELAYS = Delays(**dict.fromkeys((field.name for field in fields(Delays)), 0.0))
