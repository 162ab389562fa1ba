-- The numbers of docs/labels.md, on a database of its own that is thrown away afterwards:
--   createdb labels_large && hone migrate --database-url postgresql:///labels_large
--   psql -d labels_large -f Tests/Measurements/labels.sql
--   pgbench -n -d labels_large -c 8 -T 12 -f Tests/Measurements/label_slot.pgbench
--
-- 500,000 preference tasks that want 3 labels: 400,000 are done by 300 labellers, which makes 1,200,000 labels; of the
-- 100,000 that are open, labeller l1 has answered 20,000 at the head of the lane, the worst case for its next slot.
\set ON_ERROR_STOP 1
SET session_replication_role = replica;
INSERT INTO hone.models (name) VALUES ('m');
INSERT INTO hone.checkpoints (model_id, step, config) VALUES (1, 1, '{}'), (1, 2, '{}');
SELECT hone.ingest('d', ARRAY(
    SELECT jsonb_build_object('prompt', format('question number %s with a few more words in it: %s+1=?', n, n),
        'answer', (n + 1)::text)
    FROM generate_series(1, 50000) n));
INSERT INTO hone.samples (
    job_id, fence, ordinal, checkpoint_id, example_id, prompt, text, token_ids, steps, finish_reason)
SELECT 100000000 + e.id, 1, k, 1 + k % 2, e.id, e.prompt, repeat(e.prompt || ' try ' || k || E'\n', 4), '{1,2,3}',
    '[{"text": "s1", "ok": true}, {"text": "s2", "ok": null}]', 'stop'
FROM hone.examples e, generate_series(0, 4) k;
SELECT hone.create_label_tasks('preference', dataset => 'd', wanted => 3);

INSERT INTO hone.workers (name, host, pid, code_version) SELECT 'l' || n, '', 0, 'label' FROM generate_series(1, 300) n;
INSERT INTO hone.labellers (name, source, worker_id) SELECT w.name, 'person', w.id FROM hone.workers w ORDER BY w.id;
CREATE TEMP TABLE done AS
SELECT s.job_id, s.task_id, 1 + (s.task_id * 7 + s.ordinal * 101)::integer % 300 AS labeller,
    1000 + row_number() OVER (ORDER BY s.job_id) AS fence
FROM hone.label_slots s WHERE s.task_id <= 400000
UNION ALL
SELECT s.job_id, s.task_id, 1, 4000000 + row_number() OVER (ORDER BY s.job_id)
FROM hone.label_slots s WHERE s.task_id BETWEEN 400001 AND 420000 AND s.ordinal = 1;
DELETE FROM hone.task_ready r USING done d WHERE d.job_id = r.job_id;
INSERT INTO hone.task_attempts (job_id, fence, attempt, worker_id, outcome, started_at)
SELECT job_id, fence, 1, labeller, 'succeeded', now() - interval '1 hour' FROM done;
INSERT INTO hone.task_results (job_id, outcome, fence, result) SELECT job_id, 'succeeded', fence, '{}' FROM done;
INSERT INTO hone.label_claims SELECT task_id, labeller, job_id, fence, true FROM done;
INSERT INTO hone.labels (task_id, labeller_id, source, job_id, fence, judgement, leased_at, undo_until)
SELECT task_id, labeller, 'person', job_id, fence,
    jsonb_build_object('choice', CASE WHEN random() < 0.5 THEN 'left' ELSE 'right' END, 'strength', 2),
    now() - interval '20 s', now() + interval '1 day'
FROM done ORDER BY fence;
SELECT setval('hone.fences', 5000000);
SET session_replication_role = origin;
VACUUM ANALYZE;
SELECT count(*) FROM hone.labels;
SELECT count(*) AS faults FROM hone.label_audit();

\timing on
\echo slots of a new labeller, one after another
SELECT job_id FROM hone.label_next('new person');
SELECT job_id FROM hone.label_next('new person');
SELECT job_id FROM hone.label_next('new person');
\echo l1 walks past its 40,000 slots once, then goes on from its mark
SELECT job_id FROM hone.label_next('l1');
SELECT job_id FROM hone.label_next('l1');
SELECT job_id, fence FROM hone.label_next('l1') \gset
SELECT hone.label_renew(:job_id, :fence);
SELECT hone.label_submit(:job_id, :fence, '{"choice": "left", "strength": 2}');
SELECT fence FROM hone.label_undo('l1');
SELECT job_id, fence FROM hone.label_next('l1') \gset
SELECT hone.label_skip(:job_id, :fence, 'unclear');
SELECT * FROM hone.label_progress('l1');
EXPLAIN (ANALYZE, BUFFERS, COSTS OFF)
SELECT * FROM hone.judgements WHERE label_id > 600000 ORDER BY label_id LIMIT 1000;
EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) SELECT * FROM hone.judgements WHERE task_id = 12345;
EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) SELECT * FROM hone.label_task_status WHERE id = 12345;
EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) SELECT * FROM hone.label_history WHERE task_id = 12345;
