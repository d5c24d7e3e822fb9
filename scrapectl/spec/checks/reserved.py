"""Tells which names a database engine keeps for itself, so that RDS takes them for no database and no user."""

from __future__ import annotations

# "SQL Key Words", PostgreSQL documentation: those reserved in PostgreSQL itself; and RDS's own users and databases.
_POSTGRES = frozenset(
    """
    all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast
    char character check coalesce collate collation column concurrently constraint create cross current_catalog
    current_date current_role current_schema current_time current_timestamp current_user default deferrable desc
    distinct do else end except false fetch for foreign freeze from full grant group having ilike in initially inner
    intersect into is isnull join lateral leading left like limit localtime localtimestamp natural not notnull null
    offset on only or order outer overlaps placing primary references returning right select session_user similar some
    symmetric system_user table tablesample then to trailing true union unique user using variadic verbose when where
    window with admin rdsadmin rdsrepladmin rdstopmgr template0 template1 db public none
    """.split()  # noqa: SIM905 - a list of words reads as words
)
# "Keywords and Reserved Words", MySQL 8.4 Reference Manual; and RDS's own users and MySQL's own databases.
_MYSQL = frozenset(
    """
    accessible add all alter analyze and as asc asensitive before between bigint binary blob both by call cascade case
    change char character check collate column condition constraint continue convert create cross cube cume_dist
    current_date current_time current_timestamp current_user cursor database databases day_hour day_microsecond
    day_minute day_second dec decimal declare default delayed delete dense_rank desc describe deterministic distinct
    distinctrow div double drop dual each else elseif empty enclosed escaped except exists exit explain false fetch
    first_value float float4 float8 for force foreign from fulltext function generated get grant group grouping groups
    having high_priority hour_microsecond hour_minute hour_second if ignore in index infile inner inout insensitive
    insert int int1 int2 int3 int4 int8 integer intersect interval into io_after_gtids io_before_gtids is iterate join
    json_table key keys kill lag last_value lateral lead leading leave left like limit linear lines load localtime
    localtimestamp lock long longblob longtext loop low_priority manual master_bind match maxvalue mediumblob mediumint
    mediumtext middleint minute_microsecond minute_second mod modifies natural not no_write_to_binlog nth_value ntile
    null numeric of on optimize optimizer_costs option optionally or order out outer outfile over parallel partition
    percent_rank precision primary procedure purge qualify range rank read reads read_write real recursive references
    regexp release rename repeat replace require resignal restrict return revoke right rlike row rows row_number schema
    schemas second_microsecond select sensitive separator set show signal smallint spatial specific sql sqlexception
    sqlstate sqlwarning sql_big_result sql_calc_found_rows sql_small_result ssl starting stored straight_join system
    table tablesample terminated then tinyblob tinyint tinytext to trailing trigger true undo union unique unlock
    unsigned update usage use using utc_date utc_time utc_timestamp values varbinary varchar varcharacter varying
    virtual when where while window with write xor year_month zerofill rdsadmin rdsrepladmin mysql information_schema
    performance_schema sys innodb
    """.split()  # noqa: SIM905 - a list of words reads as words
)
# "Reserved words", Amazon Redshift Database Developer Guide; and its own users and databases.
_REDSHIFT = frozenset(
    """
    aes128 aes256 all allowoverwrite analyse analyze and any array as asc authorization az64 backup between binary
    blanksasnull both bytedict bzip2 case cast check collate column connect constraint create credentials cross
    current_date current_time current_timestamp current_user current_user_id default deferrable deflate defrag delta
    delta32k desc disable distinct do else emptyasnull enable encode encrypt encryption end except explicit false for
    foreign freeze from full globaldict256 globaldict64k grant group gzip having identity ignore ilike in initially
    inner intersect interval into is isnull join leading left like limit localtime localtimestamp lun luns lzo lzop
    minus mostly16 mostly32 mostly8 natural new not notnull null nulls off offline offset oid old on only open or order
    outer overlaps parallel partition percent permissions pivot placing primary raw readratio recover references
    rejectlog resort respect restore right select session_user similar snapshot some sysdate system table tag tdes
    text255 text32k then timestamp to top trailing true truncatecolumns type union unique unnest unpivot user using
    verbose wallet when where with without public rdsdb template0 template1 padb_harvest awsdatacatalog sys
    """.split()  # noqa: SIM905 - a list of words reads as words
)
_WORDS = {"postgres": _POSTGRES, "mysql": _MYSQL, "redshift": _REDSHIFT}
_BEGINNINGS = {"postgres": ("pg_", "rds_"), "mysql": (), "redshift": ("pg_",)}


def is_reserved(engine: str, name: str) -> bool:
    """Say whether an engine ("postgres", "mysql", "redshift") keeps a name for itself, in whatever case."""
    return name.lower() in _WORDS[engine] or name.lower().startswith(_BEGINNINGS[engine] or "\0")
