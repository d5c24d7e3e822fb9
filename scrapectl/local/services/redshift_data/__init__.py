"""The Redshift Data API: statements run in DuckDB, in the warehouse's own thread; moto answers canned rows."""

from scrapectl.local.services.redshift_data import catalog, execute, permissions, results

__all__ = ["catalog", "execute", "permissions", "results"]
