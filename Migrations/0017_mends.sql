-- Mends: what was passed over is counted, and what cannot be is refused by name.

-- Imported labels ---------------------------------------------------------------------------------------------------

-- A labeller labels a task once where it was asked. Of what was published, it may have said several things: an origin
-- is often one name for many people.
DROP INDEX hone.labels_once;
CREATE UNIQUE INDEX labels_once ON hone.labels (
    task_id, labeller_id, coalesce(supersedes, 0),
    (CASE WHEN job_id IS NULL THEN jsonb_hash_extended(judgement - 'comment', 0) ELSE 0 END));
COMMENT ON FUNCTION hone.import_labels IS
    'adds published labels {kind, source, labeller, prompt, reference, answers, judgement, at}; returns how many were '
    'new. What the same judge said of the same content before is passed over, the opposite is a label of its own';

-- Judgements and questions ------------------------------------------------------------------------------------------

-- As in 0005_labels.sql, but for the example, which is of the task's kind whatever is wrong.
CREATE OR REPLACE FUNCTION hone.check_judgement(kind text, judgement jsonb, step_count integer) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, hone AS $$
DECLARE
    known text[] := '{comment}' || CASE kind
        WHEN 'preference' THEN '{choice,strength}'::text[]
        WHEN 'steps' THEN '{ratings}'
        WHEN 'rating' THEN '{rating}'
        ELSE '{steps,answer}' END;
    example text := CASE kind
        WHEN 'preference' THEN '{"choice": "left", "strength": 2}'
        WHEN 'steps' THEN '{"ratings": [1, 1, -1]}'
        WHEN 'rating' THEN '{"rating": 4}'
        ELSE '{"steps": ["17+25=42"], "answer": "42"}' END;
    fault text;
BEGIN
    IF judgement IS NULL OR jsonb_typeof(judgement) <> 'object' THEN
        fault := 'is not a JSON object';
    ELSIF EXISTS (SELECT FROM jsonb_object_keys(judgement) k WHERE k <> ALL (known)) THEN
        fault := 'has a key that it does not know; it knows ' || array_to_string(known, ', ');
    ELSIF judgement ? 'comment' AND jsonb_typeof(judgement -> 'comment') <> 'string' THEN
        fault := 'has a "comment" that is no text';
    ELSIF pg_column_size(judgement) > 262144 THEN
        fault := 'is larger than 256 KiB';
    ELSIF kind = 'preference' THEN
        fault := CASE
            WHEN coalesce(judgement ->> 'choice' NOT IN ('left', 'right', 'tie', 'neither'), true)
                THEN 'needs a "choice": left, right, tie or neither (both bad)'
            WHEN judgement ? 'strength' AND coalesce(judgement ->> 'strength' !~ '^[1-4]$', true)
                THEN 'has a "strength" that is not 1, 2, 3 or 4'
            WHEN judgement ? 'strength' AND judgement ->> 'choice' IN ('tie', 'neither')
                THEN 'has a "strength" though neither side is preferred'
        END;
    ELSIF kind = 'steps' THEN
        fault := CASE
            WHEN coalesce(jsonb_typeof(judgement -> 'ratings') <> 'array', true) THEN 'needs "ratings", an array'
            WHEN EXISTS (SELECT FROM jsonb_array_elements(judgement -> 'ratings') r
                WHERE r NOT IN ('1', '0', '-1', 'null')) THEN 'has a rating that is not 1, 0, -1 or null'
            WHEN judgement -> 'ratings' <@ '[null]' THEN 'rates no step'
            WHEN jsonb_array_length(judgement -> 'ratings') > step_count
                OR jsonb_array_length(judgement -> 'ratings') < step_count AND judgement -> 'ratings' -> -1 <> '-1'
                THEN format('rates %s of %s steps; it may stop early only at a bad step',
                    jsonb_array_length(judgement -> 'ratings'), step_count)
        END;
    ELSIF kind = 'rating' THEN
        fault := CASE WHEN coalesce(judgement ->> 'rating' !~ '^[1-5]$', true) THEN 'needs a "rating" from 1 to 5' END;
    ELSE
        fault := CASE
            WHEN coalesce(jsonb_typeof(judgement -> 'steps') <> 'array', true)
                OR jsonb_path_exists(judgement, 'strict $.steps[*] ? (@.type() != "string")', silent => true)
                THEN 'needs "steps", an array of lines'
            WHEN coalesce(jsonb_typeof(judgement -> 'answer') <> 'string', true)
                OR btrim(judgement ->> 'answer') = '' THEN 'needs an "answer"'
        END;
    END IF;
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION 'the judgement of a % task %', kind, fault USING ERRCODE = 'HN003',
            HINT = 'For example ' || example;
    END IF;
END $$;

-- As in 0005_labels.sql, but for no fence, under which nobody holds anything.
CREATE OR REPLACE FUNCTION hone.label_resubmit(job bigint, fence bigint, judgement jsonb) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
DECLARE
    given hone.labels;
    redo bigint;
    label bigint;
BEGIN
    SELECT * INTO given FROM hone.labels l
    WHERE l.job_id = label_resubmit.job ORDER BY l.id DESC LIMIT 1 FOR NO KEY UPDATE;
    -- The lock waited for whoever superseded it meanwhile.
    IF EXISTS (SELECT FROM hone.labels n WHERE n.supersedes = given.id) THEN
        SELECT * INTO given FROM hone.labels l WHERE l.supersedes = given.id;
    END IF;
    PERFORM hone.check_labeller(l.name) FROM hone.labellers l WHERE l.id = given.labeller_id;
    IF given.fence = label_resubmit.fence AND given.judgement = label_resubmit.judgement THEN
        RETURN given.id;
    END IF;
    SELECT max(u.fence) INTO redo FROM hone.label_undos u WHERE u.label_id = given.id;
    IF redo IS NULL OR redo IS DISTINCT FROM label_resubmit.fence THEN
        RAISE EXCEPTION 'lease lost: job % is no longer held under fence %', job, coalesce(fence::text, 'NULL')
            USING ERRCODE = 'HN001',
            HINT = CASE WHEN given.fence = label_resubmit.fence THEN 'It has a label; hone.label_undo opens it again.'
                ELSE 'Somebody else may hold it now; take another by hone.label_next.' END;
    ELSIF given.undo_until < clock_timestamp() THEN
        RAISE EXCEPTION 'the time to change label % is over', given.id USING ERRCODE = 'HN001';
    END IF;
    INSERT INTO hone.labels (
        task_id, labeller_id, source, job_id, fence, judgement, supersedes, leased_at, undo_until)
    VALUES (given.task_id, given.labeller_id, given.source, given.job_id, redo, label_resubmit.judgement, given.id,
        given.leased_at, given.undo_until)
    RETURNING id INTO label;
    RETURN label;
END $$;

-- As in 0013_label_urgency.sql, but for what an urgency may be.
CREATE OR REPLACE FUNCTION hone.create_label_tasks(
    kind text, checkpoint bigint DEFAULT NULL, dataset text DEFAULT NULL, other_checkpoint bigint DEFAULT NULL,
    per_prompt integer DEFAULT NULL, wanted integer DEFAULT 1, source text DEFAULT 'person',
    priority integer DEFAULT 0, seed bigint DEFAULT 0, urgency jsonb DEFAULT '{}'
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
DECLARE
    made bigint[];
    band record;
BEGIN
    IF checkpoint IS NULL AND dataset IS NULL THEN
        RAISE EXCEPTION 'say which samples: of a checkpoint, of a dataset or both' USING ERRCODE = 'HN003';
    ELSIF kind IS NULL OR kind NOT IN ('preference', 'steps', 'rating', 'correction') THEN
        RAISE EXCEPTION 'unknown kind of label task: %', coalesce(quote_literal(kind), 'NULL')
            USING ERRCODE = 'HN003', HINT = 'Kinds are preference, steps, rating and correction.';
    ELSIF source IS NULL OR source NOT IN ('person', 'simulated', 'verifier') THEN
        RAISE EXCEPTION 'unknown source of labels: %', coalesce(quote_literal(source), 'NULL')
            USING ERRCODE = 'HN003', HINT = 'Sources are person, simulated and verifier.';
    ELSIF wanted IS NULL OR wanted NOT BETWEEN 1 AND 100 OR per_prompt < 1 THEN
        RAISE EXCEPTION 'a task wants 1 to 100 labels, and a prompt at least 1 task' USING ERRCODE = 'HN003';
    ELSIF other_checkpoint IS NOT NULL AND (kind <> 'preference' OR checkpoint IS NULL) THEN
        RAISE EXCEPTION 'two checkpoints can only be compared by preferences' USING ERRCODE = 'HN003';
    ELSIF checkpoint IS NOT NULL AND NOT EXISTS (SELECT FROM hone.checkpoints c WHERE c.id = checkpoint)
        OR other_checkpoint IS NOT NULL
            AND NOT EXISTS (SELECT FROM hone.checkpoints c WHERE c.id = other_checkpoint) THEN
        RAISE EXCEPTION 'there is no checkpoint %', concat_ws(' or ', checkpoint, other_checkpoint)
            USING ERRCODE = 'HN003';
    ELSIF dataset IS NOT NULL AND NOT EXISTS (SELECT FROM hone.datasets d WHERE d.name = dataset) THEN
        RAISE EXCEPTION 'there is no dataset %', quote_literal(dataset) USING ERRCODE = 'HN003';
    ELSIF jsonb_typeof(urgency) IS DISTINCT FROM 'object' THEN
        RAISE EXCEPTION 'urgency is an object of whole numbers by prompt' USING ERRCODE = 'HN003',
            HINT = 'For example {"17+25=?": 3}.';
    ELSIF EXISTS (SELECT FROM jsonb_each(urgency) u WHERE u.value::text !~ '^-?[0-9]{1,4}$') THEN
        RAISE EXCEPTION 'the urgency of % is no whole number from -9999 to 9999', (
            SELECT quote_literal(u.key) FROM jsonb_each(urgency) u WHERE u.value::text !~ '^-?[0-9]{1,4}$' LIMIT 1)
            USING ERRCODE = 'HN003', HINT = 'For example {"17+25=?": 3}.';
    END IF;
    WITH chosen AS MATERIALIZED (
        SELECT s.id, s.prompt, s.text, s.checkpoint_id, s.steps FROM hone.samples s
        WHERE (create_label_tasks.checkpoint IS NULL
                OR s.checkpoint_id IN (create_label_tasks.checkpoint, create_label_tasks.other_checkpoint))
          AND (create_label_tasks.dataset IS NULL OR s.example_id IN (
                SELECT e.id FROM hone.examples e JOIN hone.datasets d ON d.id = e.dataset_id
                WHERE d.name = create_label_tasks.dataset))
    ), asked AS (
        SELECT a.prompt, least(a.id, b.id) AS sample_id, greatest(a.id, b.id) AS other_id
        FROM chosen a JOIN chosen b ON a.prompt = b.prompt AND a.text <> b.text
            AND CASE WHEN create_label_tasks.other_checkpoint IS NULL THEN a.id < b.id
                ELSE a.checkpoint_id = create_label_tasks.checkpoint
                    AND b.checkpoint_id = create_label_tasks.other_checkpoint END
        WHERE create_label_tasks.kind = 'preference'
        UNION ALL
        SELECT c.prompt, c.id, NULL FROM chosen c
        WHERE create_label_tasks.kind <> 'preference'
          AND (create_label_tasks.kind <> 'steps' OR jsonb_array_length(c.steps) > 0)
    ), ranked AS (
        SELECT a.*, row_number() OVER (
            PARTITION BY a.prompt ORDER BY hashint8extended(a.sample_id, create_label_tasks.seed)
                # hashint8extended(coalesce(a.other_id, 0), create_label_tasks.seed), a.sample_id, a.other_id) AS place
        FROM asked a
    ), stored AS (
        INSERT INTO hone.label_tasks (kind, source, wanted, sample_id, other_id)
        SELECT create_label_tasks.kind, create_label_tasks.source, create_label_tasks.wanted, r.sample_id, r.other_id
        FROM ranked r
        WHERE create_label_tasks.per_prompt IS NULL OR r.place <= create_label_tasks.per_prompt
        -- Those of one prompt far apart: nobody sees the same question again and again.
        ORDER BY r.place, r.sample_id, r.other_id
        ON CONFLICT DO NOTHING
        RETURNING id
    )
    SELECT coalesce(array_agg(s.id ORDER BY s.id), '{}') INTO made FROM stored s;
    FOR band IN
        SELECT coalesce((create_label_tasks.urgency ->> s.prompt)::integer, 0) AS urgency,
            array_agg(t.id ORDER BY t.id) AS tasks
        FROM hone.label_tasks t JOIN hone.samples s ON s.id = t.sample_id
        WHERE t.id = ANY (made) GROUP BY 1 ORDER BY 1 DESC
    LOOP
        PERFORM hone.add_label_slots(band.tasks, hone.label_queue(kind, source), priority - band.urgency);
    END LOOP;
    RETURN cardinality(made);
END $$;

-- As in 0012_gold.sql, but for samples of what there is not.
CREATE OR REPLACE FUNCTION hone.gold_of_samples(
    kind text, checkpoint bigint DEFAULT NULL, dataset text DEFAULT NULL, count integer DEFAULT 50,
    seed bigint DEFAULT 0
) RETURNS SETOF jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
BEGIN
    IF kind IS NULL OR kind NOT IN ('preference', 'steps') THEN
        RAISE EXCEPTION 'the verifier knows preferences and steps only, not %', coalesce(quote_literal(kind), 'NULL')
            USING ERRCODE = 'HN003', HINT = 'Questions of other kinds come from a file.';
    ELSIF checkpoint IS NULL AND dataset IS NULL THEN
        RAISE EXCEPTION 'say which samples: of a checkpoint, of a dataset or both' USING ERRCODE = 'HN003';
    ELSIF checkpoint IS NOT NULL AND NOT EXISTS (SELECT FROM hone.checkpoints c WHERE c.id = checkpoint) THEN
        RAISE EXCEPTION 'there is no checkpoint %', checkpoint USING ERRCODE = 'HN003';
    ELSIF dataset IS NOT NULL AND NOT EXISTS (SELECT FROM hone.datasets d WHERE d.name = dataset) THEN
        RAISE EXCEPTION 'there is no dataset %', quote_literal(dataset) USING ERRCODE = 'HN003';
    END IF;
    RETURN QUERY
    WITH chosen AS (
        SELECT s.*, e.answer AS reference FROM hone.samples s LEFT JOIN hone.examples e ON e.id = s.example_id
        WHERE (gold_of_samples.checkpoint IS NULL OR s.checkpoint_id = gold_of_samples.checkpoint)
          AND (gold_of_samples.dataset IS NULL OR s.example_id IN (
            SELECT x.id FROM hone.examples x JOIN hone.datasets d ON d.id = x.dataset_id
            WHERE d.name = gold_of_samples.dataset))
    ), sure AS (
        SELECT a.prompt, a.reference, a.id AS sample_id, b.id AS other_id, '{"choice": "left"}'::jsonb AS known
        FROM chosen a JOIN chosen b ON b.prompt = a.prompt
        WHERE gold_of_samples.kind = 'preference' AND a.verdict = 'correct' AND b.verdict = 'wrong'
        UNION ALL
        SELECT c.prompt, c.reference, c.id, NULL, jsonb_build_object('ratings', r.ratings)
        FROM chosen c CROSS JOIN LATERAL (
            SELECT jsonb_agg(CASE WHEN o.ok THEN 1 ELSE -1 END ORDER BY o.place) AS ratings,
                bool_and(o.ok IS NOT NULL) AS is_sure
            FROM (
                SELECT (s.step ->> 'ok')::boolean AS ok, s.place,
                    coalesce(bool_or((s.step ->> 'ok')::boolean = false) OVER (
                        ORDER BY s.place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), false) AS is_after
                FROM jsonb_array_elements(c.steps) WITH ORDINALITY AS s(step, place)
            ) o WHERE NOT o.is_after
        ) r
        WHERE gold_of_samples.kind = 'steps' AND r.is_sure
    ), ranked AS (
        SELECT DISTINCT ON (s.prompt) s.* FROM sure s
        ORDER BY s.prompt, hashint8extended(s.sample_id, gold_of_samples.seed), s.other_id
    )
    SELECT jsonb_strip_nulls(jsonb_build_object(
        'kind', gold_of_samples.kind, 'prompt', r.prompt, 'reference', r.reference, 'answers',
        jsonb_build_array(hone.label_answer(a)) || CASE
            WHEN r.other_id IS NULL THEN '[]' ELSE jsonb_build_array(hone.label_answer(b)) END)) ||
        jsonb_build_object('judgement', r.known)
    FROM ranked r JOIN hone.samples a ON a.id = r.sample_id LEFT JOIN hone.samples b ON b.id = r.other_id
    ORDER BY hashint8extended(r.sample_id, gold_of_samples.seed + 1), r.sample_id LIMIT gold_of_samples.count;
END $$;

-- Promotion ---------------------------------------------------------------------------------------------------------

-- As in 0007_gate.sql, but for a checkpoint that the model does not have.
CREATE OR REPLACE FUNCTION hone.open_decision(model_id integer, model text, checkpoint bigint, served bigint)
RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, hone AS $$
DECLARE
    decision bigint;
BEGIN
    PERFORM hone.require_checkpoint(open_decision.model_id, open_decision.model, open_decision.checkpoint);
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

-- Cancelling --------------------------------------------------------------------------------------------------------

-- As in 0001_queue.sql, but for a job that was tried before: it was cancelled between two attempts, and the attempts
-- count.
CREATE OR REPLACE FUNCTION hone.cancel(job bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
DECLARE
    holder integer;
    tried integer;
BEGIN
    FOR round IN 1..1000 LOOP
        DELETE FROM hone.task_ready r WHERE r.job_id = cancel.job RETURNING r.attempt INTO tried;
        IF NOT FOUND THEN
            DELETE FROM hone.task_due d WHERE d.job_id = cancel.job RETURNING d.attempt INTO tried;
        END IF;
        IF NOT FOUND THEN DELETE FROM hone.task_blocked b WHERE b.job_id = cancel.job; END IF;
        IF FOUND THEN
            PERFORM hone.finish_unrun(ARRAY[cancel.job], CASE WHEN tried > 0
                THEN 'cancelled before its next attempt' ELSE 'cancelled before it ran' END, NULL);
            PERFORM hone.cancel_dependents(cancel.job);
            RETURN true;
        END IF;
        UPDATE hone.task_leases l SET cancel_at = coalesce(l.cancel_at, clock_timestamp()) WHERE l.job_id = cancel.job
        RETURNING l.worker_id INTO holder;
        IF FOUND THEN
            PERFORM pg_notify('hone_cancel', holder::text);
            RETURN true;
        END IF;
        IF EXISTS (SELECT FROM hone.task_results r WHERE r.job_id = cancel.job) THEN
            RETURN false;
        END IF;
        IF NOT EXISTS (SELECT FROM hone.tasks t WHERE t.id = cancel.job) THEN
            RAISE EXCEPTION 'there is no job %', coalesce(cancel.job::text, 'NULL') USING ERRCODE = 'HN004';
        END IF;
    END LOOP;
    RAISE EXCEPTION 'job % moves too fast to cancel it', cancel.job USING ERRCODE = 'HN005', HINT = 'Try again.';
END $$;

CREATE OR REPLACE VIEW hone.job_status AS
SELECT p.job_id AS id, l.kind, q.name AS queue, l.priority, p.state,
    coalesce(p.attempt, a.attempt, (
        SELECT max(e.attempt) FROM hone.task_attempts e WHERE e.job_id = p.job_id AND e.outcome = 'failed'
    ), 0::smallint) AS attempt,
    t.max_attempts,
    CASE WHEN p.finished_at IS NOT NULL THEN p.error ELSE (
        SELECT e.error FROM hone.task_attempts e
        WHERE e.job_id = p.job_id AND e.error IS NOT NULL ORDER BY e.fence DESC LIMIT 1
    ) END AS error,
    p.progress,
    w.name AS worker,
    coalesce(p.due_at, t.run_at, t.created_at) AS run_at,
    t.created_at,
    coalesce(p.started_at, a.started_at) AS started_at,
    p.finished_at,
    p.cancel_at AS cancel_requested_at,
    t.run_id, t.stage
FROM hone.job_states p
JOIN hone.tasks t ON t.id = p.job_id
JOIN hone.lanes l ON l.id = t.lane_id
JOIN hone.queues q ON q.id = l.queue_id
LEFT JOIN hone.task_attempts a ON a.job_id = p.job_id AND a.fence = p.fence
LEFT JOIN hone.workers w ON w.id = coalesce(p.worker_id, a.worker_id);

-- As in 0014_batches.sql, but for what an interrupted submit left behind: none of it became a job, so it goes.
CREATE OR REPLACE FUNCTION hone.cancel_batch(batch bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
DECLARE
    opened hone.batches;
    cancelled bigint;
BEGIN
    SELECT * INTO opened FROM hone.batches b WHERE b.id = cancel_batch.batch;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no batch %', coalesce(batch::text, 'NULL') USING ERRCODE = 'HN004';
    END IF;
    IF opened.submitted_at IS NULL THEN
        -- The locks of hone.open_batch: nobody reads the file now, and nobody begins to.
        PERFORM pg_advisory_xact_lock(hashtextextended(encode(opened.sha256, 'hex'), 14));
        IF NOT pg_try_advisory_xact_lock(1752133222, opened.id::integer) THEN
            RAISE EXCEPTION 'batch %: a process is reading its file now', batch USING ERRCODE = 'HN005',
                HINT = 'Stop that process, or cancel the batch when it has been submitted.';
        END IF;
        DELETE FROM hone.batch_staging s WHERE s.batch_id = cancel_batch.batch;
        DELETE FROM hone.batches b WHERE b.id = cancel_batch.batch AND b.submitted_at IS NULL;
        IF FOUND THEN
            RETURN 0;
        END IF;
    END IF;
    UPDATE hone.batches b SET cancelled_at = coalesce(b.cancelled_at, clock_timestamp())
    WHERE b.id = cancel_batch.batch;
    SELECT count(*) FILTER (WHERE hone.cancel(l.job_id)) INTO cancelled
    FROM hone.batch_lines l LEFT JOIN hone.task_results r ON r.job_id = l.job_id
    WHERE l.batch_id = cancel_batch.batch AND l.job_id IS NOT NULL AND r.job_id IS NULL;
    RETURN cancelled;
END $$;
COMMENT ON FUNCTION hone.cancel_batch IS
    'cancels the jobs of a batch that have not ended; answers that are there stay. A batch whose file '
    'was never read to its end is removed';

-- Who takes what ----------------------------------------------------------------------------------------------------

CREATE FUNCTION hone.is_taken(kind text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
    SELECT EXISTS (
        SELECT FROM hone.workers w
        WHERE w.stopped_at IS NULL AND CASE WHEN w.capabilities ? 'kinds'
            THEN w.capabilities -> 'kinds' ? is_taken.kind
            -- A worker of an earlier version; a labeller has no session.
            ELSE w.session_at IS NOT NULL END);
$$;
COMMENT ON FUNCTION hone.is_taken IS
    'whether a worker runs that takes jobs of the kind, or one that does not say what it takes';
REVOKE ALL ON FUNCTION hone.is_taken FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hone.is_taken TO hone_producer, hone_worker, hone_admin;
