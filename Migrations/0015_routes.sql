-- Which way an answer came: samples of models with more than one path have a route beside them, and routers learn from
-- what became of the answers of each path.

INSERT INTO hone.kinds (kind, description) VALUES ('train.router', 'train what chooses a path for each request');

CREATE TABLE hone.sample_routes (
    job_id bigint NOT NULL,
    ordinal integer NOT NULL,
    mode text NOT NULL CHECK (mode IN ('lossy', 'lossless', 'fixed')),
    path text NOT NULL CHECK (path IN ('shallow', 'deep', 'search')),
    confidence double precision CHECK (confidence BETWEEN 0 AND 1),
    computed bigint NOT NULL CHECK (computed >= 0),
    deep bigint NOT NULL CHECK (deep >= 0),
    PRIMARY KEY (job_id, ordinal),
    FOREIGN KEY (job_id, ordinal) REFERENCES hone.samples (job_id, ordinal)
);
COMMENT ON TABLE hone.sample_routes IS 'a sample without a row went through all layers, as nobody asked otherwise';
COMMENT ON COLUMN hone.sample_routes.confidence IS
    'the router''s probability that the path answers right; null where the path was given';
COMMENT ON COLUMN hone.sample_routes.computed IS
    'layers times tokens, prompt, drafts and the router''s own included; of a search those of all its answers';
COMMENT ON COLUMN hone.sample_routes.deep IS 'layers times tokens of the same answer through all layers';

CREATE VIEW hone.job_routes AS
SELECT r.job_id, r.mode, r.path, count(*) AS samples, avg(r.confidence) AS confidence,
    1 - sum(r.computed) / nullif(sum(r.deep), 0) AS saved,
    count(*) FILTER (WHERE s.verdict = 'correct') AS correct, count(s.verdict) AS verified
FROM hone.sample_routes r JOIN hone.samples s USING (job_id, ordinal)
GROUP BY r.job_id, r.mode, r.path;
COMMENT ON VIEW hone.job_routes IS
    'the paths that a job''s answers took; "saved" is the share of the deep path''s layers times tokens not computed';

CREATE FUNCTION hone.route_verdicts(checkpoint bigint, dataset text, split text, examples int8multirange)
RETURNS TABLE (sample_id bigint, example_id bigint, path text, is_right boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, hone AS $$
    WITH same AS (
        -- The same network under other ids: a new router changes neither weights nor exit.
        SELECT f.checkpoint_id FROM hone.checkpoint_files f
        JOIN hone.checkpoint_files own ON own.path = f.path AND own.sha256 = f.sha256
        WHERE own.checkpoint_id = route_verdicts.checkpoint
          AND f.path IN ('model.safetensors', 'early_exit.safetensors')
        GROUP BY f.checkpoint_id HAVING count(*) = 2
    )
    SELECT s.id, s.example_id, coalesce(r.path, 'deep'), s.verdict = 'correct'
    FROM same c JOIN hone.samples s ON s.checkpoint_id = c.checkpoint_id
    JOIN hone.examples e ON e.id = s.example_id
    JOIN hone.datasets d ON d.id = e.dataset_id
    LEFT JOIN hone.sample_routes r ON r.job_id = s.job_id AND r.ordinal = s.ordinal
    WHERE s.verdict IS NOT NULL AND d.name = route_verdicts.dataset AND e.split = route_verdicts.split
      AND e.id <@ route_verdicts.examples;
$$;
COMMENT ON FUNCTION hone.route_verdicts IS
    'verified answers to a dataset''s examples by a network''s paths, under whichever checkpoints hold that network';

REVOKE ALL ON FUNCTION hone.route_verdicts FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hone.route_verdicts TO hone_worker, hone_admin;
GRANT SELECT, INSERT ON hone.sample_routes TO hone_worker, hone_admin;
GRANT SELECT ON hone.job_routes TO hone_worker, hone_admin, hone_producer;
