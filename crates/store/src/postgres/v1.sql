-- Run once in a transaction, with the schema first in the search path.

CREATE TABLE format (version integer NOT NULL);
INSERT INTO format VALUES (0);

-- An update leaves the index entries alone (it is "heap-only") as long as the timer stays and there is room on the page:
-- hence the room left on each, and no index on what changes with every write. Texts are bytes: exact, in the order of
-- bytes whatever the database's locale, and free to hold a NUL. Large values move out of the row, uncompressed: time
-- is dearer than room. Entities are never deleted.
CREATE TABLE entity (
    id       bigint NOT NULL,
    version  bigint NOT NULL,
    owner    bigint NOT NULL, -- the instance that wrote it last: it minds the timer
    next_due bigint,
    journal  bigint, -- where its last journal entry is
    key      bytea NOT NULL,
    meta     bytea NOT NULL,
    state    bytea NOT NULL
) WITH (fillfactor = 60, toast_tuple_target = 8160,
        autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE entity
    ALTER key SET STORAGE PLAIN,
    ALTER meta SET STORAGE EXTERNAL,
    ALTER state SET STORAGE EXTERNAL;
CREATE UNIQUE INDEX entity_key ON entity (key);
CREATE UNIQUE INDEX entity_id ON entity (id);
CREATE INDEX entity_due ON entity (owner, next_due) WHERE next_due IS NOT NULL;
CREATE SEQUENCE entity_ids;

CREATE TABLE link (
    name   text COLLATE "C" NOT NULL,
    value  bytea NOT NULL,
    entity bigint NOT NULL,
    PRIMARY KEY (name, value, entity)
);

-- The journal entries of one commit, of all its entities, in pieces of about a page. Each entry says where the one before
-- it is, so there is no index on them: a walk from the entity's last entry finds all. A place is a number: that of the
-- commit, of the piece in it, of the byte in that. An entry is the place before it (8 bytes; 0 if it is the first;
-- negative if it is in the same commit), its length (4 bytes), and itself.
CREATE TABLE journal (
    id   bigint NOT NULL,
    part integer NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (id, part)
) WITH (toast_tuple_target = 8160, autovacuum_vacuum_insert_scale_factor = 1);
ALTER TABLE journal ALTER data SET STORAGE EXTERNAL;
CREATE SEQUENCE journal_ids;

-- Blobs in pieces of about a page, which is cheaper than having them moved out of the row. They live for milliseconds.
CREATE TABLE outbox (
    id    bigint NOT NULL,
    part  integer NOT NULL,
    owner bigint NOT NULL,
    blob  bytea NOT NULL,
    PRIMARY KEY (id, part)
) WITH (toast_tuple_target = 8160,
        autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE outbox ALTER blob SET STORAGE EXTERNAL;
CREATE SEQUENCE outbox_ids;

-- One commit: everything, or an error and nothing. DU001 says that an entity is at another version; its detail says which:
-- `relied ID` (not written, but read) or `update ID`. One to be inserted that exists violates the key's index. Updated
-- entities come sorted by id, inserted ones by key, so that two commits lock in one order. `i_place` says in which order the inserted ones are created.
-- Arrays are unnested in the list of a SELECT, which costs a seventh of what it does in a FROM.
-- Returns the id of the journal entries, then those of the outbox rows, then those of the entities created.
CREATE FUNCTION apply(
    me bigint,
    r_id bigint[], r_version bigint[],
    u_id bigint[], u_version bigint[], u_due bigint[], u_journal bigint[], u_meta bytea[], u_state bytea[],
    i_key bytea[], i_place integer[], i_due bigint[], i_journal bigint[], i_meta bytea[], i_state bytea[],
    l_entity bigint[], l_name text[], l_value bytea[],
    journal_data bytea[],
    o_row integer[], o_part integer[], o_blob bytea[], forget bigint[]
) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    updates CONSTANT integer := cardinality(u_id);
    inserts CONSTANT integer := cardinality(i_key);
    done integer;
    written bigint := 0;
    added bigint[] := '{}';
    created bigint[] := '{}';
BEGIN
    IF cardinality(r_id) > 0 THEN
        SELECT r.id INTO written FROM (SELECT unnest(r_id) AS id, unnest(r_version) AS version) AS r
        WHERE NOT EXISTS (SELECT FROM entity AS e WHERE e.id = r.id AND e.version = r.version) LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION USING ERRCODE = 'DU001', MESSAGE = 'an entity is at another version',
                DETAIL = 'relied ' || written;
        END IF;
        written := 0;
    END IF;
    IF cardinality(journal_data) > 0 THEN
        written := nextval('journal_ids');
        INSERT INTO journal (id, part, data)
        SELECT written, generate_subscripts(journal_data, 1) - 1, unnest(journal_data);
    END IF;
    IF updates > 0 THEN
        -- A negative place is one in this commit's journal.
        UPDATE entity AS e
        SET version = u.version + 1, owner = me, next_due = u.due, meta = u.meta, state = u.state,
            journal = CASE WHEN u.journal < 0 THEN (written << 28) - u.journal - 1 ELSE nullif(u.journal, 0) END
        FROM (
            SELECT unnest(u_id) AS id, unnest(u_version) AS version, unnest(u_due) AS due,
                unnest(u_journal) AS journal, unnest(u_meta) AS meta, unnest(u_state) AS state
        ) AS u
        WHERE e.id = u.id AND e.version = u.version;
        GET DIAGNOSTICS done = ROW_COUNT;
        IF done <> updates THEN
            RAISE EXCEPTION USING ERRCODE = 'DU001', MESSAGE = 'an entity is at another version',
                DETAIL = 'update ' || coalesce((
                    SELECT u.id FROM (SELECT unnest(u_id) AS id, unnest(u_version) AS version) AS u
                    WHERE NOT EXISTS (
                        SELECT FROM entity AS e
                        WHERE e.id = u.id AND e.version = u.version + 1 AND e.xmin = pg_current_xact_id()::xid
                    ) LIMIT 1
                ), 0);
        END IF;
    END IF;
    IF inserts > 0 THEN
        created := ARRAY(SELECT nextval('entity_ids') FROM generate_series(1, inserts));
        INSERT INTO entity (id, version, owner, next_due, journal, key, meta, state)
        SELECT created[i.place], 1, me, i.due,
            CASE WHEN i.journal < 0 THEN (written << 28) - i.journal - 1 END, i.key, i.meta, i.state
        FROM (
            SELECT unnest(i_key) AS key, unnest(i_place) AS place, unnest(i_due) AS due,
                unnest(i_journal) AS journal, unnest(i_meta) AS meta, unnest(i_state) AS state
        ) AS i;
    END IF;
    IF cardinality(l_entity) > 0 THEN
        -- A negative number is the place of an entity created here.
        INSERT INTO link (name, value, entity)
        SELECT l.name, l.value, CASE WHEN l.entity < 0 THEN created[-l.entity] ELSE l.entity END
        FROM (SELECT unnest(l_entity) AS entity, unnest(l_name) AS name, unnest(l_value) AS value) AS l
        ON CONFLICT DO NOTHING;
    END IF;
    IF cardinality(forget) > 0 THEN
        DELETE FROM outbox WHERE id = ANY (forget);
    END IF;
    IF cardinality(o_row) > 0 THEN
        added := ARRAY(SELECT nextval('outbox_ids') FROM generate_series(1, o_row[cardinality(o_row)]));
        INSERT INTO outbox (id, part, owner, blob)
        SELECT added[o.row], o.part, me, o.blob
        FROM (SELECT unnest(o_row) AS row, unnest(o_part) AS part, unnest(o_blob) AS blob) AS o;
    END IF;
    RETURN written || added || created;
END
$$;

-- An entity's journal entries from that index on, oldest first.
CREATE FUNCTION journal_of(wanted bytea, most bigint, from_index bigint) RETURNS TABLE (data bytea) LANGUAGE sql STABLE AS $$
    WITH RECURSIVE entry (place, n) AS (
        SELECT journal, 0 FROM entity WHERE key = wanted AND journal IS NOT NULL
        UNION ALL
        SELECT CASE WHEN before < 0 THEN ((place >> 28) << 28) - before - 1 ELSE before END, n + 1
        FROM entry, LATERAL (
            SELECT ('x' || encode(substring(j.data FROM (place & 8191)::integer + 1 FOR 8), 'hex'))::bit(64)::bigint AS before
            FROM journal AS j WHERE j.id = place >> 28 AND j.part = ((place >> 13) & 32767)::integer
        ) AS step
        WHERE before <> 0
    )
    SELECT substring(j.data FROM (place & 8191)::integer + 13 FOR
        ('x' || encode(substring(j.data FROM (place & 8191)::integer + 9 FOR 4), 'hex'))::bit(32)::integer)
    FROM (SELECT place, n FROM entry ORDER BY n DESC LIMIT most OFFSET from_index) AS page
    JOIN journal AS j ON j.id = place >> 28 AND j.part = ((place >> 13) & 32767)::integer
    ORDER BY n DESC
$$;

-- Whether an instance lives: it holds a lock on its id for as long as its connection lasts. The lock of one that is gone
-- is ours until the end of the transaction.
CREATE FUNCTION is_gone(me bigint, instance bigint) RETURNS boolean LANGUAGE sql AS $$
    SELECT instance <> me AND pg_try_advisory_xact_lock(instance)
$$;

-- Takes over the outbox rows of instances that are gone, and gives them piece by piece. Which rows is decided once, before
-- any is changed: a subquery in the WHERE may be run again for every piece, and would pass over what the statement has
-- changed already, so that only a row's first piece came.
CREATE FUNCTION adopt(me bigint, most bigint) RETURNS TABLE (id bigint, part integer, blob bytea) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    gone bigint[];
BEGIN
    gone := ARRAY(
        SELECT o.owner FROM (SELECT DISTINCT owner FROM outbox WHERE owner <> me) AS o WHERE is_gone(me, o.owner)
    );
    IF cardinality(gone) > 0 THEN
        RETURN QUERY
            WITH chosen AS MATERIALIZED (
                SELECT id FROM outbox WHERE owner = ANY (gone) AND part = 0 ORDER BY id LIMIT most FOR UPDATE
            )
            UPDATE outbox AS o SET owner = me FROM chosen WHERE o.id = chosen.id
            RETURNING o.id, o.part, o.blob;
    END IF;
END
$$;

-- Each instance's earliest timer: one step in the index for each instance that has one, instead of one for each timer.
CREATE VIEW timers AS
    WITH RECURSIVE owners AS (
        (SELECT owner, next_due FROM entity WHERE next_due IS NOT NULL ORDER BY owner, next_due LIMIT 1)
        UNION ALL
        SELECT step.owner, step.next_due FROM owners AS o, LATERAL (
            SELECT owner, next_due FROM entity
            WHERE owner > o.owner AND next_due IS NOT NULL ORDER BY owner, next_due LIMIT 1
        ) AS step
    )
    SELECT owner, next_due FROM owners;

-- The keys of entities whose timer is due: this instance's own, then those of instances that are gone or late, which become
-- this one's.
CREATE FUNCTION due(me bigint, now bigint, most bigint, grace bigint)
RETURNS TABLE (key bytea, next_due bigint, id bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    left_over bigint;
    taken bigint;
    other record;
    until bigint;
BEGIN
    RETURN QUERY SELECT key, next_due, id FROM entity
        WHERE owner = me AND next_due <= now ORDER BY next_due, id LIMIT most;
    GET DIAGNOSTICS left_over = ROW_COUNT;
    left_over := most - left_over;
    FOR other IN
        SELECT owner, next_due FROM timers WHERE owner <> me AND next_due <= now
    LOOP
        EXIT WHEN left_over <= 0;
        until := CASE WHEN is_gone(me, other.owner) THEN now ELSE now - grace END;
        CONTINUE WHEN other.next_due > until;
        -- Chosen before any is changed, as in `adopt`.
        RETURN QUERY
            WITH chosen AS MATERIALIZED (
                SELECT id FROM entity
                WHERE owner = other.owner AND next_due <= until ORDER BY next_due LIMIT left_over FOR UPDATE SKIP LOCKED
            )
            UPDATE entity AS e SET owner = me FROM chosen WHERE e.id = chosen.id
            RETURNING e.key, e.next_due, e.id;
        GET DIAGNOSTICS taken = ROW_COUNT;
        left_over := left_over - taken;
    END LOOP;
END
$$;

-- When there may be something due next: this instance's earliest timer, that of one that is gone, or that of another
-- living one once it is late.
CREATE FUNCTION next_due(me bigint, grace bigint) RETURNS bigint LANGUAGE sql AS $$
    SELECT min(CASE
        WHEN owner = me OR is_gone(me, owner) OR next_due > 9223372036854775807 - grace THEN next_due
        ELSE next_due + grace
    END) FROM timers
$$;
