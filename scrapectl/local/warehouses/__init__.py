"""Redshift's SQL on DuckDB: statements are translated, tables carry Redshift's types, COPY reads the emulated S3."""
