-- From here on entities may be forgotten, and links removed. Run once in a transaction, with the schema first in the search path.

-- A piece of the journal holds entries of whatever entities a commit wrote. Here stands how many of them are of entities that were
-- forgotten, and the piece goes when all are.
CREATE TABLE forgotten (
    id      bigint NOT NULL,
    part    integer NOT NULL,
    entries integer NOT NULL,
    PRIMARY KEY (id, part)
);

-- How many entries a piece of the journal holds.
CREATE FUNCTION entries_in(data bytea) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    place integer := 0;
    entries integer := 0;
BEGIN
    WHILE place < octet_length(data) LOOP
        place := place + 12 + ('x' || encode(substring(data FROM place + 9 FOR 4), 'hex'))::bit(32)::integer;
        entries := entries + 1;
    END LOOP;
    RETURN entries;
END
$$;

-- Removes links, and forgets entities with their journals; or an error and nothing, as `apply`: DU001 with the detail `forget ID`.
-- `f_id` comes sorted.
CREATE FUNCTION forget(
    f_id bigint[], f_version bigint[], x_entity bigint[], x_name text[], x_value bytea[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    wrong bigint;
    p_id bigint[];
    p_part integer[];
BEGIN
    IF cardinality(x_entity) > 0 THEN
        DELETE FROM link AS l USING (
            SELECT unnest(x_entity) AS entity, unnest(x_name) AS name, unnest(x_value) AS value
        ) AS x
        WHERE l.name = x.name AND l.value = x.value AND l.entity = x.entity;
    END IF;
    IF cardinality(f_id) = 0 THEN
        RETURN;
    END IF;
    PERFORM FROM entity AS e WHERE e.id = ANY (f_id) ORDER BY e.id FOR UPDATE;
    SELECT f.id INTO wrong FROM (SELECT unnest(f_id) AS id, unnest(f_version) AS version) AS f
    WHERE NOT EXISTS (SELECT FROM entity AS e WHERE e.id = f.id AND e.version = f.version) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'DU001', MESSAGE = 'an entity is at another version',
            DETAIL = 'forget ' || wrong;
    END IF;
    -- The walk is that of `journal_of`.
    WITH RECURSIVE entry (place) AS (
        SELECT e.journal FROM entity AS e WHERE e.id = ANY (f_id) AND e.journal IS NOT NULL
        UNION ALL
        SELECT CASE WHEN before < 0 THEN ((place >> 28) << 28) - before - 1 ELSE before END
        FROM entry, LATERAL (
            SELECT ('x' || encode(substring(j.data FROM (place & 8191)::integer + 1 FOR 8), 'hex'))::bit(64)::bigint AS before
            FROM journal AS j WHERE j.id = place >> 28 AND j.part = ((place >> 13) & 32767)::integer
        ) AS step
        WHERE before <> 0
    ), counted AS (
        INSERT INTO forgotten AS f (id, part, entries)
        SELECT place >> 28, ((place >> 13) & 32767)::integer, count(*)::integer FROM entry GROUP BY 1, 2 ORDER BY 1, 2
        ON CONFLICT (id, part) DO UPDATE SET entries = f.entries + excluded.entries
        RETURNING f.id, f.part
    )
    SELECT array_agg(c.id), array_agg(c.part) INTO p_id, p_part FROM counted AS c;
    DELETE FROM entity AS e WHERE e.id = ANY (f_id);
    IF p_id IS NOT NULL THEN
        WITH whole AS (
            DELETE FROM forgotten AS f USING (SELECT unnest(p_id) AS id, unnest(p_part) AS part) AS p, journal AS j
            WHERE f.id = p.id AND f.part = p.part AND j.id = p.id AND j.part = p.part
                AND f.entries >= entries_in(j.data)
            RETURNING f.id, f.part
        )
        DELETE FROM journal AS j USING whole AS w WHERE j.id = w.id AND j.part = w.part;
    END IF;
END
$$;

-- The same and then `apply`, as one.
CREATE FUNCTION forget_and_apply(
    me bigint,
    r_id bigint[], r_version bigint[],
    u_id bigint[], u_version bigint[], u_due bigint[], u_journal bigint[], u_meta bytea[], u_state bytea[],
    i_key bytea[], i_place integer[], i_due bigint[], i_journal bigint[], i_meta bytea[], i_state bytea[],
    l_entity bigint[], l_name text[], l_value bytea[],
    journal_data bytea[],
    o_row integer[], o_part integer[], o_blob bytea[], forget bigint[],
    f_id bigint[], f_version bigint[], x_entity bigint[], x_name text[], x_value bytea[]
) RETURNS bigint[] LANGUAGE plpgsql AS $$
BEGIN
    PERFORM forget(f_id, f_version, x_entity, x_name, x_value);
    RETURN apply(
        me, r_id, r_version, u_id, u_version, u_due, u_journal, u_meta, u_state,
        i_key, i_place, i_due, i_journal, i_meta, i_state, l_entity, l_name, l_value,
        journal_data, o_row, o_part, o_blob, forget
    );
END
$$;
