-- The record of trainings: what each step measured.
--
-- One row holds all numbers of one step, in the order of the names in hone.metric_sets. A trainer may report whatever
-- names it has, and others at other steps. At 10 million numbers, six a step (train.sft), each takes 28 bytes, index
-- included; in a row of its own it takes 109 (docs/training-record.md says how that was measured).
--
-- The primary key makes a step be there once, and is the one range that reading a job's series scans. There are no
-- partitions: the rows of a job come in order and are never updated, so they lie together, and old ones can be deleted
-- by the same range.

CREATE TABLE hone.metric_sets (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    names text[] NOT NULL UNIQUE CHECK (cardinality(names) > 0 AND array_position(names, NULL) IS NULL)
);
COMMENT ON TABLE hone.metric_sets IS 'which numbers a step has; written once and never deleted';

CREATE TABLE hone.step_metrics (
    job_id bigint NOT NULL,
    fence bigint NOT NULL,
    at timestamptz NOT NULL,
    step integer NOT NULL CHECK (step >= 0),
    set_id integer NOT NULL,
    numbers double precision[] NOT NULL,
    PRIMARY KEY (job_id, step)
);
COMMENT ON TABLE hone.step_metrics IS
    'written under the attempt''s lease, in batches. An attempt that takes up after step k drops what a lost one had '
    'written of later steps';
COMMENT ON COLUMN hone.step_metrics.at IS 'when the step ended, by the database''s clock';
COMMENT ON COLUMN hone.step_metrics.set_id IS
    'of hone.metric_sets, without a foreign key: checking it for every row would lock the one row that all share';

CREATE FUNCTION hone.metric_set(names text[]) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
DECLARE
    found_set integer;
BEGIN
    SELECT s.id INTO found_set FROM hone.metric_sets s WHERE s.names = metric_set.names;
    IF NOT FOUND THEN
        INSERT INTO hone.metric_sets (names) VALUES (metric_set.names) ON CONFLICT DO NOTHING;
        SELECT s.id INTO STRICT found_set FROM hone.metric_sets s WHERE s.names = metric_set.names;
    END IF;
    RETURN found_set;
END $$;
COMMENT ON FUNCTION hone.metric_set IS 'the number that stands for these names, in this order';

CREATE VIEW hone.metrics AS
SELECT p.job_id, p.step, n.name, n.value, p.at, p.fence
FROM hone.step_metrics p
JOIN hone.metric_sets s ON s.id = p.set_id
CROSS JOIN LATERAL unnest(s.names, p.numbers) AS n(name, value);
COMMENT ON VIEW hone.metrics IS 'one row a number; give a job_id, which makes it one scan of an index range';

REVOKE ALL ON FUNCTION hone.metric_set FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hone.metric_set TO hone_worker, hone_admin;
GRANT SELECT ON hone.metrics TO hone_producer, hone_worker, hone_admin;
GRANT SELECT ON hone.step_metrics, hone.metric_sets TO hone_producer;
GRANT SELECT, INSERT ON hone.metric_sets TO hone_worker, hone_admin;
GRANT SELECT, INSERT, DELETE ON hone.step_metrics TO hone_worker, hone_admin;
