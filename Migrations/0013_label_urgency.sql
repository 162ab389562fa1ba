-- Which questions are asked first: label tasks are made with an urgency by prompt, which is taken off their priority.

DROP FUNCTION hone.create_label_tasks(text, bigint, text, bigint, integer, integer, text, integer, bigint);
CREATE FUNCTION hone.create_label_tasks(
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
        RAISE EXCEPTION 'urgency is an object of numbers by prompt' USING ERRCODE = 'HN003';
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
COMMENT ON FUNCTION hone.create_label_tasks IS
    'asks about the samples of a checkpoint, of a dataset or of both: for preferences about all pairs of different '
    'answers to a prompt, or per_prompt of them chosen by the seed; with other_checkpoint only pairs across the two. '
    'urgency, whole numbers by prompt, is taken off the priority: what is urgent is asked first. What was asked before '
    'is not asked again; returns how many tasks are new';

REVOKE ALL ON FUNCTION hone.create_label_tasks FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hone.create_label_tasks TO hone_producer, hone_worker, hone_admin;
-- A sample stage makes gold questions of its own answers.
GRANT EXECUTE ON FUNCTION hone.add_gold, hone.gold_of_samples TO hone_worker;
