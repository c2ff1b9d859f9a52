"""The embedded bus's tables and statements: PostgreSQL 15 or later, no extensions.

A member stands for itself in pg_locks: it holds the two-key advisory locks (group id, member id)
of its groups for as long as its session lives. Nothing else in this database uses two-key locks.
"""

SCHEMA_VERSION = 1

SCHEMA = """
CREATE TABLE bus_partitions (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    partition smallint NOT NULL,
    next_offset bigint NOT NULL DEFAULT 0,
    UNIQUE (topic, partition)
) WITH (fillfactor = 50);
CREATE TABLE bus_messages (
    partition_id integer NOT NULL,  -- no foreign key: its check would double the cost of a row
    "offset" bigint NOT NULL,
    key text NOT NULL,
    value bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (partition_id, "offset")
);
CREATE TABLE bus_groups (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    topic text NOT NULL,
    UNIQUE (name, topic)
);
CREATE TABLE bus_cursors (
    group_id integer NOT NULL REFERENCES bus_groups ON DELETE CASCADE,
    partition_id integer NOT NULL,
    committed bigint NOT NULL,  -- the offset a new owner begins at
    member integer,             -- the owner, while it is alive
    PRIMARY KEY (group_id, partition_id)
) WITH (fillfactor = 50);
CREATE SEQUENCE bus_members AS integer CYCLE;
"""

# `locked` takes the rows in the order of their ids, so that publishers cannot deadlock; the update
# joins it and therefore touches no row before it is locked.
APPEND = """
WITH batch AS (
    SELECT * FROM unnest($1::text[], $2::smallint[], $3::text[], $4::bytea[])
        WITH ORDINALITY AS b (topic, partition, key, value, place)
), locked AS (
    SELECT p.id, c.n
    FROM (SELECT topic, partition, count(*) AS n FROM batch GROUP BY 1, 2) AS c
    JOIN bus_partitions AS p USING (topic, partition)
    ORDER BY p.id FOR UPDATE OF p
), moved AS (
    UPDATE bus_partitions AS p SET next_offset = p.next_offset + l.n
    FROM locked AS l WHERE p.id = l.id
    RETURNING p.id, p.topic, p.partition, p.next_offset, p.next_offset - l.n AS base
), put AS (
    INSERT INTO bus_messages (partition_id, "offset", key, value)
    SELECT m.id, m.base + row_number() OVER (PARTITION BY m.id ORDER BY b.place) - 1, b.key, b.value
    FROM batch AS b JOIN moved AS m USING (topic, partition)
)
SELECT id, next_offset FROM moved
"""

# A one-key lock: makers of tables and of topics take turns.
LOCK_SCHEMA = "SELECT pg_advisory_xact_lock(1)"

TOPIC_SIZE = "SELECT count(*) FROM bus_partitions WHERE topic = $1"

HEADS = "SELECT id, next_offset FROM bus_partitions"

NEW_TOPIC = """
INSERT INTO bus_partitions (topic, partition)
SELECT $1::text, generate_series(0, $2::int - 1)
WHERE NOT EXISTS (SELECT FROM bus_partitions WHERE topic = $1)
"""

NEW_GROUPS = """
INSERT INTO bus_groups (name, topic) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING
"""

NEW_CURSORS = """
INSERT INTO bus_cursors (group_id, partition_id, committed)
SELECT g.id, p.id, coalesce(
    (SELECT min(m."offset") FROM bus_messages AS m WHERE m.partition_id = p.id), p.next_offset)
FROM bus_groups AS g JOIN bus_partitions AS p USING (topic)
WHERE g.name = $1 AND g.topic = ANY ($2::text[])
ON CONFLICT DO NOTHING
"""

SLOTS = """
SELECT p.id, p.topic, p.partition, g.id AS group_id
FROM bus_groups AS g JOIN bus_partitions AS p USING (topic)
WHERE g.name = $1 AND g.topic = ANY ($2::text[])
"""

ALIVE = """
SELECT classid AS group_id, objid AS member FROM pg_locks
WHERE locktype = 'advisory' AND objsubid = 2 AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
ORDER BY objid
"""

LIVE = """
SELECT pg_advisory_lock(group_id, $2) FROM unnest($1::int[]) AS group_id
"""

LOCK_GROUPS = """
SELECT FROM bus_groups WHERE id = ANY ($1::int[]) ORDER BY id FOR UPDATE
"""

LET_GO = """
UPDATE bus_cursors SET member = NULL WHERE member = $1 AND partition_id = ANY ($2::int[])
"""

TAKE = """
UPDATE bus_cursors SET member = $1
WHERE group_id = ANY ($2::int[]) AND partition_id = ANY ($3::int[])
    AND (member IS NULL OR member = $1 OR member <> ALL ($4::int[]))
RETURNING partition_id, committed
"""

READ = """
SELECT m.partition_id, m."offset", m.key, m.value
FROM unnest($1::int[], $2::bigint[], $3::int[]) AS share (partition_id, position, most)
CROSS JOIN LATERAL (
    SELECT *, sum(octet_length(value)) OVER (ORDER BY "offset") - octet_length(value) AS before
    FROM bus_messages
    WHERE partition_id = share.partition_id AND "offset" >= share.position
    ORDER BY "offset" LIMIT share.most
) AS m
WHERE m.before < $4
ORDER BY m.partition_id, m."offset"
"""

COMMIT = """
UPDATE bus_cursors SET committed = $4 WHERE group_id = $1 AND partition_id = $2 AND member = $3
"""

LAG = """
SELECT coalesce(sum(p.next_offset - c.committed), 0)::bigint
FROM bus_cursors AS c JOIN bus_partitions AS p ON p.id = c.partition_id WHERE c.member = $1
"""

# What may go is the beginning of a partition, so only its first thousand messages are looked at.
SWEEP = """
DELETE FROM bus_messages AS m
USING bus_partitions AS p
CROSS JOIN LATERAL (
    SELECT coalesce(min(committed), p.next_offset) AS "offset"
    FROM bus_cursors WHERE partition_id = p.id
) AS done
CROSS JOIN LATERAL (
    SELECT "offset", created_at FROM bus_messages
    WHERE partition_id = p.id AND "offset" < done."offset" ORDER BY "offset" LIMIT 1000
) AS old
WHERE old.created_at <= now() - $1::interval
    AND m.partition_id = p.id AND m."offset" = old."offset"
"""
