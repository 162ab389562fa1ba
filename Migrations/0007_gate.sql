-- The gate: every decision with its rule, quarantine, canary shares, and the lineage of whatever is served.

-- Decisions ---------------------------------------------------------------------------------------------------------

ALTER TABLE hone.gate_decisions
    ADD COLUMN rule jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(rule) = 'object'),
    ADD COLUMN code_version text;
COMMENT ON COLUMN hone.gate_decisions.rule IS
    'what was asked: suites with their seeds and margins, the least and the most that metrics may be';
COMMENT ON COLUMN hone.gate_decisions.evidence IS
    'what was found: the metrics, and for each suite the paired counts with their interval and what was lost';

-- The candidate is one of the model's; rows from before this migration are left as they are.
ALTER TABLE hone.checkpoints ADD CONSTRAINT checkpoints_of_model UNIQUE (model_id, id);
DROP INDEX hone.checkpoints_model;
ALTER TABLE hone.gate_decisions ADD CONSTRAINT gate_decisions_candidate_of_model
    FOREIGN KEY (model_id, candidate_id) REFERENCES hone.checkpoints (model_id, id) NOT VALID;

-- Quarantine --------------------------------------------------------------------------------------------------------

CREATE TABLE hone.quarantines (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    checkpoint_id bigint NOT NULL REFERENCES hone.checkpoints,
    decision_id bigint REFERENCES hone.gate_decisions,
    reason text NOT NULL CHECK (btrim(reason) <> ''),
    actor text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    released_at timestamptz,
    released_by text,
    release_reason text CHECK (btrim(release_reason) <> ''),
    CHECK ((released_at IS NULL) = (released_by IS NULL) AND (released_at IS NULL) = (release_reason IS NULL))
);
COMMENT ON TABLE hone.quarantines IS
    'checkpoints that must not be served; the rows stay, and an operator''s release is written once beside the reason';
COMMENT ON COLUMN hone.quarantines.decision_id IS
    'the gate that blocked it, which bars promotion; null: an operator, which bars a rollback to it too';
CREATE INDEX quarantines_checkpoint ON hone.quarantines (checkpoint_id, id);

CREATE FUNCTION hone.check_quarantine() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.released_at IS NOT NULL OR
        (NEW.id, NEW.checkpoint_id, NEW.decision_id, NEW.reason, NEW.actor, NEW.at) IS DISTINCT FROM
        (OLD.id, OLD.checkpoint_id, OLD.decision_id, OLD.reason, OLD.actor, OLD.at) THEN
        RAISE EXCEPTION 'the history of quarantines is append-only' USING ERRCODE = 'HN007',
            HINT = 'Use hone.release_checkpoint.';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER check_quarantine BEFORE UPDATE OR DELETE ON hone.quarantines
    FOR EACH ROW EXECUTE FUNCTION hone.check_quarantine();

CREATE FUNCTION hone.refuse_quarantined(checkpoint bigint, operators_only boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
DECLARE
    cause text;
BEGIN
    SELECT q.reason INTO cause FROM hone.quarantines q
    WHERE q.checkpoint_id = refuse_quarantined.checkpoint AND q.released_at IS NULL
      AND (q.decision_id IS NULL OR NOT operators_only)
    ORDER BY q.id DESC LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'checkpoint % is quarantined: %', checkpoint, cause USING ERRCODE = 'HN007',
            HINT = 'An operator may release it with a reason (hone model release); a gate must have passed it as well.';
    END IF;
END $$;

CREATE FUNCTION hone.require_checkpoint(model_id integer, model text, checkpoint bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM hone.checkpoints c
        WHERE c.id = require_checkpoint.checkpoint AND c.model_id = require_checkpoint.model_id) THEN
        RAISE EXCEPTION 'model % has no checkpoint %', model, coalesce(checkpoint::text, 'NULL')
            USING ERRCODE = 'HN003';
    END IF;
END $$;

CREATE FUNCTION hone.quarantine(model text, checkpoint bigint, reason text, decision bigint DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
DECLARE
    -- The lock makes a promotion that runs beside this come wholly before it or see the quarantine.
    target integer := hone.locked_model(quarantine.model);
    made bigint;
BEGIN
    PERFORM hone.require_checkpoint(target, quarantine.model, quarantine.checkpoint);
    IF btrim(coalesce(quarantine.reason, '')) = '' THEN
        RAISE EXCEPTION 'a quarantine needs a reason' USING ERRCODE = 'HN003';
    END IF;
    IF quarantine.decision IS NOT NULL AND NOT EXISTS (SELECT FROM hone.gate_decisions d
        WHERE d.id = quarantine.decision AND d.candidate_id = quarantine.checkpoint AND NOT d.passed) THEN
        RAISE EXCEPTION 'decision % did not block checkpoint %', quarantine.decision, quarantine.checkpoint
            USING ERRCODE = 'HN003';
    END IF;
    INSERT INTO hone.quarantines (checkpoint_id, decision_id, reason, actor)
    VALUES (quarantine.checkpoint, quarantine.decision, quarantine.reason, session_user) RETURNING id INTO made;
    PERFORM hone.end_canary(target, 'quarantine', quarantine.checkpoint);
    RETURN made;
END $$;
COMMENT ON FUNCTION hone.quarantine IS
    'bars a checkpoint from being promoted, with the gate''s decision or for an operator''s reason; ends its canary';

CREATE FUNCTION hone.release_checkpoint(model text, checkpoint bigint, reason text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
DECLARE
    target integer := hone.locked_model(release_checkpoint.model);
    released integer;
BEGIN
    PERFORM hone.require_checkpoint(target, release_checkpoint.model, release_checkpoint.checkpoint);
    IF btrim(coalesce(release_checkpoint.reason, '')) = '' THEN
        RAISE EXCEPTION 'a release needs a reason' USING ERRCODE = 'HN003';
    END IF;
    UPDATE hone.quarantines q
    SET released_at = clock_timestamp(), released_by = session_user, release_reason = release_checkpoint.reason
    WHERE q.checkpoint_id = release_checkpoint.checkpoint AND q.released_at IS NULL;
    GET DIAGNOSTICS released = ROW_COUNT;
    IF released = 0 THEN
        RAISE EXCEPTION 'checkpoint % of model % is not quarantined', release_checkpoint.checkpoint,
            release_checkpoint.model USING ERRCODE = 'HN005';
    END IF;
    RETURN released;
END $$;
COMMENT ON FUNCTION hone.release_checkpoint IS
    'lifts every quarantine of a checkpoint, with the operator''s name and reason; a gate must pass it as well';

-- Canary ------------------------------------------------------------------------------------------------------------

CREATE TABLE hone.canaries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_id integer NOT NULL REFERENCES hone.models,
    checkpoint_id bigint NOT NULL REFERENCES hone.checkpoints,
    beside_id bigint NOT NULL REFERENCES hone.checkpoints,
    decision_id bigint NOT NULL REFERENCES hone.gate_decisions,
    percent smallint NOT NULL CHECK (percent BETWEEN 1 AND 99),
    actor text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    ended_by text CHECK (ended_by IN ('promote', 'rollback', 'canary', 'quarantine')),
    CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
COMMENT ON TABLE hone.canaries IS
    'candidates that answer a share of a model''s jobs beside the active checkpoint (beside_id), at most one at a time';
CREATE UNIQUE INDEX canaries_open ON hone.canaries (model_id) WHERE ended_at IS NULL;
CREATE INDEX canaries_checkpoint ON hone.canaries (checkpoint_id, id);

CREATE FUNCTION hone.check_canary() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
BEGIN
    PERFORM FROM hone.models m WHERE m.id = NEW.model_id FOR UPDATE;
    PERFORM hone.refuse_quarantined(NEW.checkpoint_id);
    IF NOT EXISTS (SELECT FROM hone.gate_decisions d
        WHERE d.id = NEW.decision_id AND d.passed AND d.model_id = NEW.model_id
          AND d.candidate_id = NEW.checkpoint_id AND d.active_id = NEW.beside_id) THEN
        RAISE EXCEPTION 'checkpoint % has passed no gate against the active one', NEW.checkpoint_id
            USING ERRCODE = 'HN007';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER check_canary BEFORE INSERT ON hone.canaries FOR EACH ROW EXECUTE FUNCTION hone.check_canary();

CREATE FUNCTION hone.end_canary(model_id integer, ended_by text, checkpoint bigint DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
BEGIN
    UPDATE hone.canaries k SET ended_at = clock_timestamp(), ended_by = end_canary.ended_by
    WHERE k.model_id = end_canary.model_id AND k.ended_at IS NULL
      AND k.checkpoint_id = coalesce(end_canary.checkpoint, k.checkpoint_id);
    RETURN FOUND;
END $$;
COMMENT ON FUNCTION hone.end_canary IS 'ends the canary of a model, if it is the given checkpoint or none is given';

CREATE FUNCTION hone.open_decision(model_id integer, model text, checkpoint bigint, served bigint) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, hone AS $$
DECLARE
    decision bigint;
BEGIN
    SELECT d.id INTO decision FROM (
        SELECT d.id, d.passed FROM hone.gate_decisions d
        WHERE d.model_id = open_decision.model_id AND d.candidate_id = open_decision.checkpoint
          AND d.active_id IS NOT DISTINCT FROM served
          AND NOT EXISTS (SELECT FROM hone.promotions p WHERE p.decision_id = d.id)
        ORDER BY d.id DESC LIMIT 1
    ) d WHERE d.passed;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'checkpoint % of model % has passed no gate against the active checkpoint (%)',
            coalesce(checkpoint::text, 'NULL'), model, coalesce(served::text, 'none')
            USING ERRCODE = 'HN007', HINT = 'Run a gate job on it first; a decision serves for one promotion.';
    END IF;
    RETURN decision;
END $$;
COMMENT ON FUNCTION hone.open_decision IS
    'the newest decision against what is active that no promotion has used yet, which must be that it passed';

CREATE FUNCTION hone.canary(model text, checkpoint bigint, percent integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
DECLARE
    target integer := hone.locked_model(canary.model);
    served bigint;
    made bigint;
BEGIN
    IF canary.percent IS NULL OR canary.percent NOT BETWEEN 1 AND 99 THEN
        RAISE EXCEPTION 'a canary''s share is 1 to 99 percent, not %', coalesce(canary.percent::text, 'NULL')
            USING ERRCODE = 'HN003', HINT = 'hone.promote gives a checkpoint all jobs.';
    END IF;
    SELECT p.checkpoint_id INTO served FROM hone.promotions p WHERE p.model_id = target ORDER BY p.id DESC LIMIT 1;
    IF served IS NULL OR served = canary.checkpoint THEN
        RAISE EXCEPTION 'model % serves %, beside which checkpoint % cannot be a canary', canary.model,
            coalesce('checkpoint ' || served, 'nothing yet'), canary.checkpoint USING ERRCODE = 'HN007';
    END IF;
    PERFORM hone.refuse_quarantined(canary.checkpoint);
    PERFORM hone.end_canary(target, 'canary');
    INSERT INTO hone.canaries (model_id, checkpoint_id, beside_id, decision_id, percent, actor)
    VALUES (target, canary.checkpoint, served,
        hone.open_decision(target, canary.model, canary.checkpoint, served), canary.percent, session_user)
    RETURNING id INTO made;
    PERFORM pg_notify('hone_model', canary.model);
    RETURN made;
END $$;
COMMENT ON FUNCTION hone.canary IS
    'lets a checkpoint that passed its gate answer a share of the model''s jobs until a promotion or a rollback';

CREATE OR REPLACE VIEW hone.active_checkpoints AS
SELECT m.name AS model, p.checkpoint_id, c.step, p.kind, p.previous_id, p.at AS active_since, p.id AS promotion_id,
    k.checkpoint_id AS canary_id, k.percent AS canary_percent
FROM hone.models m
CROSS JOIN LATERAL (
    SELECT * FROM hone.promotions p WHERE p.model_id = m.id ORDER BY p.id DESC LIMIT 1
) p
JOIN hone.checkpoints c ON c.id = p.checkpoint_id
LEFT JOIN hone.canaries k ON k.model_id = m.id AND k.ended_at IS NULL;

-- Promotion and rollback, which now know both -----------------------------------------------------------------------

CREATE OR REPLACE FUNCTION hone.check_promotion() RETURNS trigger
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
    -- A rollback must not be held up by a gate's verdict on what served well before; an operator's word counts.
    PERFORM hone.refuse_quarantined(NEW.checkpoint_id, operators_only => NEW.kind = 'rollback');
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
    PERFORM hone.end_canary(NEW.model_id, NEW.kind);
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION hone.promote(model text, checkpoint bigint, job bigint DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
DECLARE
    target integer := hone.locked_model(promote.model);
    served hone.promotions;
    promotion bigint;
BEGIN
    SELECT * INTO served FROM hone.promotions p WHERE p.model_id = target ORDER BY p.id DESC LIMIT 1;
    IF served.checkpoint_id = promote.checkpoint THEN
        RETURN served.id;
    END IF;
    PERFORM hone.refuse_quarantined(promote.checkpoint);
    INSERT INTO hone.promotions (model_id, checkpoint_id, previous_id, decision_id, kind, actor, job_id)
    VALUES (target, promote.checkpoint, served.checkpoint_id,
        hone.open_decision(target, promote.model, promote.checkpoint, served.checkpoint_id), 'promote', session_user,
        promote.job)
    RETURNING id INTO promotion;
    PERFORM pg_notify('hone_model', promote.model);
    RETURN promotion;
END $$;

CREATE OR REPLACE FUNCTION hone.rollback(model text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
DECLARE
    target integer := hone.locked_model(rollback.model);
    served bigint;
    earlier bigint;
BEGIN
    SELECT p.checkpoint_id INTO served FROM hone.promotions p WHERE p.model_id = target ORDER BY p.id DESC LIMIT 1;
    IF hone.end_canary(target, 'rollback') THEN
        PERFORM pg_notify('hone_model', rollback.model);
        RETURN served;
    END IF;
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
COMMENT ON FUNCTION hone.rollback IS
    'takes the last step back: ends the canary if there is one, else makes the checkpoint before the active one active '
    'again; returns what is active now';

-- Lineage -----------------------------------------------------------------------------------------------------------

CREATE INDEX promotions_checkpoint ON hone.promotions (checkpoint_id, id);

CREATE VIEW hone.lineage_events AS
SELECT e.checkpoint_id, 'evaluation' AS kind, e.id, e.created_at AS at,
    jsonb_build_object('dataset', d.name, 'split', e.split, 'job', e.job_id, 'metrics', e.metrics) AS detail
FROM hone.evaluations e JOIN hone.datasets d ON d.id = e.dataset_id
UNION ALL
SELECT g.candidate_id, 'gate', g.id, g.created_at,
    jsonb_build_object('passed', g.passed, 'against', g.active_id, 'reason', g.reason, 'rule', g.rule,
        'evidence', g.evidence, 'job', g.job_id, 'code_version', g.code_version)
FROM hone.gate_decisions g
UNION ALL
SELECT p.checkpoint_id, p.kind, p.id, p.at,
    jsonb_build_object('previous', p.previous_id, 'decision', p.decision_id, 'actor', p.actor, 'job', p.job_id)
FROM hone.promotions p
UNION ALL
SELECT k.checkpoint_id, 'canary', k.id, k.at,
    jsonb_build_object('percent', k.percent, 'beside', k.beside_id, 'decision', k.decision_id, 'actor', k.actor,
        'ended_at', k.ended_at, 'ended_by', k.ended_by)
FROM hone.canaries k
UNION ALL
SELECT q.checkpoint_id, 'quarantine', q.id, q.at,
    jsonb_build_object('reason', q.reason, 'actor', q.actor, 'decision', q.decision_id, 'released_at', q.released_at,
        'released_by', q.released_by, 'release_reason', q.release_reason)
FROM hone.quarantines q;
COMMENT ON VIEW hone.lineage_events IS
    'what else belongs to a checkpoint, one row a thing, by an index on the checkpoint. A migration that records more '
    'of what went into one (labels, rewards) replaces this view by the same columns with one branch more; '
    'hone.lineage shows it without a change';

CREATE FUNCTION hone.ancestors(checkpoint bigint) RETURNS TABLE (generation integer, checkpoint_id bigint)
LANGUAGE sql STABLE ROWS 10 SET search_path = pg_catalog, hone AS $$
    WITH RECURSIVE line AS (
        SELECT 0 AS generation, c.id, c.parent_id FROM hone.checkpoints c WHERE c.id = ancestors.checkpoint
        UNION ALL
        SELECT l.generation + 1, c.id, c.parent_id FROM line l JOIN hone.checkpoints c ON c.id = l.parent_id
    )
    SELECT l.generation, l.id FROM line l;
$$;
COMMENT ON FUNCTION hone.ancestors IS 'a checkpoint (0), what its training started from (1), and so on';

CREATE FUNCTION hone.lineage(checkpoint bigint) RETURNS TABLE (
    generation integer, checkpoint_id bigint, model text, parent_id bigint, step bigint, created_at timestamptz,
    config jsonb, metrics jsonb, dataset_cut jsonb, seed bigint, files jsonb, job_id bigint, payload jsonb,
    code_version text, worker text, worker_code_version text, run_id bigint, pipeline text, pipeline_hash text,
    params jsonb, run_code_version text, events jsonb
)
LANGUAGE sql STABLE SECURITY DEFINER ROWS 10 SET search_path = pg_catalog, hone AS $$
    SELECT a.generation, c.id, m.name, c.parent_id, c.step, c.created_at, c.config, c.metrics, c.dataset_cut, c.seed,
        f.files, c.job_id, t.payload, c.code_version, w.name, w.code_version, r.id, p.name, p.hash, r.params,
        r.code_version, v.events
    FROM hone.ancestors(lineage.checkpoint) a
    JOIN hone.checkpoints c ON c.id = a.checkpoint_id
    JOIN hone.models m ON m.id = c.model_id
    LEFT JOIN hone.tasks t ON t.id = c.job_id
    LEFT JOIN hone.task_attempts x ON x.job_id = c.job_id AND x.fence = c.fence
    LEFT JOIN hone.workers w ON w.id = x.worker_id
    LEFT JOIN hone.runs r ON r.id = coalesce(c.run_id, t.run_id)
    LEFT JOIN hone.pipelines p ON p.hash = r.pipeline_hash
    CROSS JOIN LATERAL (
        SELECT coalesce(jsonb_object_agg(f.path, encode(f.sha256, 'hex')), '{}') AS files
        FROM hone.checkpoint_files f WHERE f.checkpoint_id = c.id
    ) f
    CROSS JOIN LATERAL (
        SELECT coalesce(jsonb_agg(
            jsonb_build_object('kind', e.kind, 'id', e.id, 'at', e.at) || e.detail ORDER BY e.at, e.kind, e.id), '[]')
            AS events
        FROM hone.lineage_events e WHERE e.checkpoint_id = c.id
    ) v
    ORDER BY a.generation;
$$;
COMMENT ON FUNCTION hone.lineage IS
    'everything that led to a checkpoint, one row for it and each ancestor: data cut, configuration, job, run, code, '
    'files, and as events its evaluations, gate decisions, promotions, canaries and quarantines';

CREATE FUNCTION hone.lineage_prompts(checkpoint bigint) RETURNS TABLE (
    generation integer, checkpoint_id bigint, use text, example_id bigint, dataset text, split text, prompt text,
    answer text, source text, arrived_at timestamptz, sample_id bigint, verdict text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
    SELECT a.generation, c.id, 'trained', e.id, d.name, e.split, e.prompt, e.answer, e.source, e.arrived_at,
        NULL::bigint, NULL::text
    FROM hone.ancestors(lineage_prompts.checkpoint) a
    JOIN hone.checkpoints c ON c.id = a.checkpoint_id
    JOIN hone.datasets d ON d.name = c.dataset_cut ->> 'dataset'
    CROSS JOIN LATERAL unnest((c.dataset_cut ->> 'ids')::int8multirange) AS ids
    CROSS JOIN LATERAL (
        SELECT * FROM hone.examples e
        WHERE e.dataset_id = d.id AND e.split = c.dataset_cut ->> 'split' AND e.id >= lower(ids) AND e.id < upper(ids)
    ) e
    UNION ALL
    SELECT a.generation, v.checkpoint_id, 'evaluated', e.id, d.name, e.split, e.prompt, e.answer, e.source,
        e.arrived_at, s.id, s.verdict
    FROM hone.ancestors(lineage_prompts.checkpoint) a
    JOIN hone.evaluations v ON v.checkpoint_id = a.checkpoint_id
    JOIN hone.datasets d ON d.id = v.dataset_id
    JOIN hone.samples s ON s.job_id = v.job_id AND s.checkpoint_id = v.checkpoint_id
    JOIN hone.examples e ON e.id = s.example_id;
$$;
COMMENT ON FUNCTION hone.lineage_prompts IS
    'every prompt that a checkpoint or an ancestor was trained on, or was measured on with what became of it';

-- Rights ------------------------------------------------------------------------------------------------------------

REVOKE ALL ON FUNCTION hone.check_quarantine, hone.refuse_quarantined, hone.require_checkpoint, hone.quarantine,
    hone.release_checkpoint, hone.check_canary, hone.end_canary, hone.open_decision, hone.canary, hone.ancestors,
    hone.lineage, hone.lineage_prompts FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hone.quarantine, hone.ancestors, hone.lineage, hone.lineage_prompts
    TO hone_worker, hone_admin;
GRANT EXECUTE ON FUNCTION hone.release_checkpoint, hone.canary TO hone_admin;
GRANT SELECT ON hone.quarantines, hone.canaries, hone.lineage_events TO hone_worker, hone_admin;
