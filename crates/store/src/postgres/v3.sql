-- From here on journals of entities that are forgotten may be left in part. Run once in a transaction, with the schema first in the search
-- path.

-- What is left of a journal: where the last of its entries is that there are.
CREATE TABLE remains (place bigint PRIMARY KEY);

-- Of the entry at a place: where the one before it is (0: it is the first), and how long it is.
CREATE FUNCTION journal_step(place bigint) RETURNS TABLE (before bigint, bytes integer) LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN b < 0 THEN ((place >> 28) << 28) - b - 1 ELSE b END, l
    FROM (
        SELECT ('x' || encode(substring(j.data FROM (place & 8191)::integer + 1 FOR 8), 'hex'))::bit(64)::bigint AS b,
            ('x' || encode(substring(j.data FROM (place & 8191)::integer + 9 FOR 4), 'hex'))::bit(32)::integer AS l
        FROM journal AS j WHERE j.id = place >> 28 AND j.part = ((place >> 13) & 32767)::integer
    ) AS entry
$$;

-- Frees the entries at these places and those before them, 5,000 or 4 MB in all, with what goes beyond it by one entry of each; the others
-- are left in `remains`.
CREATE FUNCTION free_entries(places bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    entries_max integer := greatest(1, 5000 / cardinality(places));
    bytes_max bigint := 4194304 / cardinality(places);
    p_id bigint[];
    p_part integer[];
BEGIN
    WITH RECURSIVE entry (place, before, n, bytes) AS (
        SELECT p.place, s.before, 1, s.bytes::bigint
        FROM unnest(places) AS p (place), LATERAL journal_step(p.place) AS s
        UNION ALL
        SELECT e.before, s.before, e.n + 1, e.bytes + s.bytes
        FROM entry AS e, LATERAL journal_step(e.before) AS s
        WHERE e.before <> 0 AND e.n < entries_max AND e.bytes < bytes_max
    ), counted AS (
        INSERT INTO forgotten AS f (id, part, entries)
        SELECT place >> 28, ((place >> 13) & 32767)::integer, count(*)::integer FROM entry GROUP BY 1, 2 ORDER BY 1, 2
        ON CONFLICT (id, part) DO UPDATE SET entries = f.entries + excluded.entries
        RETURNING f.id, f.part
    ), kept AS (
        INSERT INTO remains (place)
        SELECT before FROM entry WHERE before <> 0 AND NOT (n < entries_max AND bytes < bytes_max)
    )
    SELECT array_agg(c.id), array_agg(c.part) INTO p_id, p_part FROM counted AS c;
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

-- As before, but for long journals.
CREATE OR REPLACE FUNCTION forget(
    f_id bigint[], f_version bigint[], x_entity bigint[], x_name text[], x_value bytea[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    wrong bigint;
    places bigint[];
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
    SELECT array_agg(e.journal) INTO places FROM entity AS e WHERE e.id = ANY (f_id) AND e.journal IS NOT NULL;
    DELETE FROM entity AS e WHERE e.id = ANY (f_id);
    IF places IS NOT NULL THEN
        PERFORM free_entries(places);
    END IF;
END
$$;

-- Frees some of what is left of journals; whether there was any. Instances that do so at a time take different ones.
CREATE FUNCTION sweep() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    places bigint[];
BEGIN
    -- Chosen before any is changed, as in `adopt`.
    WITH chosen AS MATERIALIZED (
        SELECT r.place FROM remains AS r ORDER BY r.place LIMIT 100 FOR UPDATE SKIP LOCKED
    ), taken AS (
        DELETE FROM remains AS r USING chosen AS c WHERE r.place = c.place RETURNING r.place
    )
    SELECT array_agg(t.place) INTO places FROM taken AS t;
    IF places IS NULL THEN
        RETURN false;
    END IF;
    PERFORM free_entries(places);
    RETURN true;
END
$$;
