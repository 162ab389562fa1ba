-- The catalog: datasets, artifacts, models and their checkpoints, what was measured, and which checkpoint is served.

-- Datasets ----------------------------------------------------------------------------------------------------------

CREATE TABLE hone.datasets (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$'),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE hone.examples (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dataset_id integer NOT NULL REFERENCES hone.datasets,
    prompt text NOT NULL CHECK (prompt <> ''),
    answer text NOT NULL,
    steps jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(steps) = 'array'),
    source text,
    split text NOT NULL DEFAULT 'train' CHECK (split <> ''),
    level smallint,
    content_hash bytea NOT NULL CHECK (octet_length(content_hash) = 32),
    metadata jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object'),
    arrived_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (dataset_id, content_hash)
);
COMMENT ON TABLE hone.examples IS
    'append-only; a data cut is a dataset, a split and the greatest id that belongs to it';
COMMENT ON COLUMN hone.examples.content_hash IS
    'SHA-256 of prompt, U+001F and answer, spaces trimmed: the same problem counts once, whatever its split';
CREATE INDEX examples_cut ON hone.examples (dataset_id, split, id);

CREATE FUNCTION hone.example_hash(prompt text, answer text) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
    SELECT sha256(convert_to(btrim(prompt, E' \t\r\n') || U&'\001F' || btrim(answer, E' \t\r\n'), 'UTF8'));
$$;

CREATE FUNCTION hone.check_example(example jsonb, ordinal bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
DECLARE
    fault text := CASE
        WHEN example IS NULL OR jsonb_typeof(example) <> 'object' THEN 'is not a JSON object'
        WHEN coalesce(jsonb_typeof(example -> 'prompt') <> 'string', true) THEN 'needs a "prompt" that is a string'
        WHEN btrim(example ->> 'prompt') = '' THEN 'has an empty "prompt"'
        WHEN coalesce(jsonb_typeof(example -> 'answer') <> 'string', true) THEN 'needs an "answer" that is a string'
        WHEN example ? 'steps' AND jsonb_typeof(example -> 'steps') <> 'array' THEN '"steps" is not an array'
        WHEN jsonb_path_exists(example, 'strict $.steps[*] ? (@.type() != "string")', silent => true)
            THEN '"steps" holds something else than strings'
        WHEN example ? 'split' AND coalesce(example ->> 'split', '') = '' THEN 'has an empty "split"'
        WHEN example ? 'level' AND coalesce(example ->> 'level', '') !~ '^-?[0-9]{1,4}$'
            THEN '"level" is not a small whole number'
        WHEN example ? 'metadata' AND jsonb_typeof(example -> 'metadata') <> 'object' THEN '"metadata" is not an object'
    END;
BEGIN
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION 'example %: %', ordinal, fault USING ERRCODE = 'HN003',
            HINT = 'For example {"prompt": "2+2=", "answer": "4", "steps": ["2+2=4"], "split": "train"}.';
    END IF;
END $$;

CREATE FUNCTION hone.ingest(dataset text, examples jsonb[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
DECLARE
    target integer;
    added bigint;
BEGIN
    IF dataset IS NULL OR dataset !~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$' THEN
        RAISE EXCEPTION 'bad dataset name: %', coalesce(quote_literal(dataset), 'NULL') USING ERRCODE = 'HN003',
            HINT = 'Use at most 128 letters, digits, dots, dashes and underscores.';
    END IF;
    PERFORM hone.check_example(e.example, e.ordinal)
    FROM unnest(examples) WITH ORDINALITY AS e(example, ordinal);
    -- One ingestion into a dataset at a time, until it commits: so two with the same examples cannot wait for each
    -- other, and ids become visible in their order, which makes a data cut (all ids up to one) final.
    PERFORM pg_advisory_xact_lock(hashtextextended('hone.ingest ' || ingest.dataset, 0));
    INSERT INTO hone.datasets (name) VALUES (ingest.dataset) ON CONFLICT (name) DO NOTHING;
    SELECT d.id INTO target FROM hone.datasets d WHERE d.name = ingest.dataset;
    INSERT INTO hone.examples (dataset_id, prompt, answer, steps, source, split, level, content_hash, metadata)
    SELECT target, e ->> 'prompt', e ->> 'answer', coalesce(e -> 'steps', '[]'), e ->> 'source',
        coalesce(e ->> 'split', 'train'), (e ->> 'level')::smallint,
        hone.example_hash(e ->> 'prompt', e ->> 'answer'), coalesce(e -> 'metadata', '{}')
    FROM unnest(ingest.examples) AS e
    ON CONFLICT (dataset_id, content_hash) DO NOTHING;
    GET DIAGNOSTICS added = ROW_COUNT;
    RETURN added;
END $$;
COMMENT ON FUNCTION hone.ingest IS
    'appends examples {prompt, answer, steps, split, source, level, metadata}; skips those the dataset has, and '
    'returns how many were new';

-- Models ------------------------------------------------------------------------------------------------------------

CREATE TABLE hone.artifacts (
    sha256 bytea PRIMARY KEY CHECK (octet_length(sha256) = 32),
    byte_count bigint NOT NULL CHECK (byte_count >= 0),
    media_type text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE hone.artifacts IS 'files that are complete in the artifact store; a file without a row is garbage';

CREATE TABLE hone.models (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$'),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE hone.checkpoints (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_id integer NOT NULL REFERENCES hone.models,
    parent_id bigint REFERENCES hone.checkpoints,
    step bigint NOT NULL CHECK (step >= 0),
    config jsonb NOT NULL,
    metrics jsonb NOT NULL DEFAULT '{}',
    job_id bigint,
    fence bigint,
    run_id bigint,
    code_version text,
    dataset_cut jsonb,
    seed bigint,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK ((job_id IS NULL) = (fence IS NULL)),
    CHECK (parent_id < id)
);
COMMENT ON COLUMN hone.checkpoints.job_id IS 'the job that made it; null if it was imported';
CREATE INDEX checkpoints_model ON hone.checkpoints (model_id, id);
CREATE INDEX checkpoints_job ON hone.checkpoints (job_id) WHERE job_id IS NOT NULL;

CREATE TABLE hone.checkpoint_files (
    checkpoint_id bigint NOT NULL REFERENCES hone.checkpoints,
    path text NOT NULL CHECK (path <> '' AND path !~ '(^/|(^|/)\.\.(/|$))'),
    sha256 bytea NOT NULL REFERENCES hone.artifacts,
    PRIMARY KEY (checkpoint_id, path)
);
CREATE INDEX checkpoint_files_artifact ON hone.checkpoint_files (sha256);

CREATE TABLE hone.samples (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_id bigint NOT NULL,
    fence bigint NOT NULL,
    ordinal integer NOT NULL DEFAULT 0 CHECK (ordinal >= 0),
    checkpoint_id bigint NOT NULL REFERENCES hone.checkpoints,
    example_id bigint REFERENCES hone.examples,
    prompt text NOT NULL,
    text text NOT NULL,
    token_ids integer[] NOT NULL,
    token_log_probs real[],
    steps jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(steps) = 'array'),
    answer text,
    finish_reason text NOT NULL,
    verdict text CHECK (verdict IN ('correct', 'wrong', 'unscorable')),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (job_id, ordinal),
    CHECK (cardinality(token_log_probs) = cardinality(token_ids))
);
COMMENT ON COLUMN hone.samples.steps IS 'array of {"text", "ok": true | false | null, "reason"}';
COMMENT ON COLUMN hone.samples.token_log_probs IS 'natural logarithms under the sampling distribution, one a token';
CREATE INDEX samples_checkpoint ON hone.samples (checkpoint_id, id);

CREATE TABLE hone.evaluations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    checkpoint_id bigint NOT NULL REFERENCES hone.checkpoints,
    dataset_id integer NOT NULL REFERENCES hone.datasets,
    split text NOT NULL,
    job_id bigint NOT NULL,
    fence bigint NOT NULL,
    metrics jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX evaluations_checkpoint ON hone.evaluations (checkpoint_id, id);

-- Served ------------------------------------------------------------------------------------------------------------

CREATE TABLE hone.gate_decisions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_id integer NOT NULL REFERENCES hone.models,
    candidate_id bigint NOT NULL REFERENCES hone.checkpoints,
    active_id bigint REFERENCES hone.checkpoints,
    passed boolean NOT NULL,
    evidence jsonb NOT NULL,
    reason text NOT NULL,
    job_id bigint,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON COLUMN hone.gate_decisions.active_id IS 'what the candidate was compared with; null: nothing was served yet';
CREATE INDEX gate_decisions_candidate ON hone.gate_decisions (candidate_id, id);

CREATE TABLE hone.promotions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_id integer NOT NULL REFERENCES hone.models,
    checkpoint_id bigint NOT NULL REFERENCES hone.checkpoints,
    previous_id bigint REFERENCES hone.checkpoints,
    decision_id bigint UNIQUE REFERENCES hone.gate_decisions,
    kind text NOT NULL CHECK (kind IN ('promote', 'rollback')),
    actor text NOT NULL,
    job_id bigint,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK ((kind = 'promote') = (decision_id IS NOT NULL))
);
COMMENT ON TABLE hone.promotions IS
    'append-only; the last row of a model names its active checkpoint. A gate decision serves for one promotion, so '
    'nothing that was rolled back returns without a new measurement';
CREATE INDEX promotions_model ON hone.promotions (model_id, id);

CREATE VIEW hone.active_checkpoints AS
SELECT m.name AS model, p.checkpoint_id, c.step, p.kind, p.previous_id, p.at AS active_since, p.id AS promotion_id
FROM hone.models m
CROSS JOIN LATERAL (
    SELECT * FROM hone.promotions p WHERE p.model_id = m.id ORDER BY p.id DESC LIMIT 1
) p
JOIN hone.checkpoints c ON c.id = p.checkpoint_id;

CREATE FUNCTION hone.check_promotion() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
DECLARE
    served bigint;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        RAISE EXCEPTION 'the history of promotions is append-only' USING ERRCODE = 'HN007',
            HINT = 'Use hone.promote or hone.rollback.';
    END IF;
    PERFORM FROM hone.models m WHERE m.id = NEW.model_id FOR UPDATE;
    SELECT p.checkpoint_id INTO served FROM hone.promotions p
    WHERE p.model_id = NEW.model_id ORDER BY p.id DESC LIMIT 1;
    IF NEW.previous_id IS DISTINCT FROM served THEN
        RAISE EXCEPTION 'checkpoint % is active, not %', served, NEW.previous_id USING ERRCODE = 'HN007';
    END IF;
    IF NEW.kind = 'promote' AND NOT EXISTS (
        SELECT FROM hone.gate_decisions d
        WHERE d.id = NEW.decision_id AND d.passed AND d.model_id = NEW.model_id
          AND d.candidate_id = NEW.checkpoint_id AND d.active_id IS NOT DISTINCT FROM served
    ) THEN
        RAISE EXCEPTION 'checkpoint % has passed no gate against the active one', NEW.checkpoint_id
            USING ERRCODE = 'HN007';
    ELSIF NEW.kind = 'rollback' AND NEW.checkpoint_id IS DISTINCT FROM (
        SELECT p.previous_id FROM hone.promotions p
        WHERE p.model_id = NEW.model_id AND p.checkpoint_id = served AND p.kind = 'promote' ORDER BY p.id DESC LIMIT 1
    ) THEN
        RAISE EXCEPTION 'checkpoint % is not the one before the active one', NEW.checkpoint_id
            USING ERRCODE = 'HN007';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER check_promotion BEFORE INSERT OR UPDATE OR DELETE ON hone.promotions
    FOR EACH ROW EXECUTE FUNCTION hone.check_promotion();

CREATE FUNCTION hone.locked_model(model text) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
DECLARE
    found_model integer;
BEGIN
    SELECT m.id INTO found_model FROM hone.models m WHERE m.name = locked_model.model FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no model %', coalesce(quote_literal(model), 'NULL') USING ERRCODE = 'HN003';
    END IF;
    RETURN found_model;
END $$;

CREATE FUNCTION hone.promote(model text, checkpoint bigint, job bigint DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
DECLARE
    target integer := hone.locked_model(promote.model);
    served hone.promotions;
    decision bigint;
    promotion bigint;
BEGIN
    SELECT * INTO served FROM hone.promotions p WHERE p.model_id = target ORDER BY p.id DESC LIMIT 1;
    IF served.checkpoint_id = promote.checkpoint THEN
        RETURN served.id;
    END IF;
    SELECT d.id INTO decision FROM hone.gate_decisions d
    WHERE d.model_id = target AND d.candidate_id = promote.checkpoint AND d.passed
      AND d.active_id IS NOT DISTINCT FROM served.checkpoint_id
      AND NOT EXISTS (SELECT FROM hone.promotions p WHERE p.decision_id = d.id)
    ORDER BY d.id DESC LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'checkpoint % of model % has passed no gate against the active checkpoint (%)',
            coalesce(promote.checkpoint::text, 'NULL'), promote.model, coalesce(served.checkpoint_id::text, 'none')
            USING ERRCODE = 'HN007', HINT = 'Run a gate job on it first; a decision serves for one promotion.';
    END IF;
    INSERT INTO hone.promotions (model_id, checkpoint_id, previous_id, decision_id, kind, actor, job_id)
    VALUES (target, promote.checkpoint, served.checkpoint_id, decision, 'promote', session_user, promote.job)
    RETURNING id INTO promotion;
    PERFORM pg_notify('hone_model', promote.model);
    RETURN promotion;
END $$;
COMMENT ON FUNCTION hone.promote IS
    'makes a checkpoint active after a gate that passed against what is active now; returns the promotion''s id';

CREATE FUNCTION hone.rollback(model text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
DECLARE
    target integer := hone.locked_model(rollback.model);
    served bigint;
    earlier bigint;
BEGIN
    SELECT p.checkpoint_id INTO served FROM hone.promotions p WHERE p.model_id = target ORDER BY p.id DESC LIMIT 1;
    SELECT p.previous_id INTO earlier FROM hone.promotions p
    WHERE p.model_id = target AND p.checkpoint_id = served AND p.kind = 'promote' ORDER BY p.id DESC LIMIT 1;
    IF earlier IS NULL THEN
        RAISE EXCEPTION 'model % has no earlier checkpoint to go back to', rollback.model USING ERRCODE = 'HN007';
    END IF;
    INSERT INTO hone.promotions (model_id, checkpoint_id, previous_id, kind, actor)
    VALUES (target, earlier, served, 'rollback', session_user);
    PERFORM pg_notify('hone_model', rollback.model);
    RETURN earlier;
END $$;
COMMENT ON FUNCTION hone.rollback IS 'makes the checkpoint before the active one active again; returns its id';

-- Rights ------------------------------------------------------------------------------------------------------------

REVOKE ALL ON FUNCTION hone.example_hash, hone.check_example, hone.ingest, hone.check_promotion, hone.locked_model,
    hone.promote, hone.rollback FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hone.ingest TO hone_producer, hone_worker, hone_admin;
GRANT EXECUTE ON FUNCTION hone.example_hash, hone.check_example, hone.promote, hone.rollback TO hone_worker, hone_admin;
GRANT SELECT ON hone.active_checkpoints, hone.samples, hone.datasets, hone.evaluations TO hone_producer;
GRANT SELECT ON hone.promotions, hone.active_checkpoints TO hone_worker, hone_admin;
GRANT SELECT, INSERT ON hone.datasets, hone.examples, hone.artifacts, hone.models, hone.checkpoints,
    hone.checkpoint_files, hone.samples, hone.evaluations, hone.gate_decisions TO hone_worker, hone_admin;
GRANT UPDATE ON hone.checkpoints TO hone_worker, hone_admin;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA hone TO hone_worker, hone_admin;
