"""Redshift Serverless: namespaces, workgroups, snapshots and tags; moto has none of it."""

from scrapectl.local.services.redshift_serverless import namespaces, snapshots, tags, workgroups

__all__ = ["namespaces", "snapshots", "tags", "workgroups"]
