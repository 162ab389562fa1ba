-- Pipelines: definitions by content hash, runs of them, and the stages of a run, each a job with its dependencies.

CREATE TABLE hone.pipelines (
    hash text PRIMARY KEY CHECK (hash ~ '^[0-9a-f]{64}$'),
    name text NOT NULL CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$'),
    definition jsonb NOT NULL CHECK (jsonb_typeof(definition -> 'stages') = 'array'),
    is_current boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON COLUMN hone.pipelines.definition IS
    '{"name", "params": {key: default or null if required}, "stages": [{"name", "kind", "needs": [], "queue", '
    '"priority", "max_attempts", "with": {}}]}';
CREATE UNIQUE INDEX pipelines_current ON hone.pipelines (name) WHERE is_current;

CREATE TABLE hone.runs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pipeline_hash text NOT NULL REFERENCES hone.pipelines,
    params jsonb NOT NULL CHECK (jsonb_typeof(params) = 'object'),
    actor text NOT NULL DEFAULT session_user,
    code_version text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE hone.stages (
    run_id bigint NOT NULL REFERENCES hone.runs,
    name text NOT NULL,
    kind text NOT NULL,
    job_id bigint NOT NULL UNIQUE,
    PRIMARY KEY (run_id, name)
);

CREATE FUNCTION hone.define_pipeline(definition jsonb) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
DECLARE
    version text := encode(sha256(convert_to(define_pipeline.definition::text, 'UTF8')), 'hex');
BEGIN
    UPDATE hone.pipelines p SET is_current = false
    WHERE p.name = define_pipeline.definition ->> 'name' AND p.is_current AND p.hash <> version;
    INSERT INTO hone.pipelines AS p (hash, name, definition)
    VALUES (version, define_pipeline.definition ->> 'name', define_pipeline.definition)
    ON CONFLICT (hash) DO UPDATE SET is_current = true;
    RETURN version;
END $$;
COMMENT ON FUNCTION hone.define_pipeline IS
    'stores a definition under the SHA-256 of its canonical text and makes it the current one of its name';

CREATE FUNCTION hone.substitute(value jsonb, params jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, hone AS $$
DECLARE
    content text := value #>> '{}';
    name text;
BEGIN
    CASE jsonb_typeof(value)
    WHEN 'object' THEN
        RETURN (SELECT coalesce(jsonb_object_agg(e.key, hone.substitute(e.value, params)), '{}')
            FROM jsonb_each(value) e);
    WHEN 'array' THEN
        RETURN (SELECT coalesce(jsonb_agg(hone.substitute(e.value, params) ORDER BY e.ordinality), '[]')
            FROM jsonb_array_elements(value) WITH ORDINALITY e);
    WHEN 'string' THEN
        FOR name IN
            SELECT DISTINCT m[1] FROM regexp_matches(content, '\$\{params\.([A-Za-z_][A-Za-z0-9_]*)\}', 'g') m
        LOOP
            IF NOT params ? name THEN
                RAISE EXCEPTION 'the pipeline uses a parameter that it does not declare: %', name
                    USING ERRCODE = 'HN003';
            END IF;
            IF content = format('${params.%s}', name) THEN
                RETURN params -> name;
            END IF;
            content := replace(content, format('${params.%s}', name), coalesce(params ->> name, ''));
        END LOOP;
        RETURN to_jsonb(content);
    ELSE
        RETURN value;
    END CASE;
END $$;
COMMENT ON FUNCTION hone.substitute IS
    'replaces ${params.x}: a string that is nothing else takes the parameter''s JSON value, a longer one its text';

CREATE FUNCTION hone.pipeline_params(definition jsonb, given jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, hone AS $$
DECLARE
    declared jsonb := coalesce(definition -> 'params', '{}');
    known text := (SELECT string_agg(k, ', ' ORDER BY k) FROM jsonb_object_keys(declared) k);
    fault text;
BEGIN
    IF given IS NULL OR jsonb_typeof(given) <> 'object' THEN
        RAISE EXCEPTION 'the parameters of a pipeline must be a JSON object, not %',
            coalesce(jsonb_typeof(given), 'NULL') USING ERRCODE = 'HN003';
    END IF;
    SELECT k INTO fault FROM jsonb_object_keys(given) k WHERE NOT declared ? k ORDER BY k LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'pipeline % has no parameter %', definition ->> 'name', quote_literal(fault)
            USING ERRCODE = 'HN003', HINT = 'It has: ' || coalesce(known, 'none');
    END IF;
    SELECT e.key INTO fault FROM jsonb_each(declared || given) e WHERE jsonb_typeof(e.value) = 'null'
    ORDER BY e.key LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'pipeline % needs a value for its parameter %', definition ->> 'name', quote_literal(fault)
            USING ERRCODE = 'HN003';
    END IF;
    RETURN declared || given;
END $$;

CREATE FUNCTION hone.run_pipeline(name text, params jsonb DEFAULT '{}') RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
DECLARE
    pipeline hone.pipelines;
    settled jsonb;
    run bigint;
    pending jsonb[];
    stuck jsonb[];
    stage jsonb;
    jobs jsonb := '{}';
BEGIN
    SELECT * INTO pipeline FROM hone.pipelines p WHERE p.name = run_pipeline.name AND p.is_current;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'unknown pipeline: %', coalesce(quote_literal(run_pipeline.name), 'NULL')
            USING ERRCODE = 'HN006', HINT = 'Pipelines are: ' || coalesce(
                (SELECT string_agg(p.name, ', ' ORDER BY p.name) FROM hone.pipelines p WHERE p.is_current), 'none yet');
    END IF;
    settled := hone.pipeline_params(pipeline.definition, run_pipeline.params);
    INSERT INTO hone.runs (pipeline_hash, params) VALUES (pipeline.hash, settled) RETURNING id INTO run;
    pending := ARRAY(SELECT s FROM jsonb_array_elements(pipeline.definition -> 'stages') s);
    -- Parents before children: each round adds the stages whose needs are all there.
    WHILE cardinality(pending) > 0 LOOP
        stuck := '{}';
        FOREACH stage IN ARRAY pending LOOP
            IF jobs ?& ARRAY(SELECT jsonb_array_elements_text(coalesce(stage -> 'needs', '[]'))) THEN
                jobs := jobs || jsonb_build_object(stage ->> 'name', hone.add_stage(run, stage, settled, jobs));
            ELSE
                stuck := stuck || stage;
            END IF;
        END LOOP;
        IF cardinality(stuck) = cardinality(pending) THEN
            RAISE EXCEPTION 'pipeline %: stage % waits for itself or for a stage that does not exist',
                run_pipeline.name, quote_literal(stuck[1] ->> 'name') USING ERRCODE = 'HN003';
        END IF;
        pending := stuck;
    END LOOP;
    RETURN run;
END $$;
COMMENT ON FUNCTION hone.run_pipeline IS
    'starts a run of the current definition in the caller''s transaction; returns its id';

CREATE FUNCTION hone.add_stage(run bigint, stage jsonb, params jsonb, jobs jsonb) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
DECLARE
    job bigint := hone.add_job(
        stage ->> 'kind', hone.substitute(coalesce(stage -> 'with', '{}'), params),
        coalesce(stage ->> 'queue', 'default'), coalesce((stage ->> 'priority')::integer, 0), NULL, NULL,
        (stage ->> 'max_attempts')::integer,
        ARRAY(SELECT (jobs ->> n)::bigint FROM jsonb_array_elements_text(coalesce(stage -> 'needs', '[]')) n),
        run, stage ->> 'name');
BEGIN
    INSERT INTO hone.stages (run_id, name, kind, job_id) VALUES (run, stage ->> 'name', stage ->> 'kind', job);
    RETURN job;
END $$;

CREATE VIEW hone.run_status AS
SELECT r.id, p.name AS pipeline, r.pipeline_hash, r.params,
    CASE
        WHEN s.live > 0 THEN CASE WHEN s.begun > 0 THEN 'running' ELSE 'pending' END
        WHEN s.failed > 0 THEN 'failed'
        WHEN s.cancelled > 0 THEN 'cancelled'
        ELSE 'succeeded'
    END AS state,
    s.stages, s.succeeded, r.actor, r.code_version, r.created_at,
    CASE WHEN s.live = 0 THEN s.finished_at END AS finished_at
FROM hone.runs r
JOIN hone.pipelines p ON p.hash = r.pipeline_hash
CROSS JOIN LATERAL (
    SELECT count(*) AS stages,
        count(*) FILTER (WHERE j.state = 'succeeded') AS succeeded,
        count(*) FILTER (WHERE j.state = 'failed') AS failed,
        count(*) FILTER (WHERE j.state = 'cancelled') AS cancelled,
        count(*) FILTER (WHERE j.finished_at IS NULL) AS live,
        count(*) FILTER (WHERE j.started_at IS NOT NULL) AS begun,
        max(j.finished_at) AS finished_at
    FROM hone.stages g JOIN hone.job_status j ON j.id = g.job_id
    WHERE g.run_id = r.id
) s;

REVOKE ALL ON FUNCTION hone.define_pipeline, hone.substitute, hone.pipeline_params, hone.run_pipeline, hone.add_stage
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hone.run_pipeline TO hone_producer, hone_worker, hone_admin;
GRANT EXECUTE ON FUNCTION hone.substitute, hone.pipeline_params, hone.add_stage TO hone_worker, hone_admin;
GRANT EXECUTE ON FUNCTION hone.define_pipeline TO hone_admin;
GRANT SELECT ON hone.pipelines, hone.runs, hone.stages, hone.run_status TO hone_producer, hone_worker, hone_admin;
GRANT INSERT, UPDATE ON hone.pipelines TO hone_admin;
