-- What a run of the learning loop came to: before and after, the gate's word, and what the served model came from.
\set QUIET on
\pset footer off
\pset border 0
\echo
\echo Before and after, on prompts that neither was trained on:
SELECT s.suite, (s.finding #>> '{comparison,count}')::integer AS prompts,
    round(100 * (s.finding #>> '{active,accuracy,value}')::numeric, 1) AS "before %",
    round(100 * (s.finding #>> '{candidate,accuracy,value}')::numeric, 1) AS "after %",
    format('%s (95 %%: %s to %s)', round(100 * (s.finding #>> '{comparison,difference}')::numeric, 1),
        round(100 * (s.finding #>> '{comparison,lower}')::numeric, 1),
        round(100 * (s.finding #>> '{comparison,upper}')::numeric, 1)) AS "points gained"
FROM hone.gate_decisions d
CROSS JOIN LATERAL (
    SELECT 0 AS place, 'target: ' || (d.evidence #>> '{target,name}') AS suite, d.evidence -> 'target' AS finding
    UNION ALL
    SELECT n, 'guard: ' || (g ->> 'name'), g
    FROM jsonb_array_elements(d.evidence -> 'guards') WITH ORDINALITY AS x(g, n)
) s
WHERE d.id = (
    SELECT max(g.id) FROM hone.gate_decisions g JOIN hone.models m ON m.id = g.model_id WHERE m.name = :'model')
ORDER BY s.place;

\echo
\echo The gate, and what is served:
SELECT format('checkpoint %s, %s: %s', g.candidate_id, CASE WHEN g.passed THEN 'passed' ELSE 'blocked' END, g.reason)
    AS decision
FROM hone.gate_decisions g JOIN hone.models m ON m.id = g.model_id
WHERE m.name = :'model' ORDER BY g.id;
SELECT model, checkpoint_id AS served, previous_id AS before, active_since
FROM hone.active_checkpoints WHERE model = :'model';

\echo
\echo Where it comes from (hone.lineage has all of it):
SELECT l.generation, l.checkpoint_id AS checkpoint, l.model, j.kind AS "made by", l.step AS steps,
    coalesce(l.dataset_cut ->> 'freeze', l.dataset_cut ->> 'dataset') AS data,
    (SELECT string_agg(DISTINCT e ->> 'kind', ', ') FROM jsonb_array_elements(l.events) e) AS record
FROM hone.active_checkpoints a CROSS JOIN LATERAL hone.lineage(a.checkpoint_id) l JOIN hone.job_status j ON j.id = l.job_id
WHERE a.model = :'model' ORDER BY l.generation, l.checkpoint_id;
SELECT x.kind AS labels, x.source, count(DISTINCT x.labeller) AS labellers, count(DISTINCT x.label_id) AS given
FROM hone.active_checkpoints a CROSS JOIN LATERAL hone.lineage_labels(a.checkpoint_id) x
WHERE a.model = :'model' GROUP BY 1, 2;
