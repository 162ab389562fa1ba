-- What reward models and the policies they judged were made of: freezes of labels, and checkpoints that judged.

INSERT INTO hone.kinds (kind, description) VALUES
    ('train.dpo', 'train the policy on preferences directly'),
    ('sample', 'answer the prompts of a dataset, and ask labellers about the answers'),
    ('freeze', 'take a named cut of labels that training jobs read');

ALTER TABLE hone.checkpoints ADD COLUMN freeze_id bigint REFERENCES hone.freezes;
COMMENT ON COLUMN hone.checkpoints.freeze_id IS 'the labels that it was trained on; null: examples, see dataset_cut';

CREATE TABLE hone.checkpoint_judges (
    checkpoint_id bigint NOT NULL REFERENCES hone.checkpoints,
    judge_id bigint NOT NULL REFERENCES hone.checkpoints CHECK (judge_id < checkpoint_id),
    role text NOT NULL CHECK (role IN ('outcome', 'process')),
    PRIMARY KEY (checkpoint_id, judge_id, role)
);
COMMENT ON TABLE hone.checkpoint_judges IS 'which reward models gave the rewards that a checkpoint was trained by';

-- Lineage -----------------------------------------------------------------------------------------------------------

CREATE OR REPLACE VIEW hone.lineage_events AS
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
FROM hone.quarantines q
UNION ALL
SELECT c.id, 'labels', f.id, f.created_at,
    f.selection - 'kind' || jsonb_build_object('freeze', f.name, 'form', f.form, 'rows', f.row_count,
        'sha256', encode(f.sha256, 'hex'), 'actor', f.actor)
FROM hone.checkpoints c JOIN hone.freezes f ON f.id = c.freeze_id
UNION ALL
SELECT j.checkpoint_id, 'judge', j.judge_id, c.created_at, jsonb_build_object('role', j.role, 'model', m.name)
FROM hone.checkpoint_judges j
JOIN hone.checkpoints c ON c.id = j.judge_id
JOIN hone.models m ON m.id = c.model_id;

CREATE OR REPLACE FUNCTION hone.ancestors(checkpoint bigint)
RETURNS TABLE (generation integer, checkpoint_id bigint)
LANGUAGE sql STABLE ROWS 10 SET search_path = pg_catalog, hone AS $$
    WITH RECURSIVE line AS (
        SELECT 0 AS generation, c.id FROM hone.checkpoints c WHERE c.id = ancestors.checkpoint
        UNION
        SELECT l.generation + 1, p.id FROM line l CROSS JOIN LATERAL (
            SELECT c.parent_id AS id FROM hone.checkpoints c WHERE c.id = l.id AND c.parent_id IS NOT NULL
            UNION ALL
            SELECT j.judge_id FROM hone.checkpoint_judges j WHERE j.checkpoint_id = l.id
        ) p
    )
    SELECT min(l.generation), l.id FROM line l GROUP BY l.id ORDER BY 1, 2;
$$;
COMMENT ON FUNCTION hone.ancestors IS
    'a checkpoint (0), what its training started from and the reward models that judged it (1), and so on; each '
    'once, as near as it is';

COMMENT ON FUNCTION hone.lineage IS
    'everything that led to a checkpoint, one row for it, each ancestor and each reward model: data cut, '
    'configuration, job, run, code, files, and as events its labels, judges, evaluations, gate decisions, promotions, canaries and '
    'quarantines';

CREATE FUNCTION hone.lineage_labels(checkpoint bigint) RETURNS TABLE (
    generation integer, checkpoint_id bigint, freeze_name text, row_number bigint, prompt text, task_id bigint,
    label_id bigint, kind text, source text, labeller text, judgement jsonb, labelled_at timestamptz, sample_id bigint,
    other_id bigint
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
    SELECT a.generation, c.id, f.name, r.ordinal, r.content ->> 'prompt', t.id, l.id, t.kind, l.source, p.name,
        l.judgement, l.created_at, t.sample_id, t.other_id
    FROM hone.ancestors(lineage_labels.checkpoint) a
    JOIN hone.checkpoints c ON c.id = a.checkpoint_id
    JOIN hone.freezes f ON f.id = c.freeze_id
    JOIN hone.freeze_rows r ON r.freeze_id = f.id
    CROSS JOIN LATERAL jsonb_array_elements(r.content -> 'labels') AS n(label)
    JOIN hone.labels l ON l.id = n.label::bigint
    JOIN hone.label_tasks t ON t.id = l.task_id
    JOIN hone.labellers p ON p.id = l.labeller_id
    ORDER BY a.generation, c.id, r.ordinal, l.id;
$$;
COMMENT ON FUNCTION hone.lineage_labels IS
    'every label that a checkpoint, an ancestor or one of their reward models was trained on, and who gave it';

-- Rights ------------------------------------------------------------------------------------------------------------

REVOKE ALL ON FUNCTION hone.lineage_labels FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hone.lineage_labels TO hone_worker, hone_admin;
GRANT SELECT, INSERT ON hone.checkpoint_judges TO hone_worker, hone_admin;
