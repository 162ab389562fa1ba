-- Which labellers are to be believed, and which questions are asked first.
--
-- A honeypot is a label task whose right answer is known already, by the exact checker; to a labeller it looks like
-- any other. What each labeller says on honeypots is a sequential test: one who does no better than a coin is paused.
-- Paused labellers get no slots, and their labels go into no freeze, until somebody lets them go on.

CREATE TABLE hone.honeypots (
    task_id bigint PRIMARY KEY REFERENCES hone.label_tasks,
    expected jsonb NOT NULL CHECK (jsonb_typeof(expected) = 'object'),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON COLUMN hone.honeypots.expected IS
    'of a preference {"preferred": "first" | "second"}, of steps {"first_wrong": n | null}, counted from 1';

CREATE TABLE hone.labeller_pauses (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    labeller_id integer NOT NULL REFERENCES hone.labellers,
    reason text NOT NULL CHECK (btrim(reason) <> ''),
    -- The last label that was counted: what comes after a pause is judged afresh.
    upto bigint NOT NULL REFERENCES hone.labels,
    paused_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    resumed_at timestamptz,
    resumed_by text,
    resume_reason text,
    CHECK ((resumed_at IS NULL) = (resumed_by IS NULL) AND (resumed_at IS NULL) = (resume_reason IS NULL))
);
CREATE UNIQUE INDEX labeller_pauses_open ON hone.labeller_pauses (labeller_id) WHERE resumed_at IS NULL;
CREATE INDEX labeller_pauses_labeller ON hone.labeller_pauses (labeller_id, upto);

-- Known answers -----------------------------------------------------------------------------------------------------

CREATE FUNCTION hone.known_answer(task hone.label_tasks) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, hone AS $$
    SELECT CASE
        WHEN task.kind = 'preference' THEN CASE
            WHEN a.verdict = 'correct' AND b.verdict = 'wrong' THEN '{"preferred": "first"}'::jsonb
            WHEN a.verdict = 'wrong' AND b.verdict = 'correct' THEN '{"preferred": "second"}' END
        -- A line that cannot be checked before the first wrong one leaves open which that is.
        WHEN task.kind = 'steps' AND NOT s.is_open AND (s.first_wrong IS NOT NULL OR a.verdict = 'correct') THEN
            jsonb_build_object('first_wrong', s.first_wrong) END
    FROM hone.samples a LEFT JOIN hone.samples b ON b.id = task.other_id
    CROSS JOIN LATERAL (
        SELECT w.first_wrong, coalesce(bool_or(
            e.step -> 'ok' = 'null' AND e.place < coalesce(w.first_wrong, e.place + 1)), true) AS is_open
        FROM (SELECT min(f.place) FROM jsonb_array_elements(a.steps) WITH ORDINALITY AS f(step, place)
            WHERE f.step -> 'ok' = 'false') w(first_wrong)
        LEFT JOIN jsonb_array_elements(a.steps) WITH ORDINALITY AS e(step, place) ON true
        GROUP BY w.first_wrong
    ) s
    WHERE a.id = task.sample_id;
$$;
COMMENT ON FUNCTION hone.known_answer IS 'what the verdicts of the samples say about a task; null where they do not';

CREATE FUNCTION hone.mark_honeypots(
    kind text, share float8 DEFAULT 0.05, checkpoint bigint DEFAULT NULL, dataset text DEFAULT NULL,
    source text DEFAULT 'person', seed bigint DEFAULT 0
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
DECLARE
    marked bigint;
BEGIN
    IF kind IS NULL OR kind NOT IN ('preference', 'steps') THEN
        RAISE EXCEPTION 'no right answer is known for tasks of kind %', coalesce(quote_literal(kind), 'NULL')
            USING ERRCODE = 'HN003', HINT = 'Preferences and steps can be honeypots.';
    ELSIF share IS NULL OR share <= 0 OR share > 1 THEN
        RAISE EXCEPTION 'a share of honeypots lies above 0 and is at most 1, not %', coalesce(share::text, 'NULL')
            USING ERRCODE = 'HN003';
    END IF;
    WITH asked AS MATERIALIZED (
        SELECT t.id, hone.known_answer(t) AS expected,
            EXISTS (SELECT FROM hone.labels l WHERE l.task_id = t.id) AS labelled
        FROM hone.label_tasks t JOIN hone.samples s ON s.id = t.sample_id
        LEFT JOIN hone.samples o ON o.id = t.other_id
        WHERE t.kind = mark_honeypots.kind AND t.source = mark_honeypots.source AND (
                mark_honeypots.checkpoint IS NULL
                OR mark_honeypots.checkpoint IN (s.checkpoint_id, o.checkpoint_id))
            AND (mark_honeypots.dataset IS NULL OR s.example_id IN (
                SELECT e.id FROM hone.examples e JOIN hone.datasets d ON d.id = e.dataset_id
                WHERE d.name = mark_honeypots.dataset))
    ), wanted AS (
        SELECT ceil(mark_honeypots.share * count(*)) - count(h.task_id) AS more
        FROM asked a LEFT JOIN hone.honeypots h ON h.task_id = a.id
    ), added AS (
        INSERT INTO hone.honeypots (task_id, expected)
        SELECT a.id, a.expected FROM asked a
        WHERE a.expected IS NOT NULL AND NOT a.labelled
          AND NOT EXISTS (SELECT FROM hone.honeypots h WHERE h.task_id = a.id)
        ORDER BY hashint8extended(a.id, mark_honeypots.seed) LIMIT (SELECT greatest(0, w.more) FROM wanted w)
        ON CONFLICT DO NOTHING
        RETURNING task_id
    )
    SELECT count(*) INTO marked FROM added;
    RETURN marked;
END $$;
COMMENT ON FUNCTION hone.mark_honeypots IS
    'makes honeypots of tasks that nobody has labelled yet and whose right answer is known, until they are the share '
    'of all tasks of the checkpoint, the dataset or both; returns how many more there are';

-- The test ----------------------------------------------------------------------------------------------------------

CREATE VIEW hone.honeypot_labels AS
SELECT l.id AS label_id, l.labeller_id, l.task_id, CASE
        WHEN h.expected ? 'preferred' THEN h.expected ->> 'preferred' = CASE l.judgement ->> 'choice'
            WHEN 'left' THEN CASE WHEN s.swapped THEN 'second' ELSE 'first' END
            WHEN 'right' THEN CASE WHEN s.swapped THEN 'first' ELSE 'second' END
            ELSE 'neither' END
        ELSE (h.expected ->> 'first_wrong')::bigint IS NOT DISTINCT FROM (
            SELECT min(r.place) FROM jsonb_array_elements(l.judgement -> 'ratings') WITH ORDINALITY AS r(rating, place)
            WHERE r.rating = '-1') END AS is_met
FROM hone.honeypots h
JOIN hone.labels l ON l.task_id = h.task_id
JOIN hone.label_slots s ON s.job_id = l.job_id
WHERE NOT EXISTS (SELECT FROM hone.labels n WHERE n.supersedes = l.id);
COMMENT ON VIEW hone.honeypot_labels IS
    'labels that stand on tasks whose right answer is known, and whether they have it';

CREATE FUNCTION hone.honeypot_step(score float8, is_met boolean) RETURNS float8
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
    SELECT least(ln(99::float8), score + CASE WHEN is_met THEN ln(0.9 / 0.5::float8) ELSE ln(0.1 / 0.5::float8) END);
$$;
CREATE AGGREGATE hone.honeypot_score(is_met boolean) (
    SFUNC = hone.honeypot_step, STYPE = float8, INITCOND = '0');
COMMENT ON AGGREGATE hone.honeypot_score(boolean) IS
    'the logarithm of how much likelier the answers, in their order, are for somebody who is right in 9 of 10 than for '
    'one who is right in 5 of 10 (Wald''s sequential test with errors of 1 %: distrusted below -ln 99); held down to '
    'ln 99, so that one who was good for long and then stops looking is found as soon';

CREATE VIEW hone.labeller_quality AS
SELECT p.name AS labeller, p.source, q.honeypots, q.met, q.met::float8 / nullif(q.honeypots, 0) AS share, q.score, CASE
        WHEN o.id IS NOT NULL THEN 'paused'
        WHEN q.score >= ln(99::float8) THEN 'trusted'
        ELSE 'unproven'
    END AS state, o.reason, o.paused_at
FROM hone.labellers p
LEFT JOIN hone.labeller_pauses o ON o.labeller_id = p.id AND o.resumed_at IS NULL
CROSS JOIN LATERAL (
    SELECT count(*) AS honeypots, count(*) FILTER (WHERE h.is_met) AS met,
        coalesce(hone.honeypot_score(h.is_met ORDER BY h.label_id), 0) AS score
    FROM hone.honeypot_labels h
    WHERE h.labeller_id = p.id AND h.label_id > coalesce((
        SELECT max(b.upto) FROM hone.labeller_pauses b WHERE b.labeller_id = p.id AND b.resumed_at IS NOT NULL), 0)
) q;
COMMENT ON VIEW hone.labeller_quality IS
    'each labeller on honeypots since the last time that somebody let it go on; trusted, paused: see '
    'hone.honeypot_score';

CREATE FUNCTION hone.judge_labeller() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
DECLARE
    found_quality hone.labeller_quality;
BEGIN
    IF NOT EXISTS (SELECT FROM hone.honeypots h WHERE h.task_id = NEW.task_id) THEN
        RETURN NULL;
    END IF;
    -- Two labels of one labeller at a time would each miss the other.
    PERFORM FROM hone.labellers l WHERE l.id = NEW.labeller_id FOR NO KEY UPDATE;
    SELECT q.* INTO found_quality FROM hone.labeller_quality q JOIN hone.labellers l ON l.name = q.labeller
    WHERE l.id = NEW.labeller_id;
    IF found_quality.score < -ln(99::float8) THEN
        INSERT INTO hone.labeller_pauses (labeller_id, reason, upto)
        VALUES (NEW.labeller_id, format('right on %s of %s questions with a known answer', found_quality.met,
            found_quality.honeypots), NEW.id)
        ON CONFLICT (labeller_id) WHERE resumed_at IS NULL
        DO UPDATE SET upto = excluded.upto, reason = excluded.reason;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER judge_labeller AFTER INSERT ON hone.labels FOR EACH ROW EXECUTE FUNCTION hone.judge_labeller();

CREATE FUNCTION hone.refuse_paused_labeller() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
DECLARE
    pause record;
BEGIN
    SELECT o.reason, o.paused_at, l.name INTO pause
    FROM hone.labeller_pauses o JOIN hone.labellers l ON l.id = o.labeller_id
    WHERE o.labeller_id = NEW.labeller_id AND o.resumed_at IS NULL;
    IF FOUND THEN
        RAISE EXCEPTION 'labeller % is paused since %: %',
            pause.name, date_trunc('second', pause.paused_at), pause.reason
            USING ERRCODE = 'HN005', HINT = 'An operator may let it go on by hone.resume_labeller.';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refuse_paused_labeller BEFORE INSERT ON hone.label_claims
    FOR EACH ROW EXECUTE FUNCTION hone.refuse_paused_labeller();

CREATE FUNCTION hone.resume_labeller(labeller text, reason text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
BEGIN
    IF coalesce(btrim(resume_labeller.reason), '') = '' THEN
        RAISE EXCEPTION 'say why the labeller may go on' USING ERRCODE = 'HN003';
    END IF;
    UPDATE hone.labeller_pauses o
    SET resumed_at = clock_timestamp(), resumed_by = session_user,
        resume_reason = btrim(resume_labeller.reason)
    FROM hone.labellers l
    WHERE l.id = o.labeller_id AND l.name = resume_labeller.labeller AND o.resumed_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'labeller % is not paused', coalesce(quote_literal(labeller), 'NULL') USING ERRCODE = 'HN004';
    END IF;
END $$;
COMMENT ON FUNCTION hone.resume_labeller IS
    'lets a paused labeller go on; honeypots are counted afresh, and what it labelled before is frozen again';

-- Asked first -------------------------------------------------------------------------------------------------------

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

-- Rights ------------------------------------------------------------------------------------------------------------

REVOKE ALL ON FUNCTION hone.known_answer, hone.mark_honeypots, hone.honeypot_step, hone.judge_labeller,
    hone.refuse_paused_labeller, hone.resume_labeller, hone.create_label_tasks FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hone.mark_honeypots, hone.create_label_tasks TO hone_producer, hone_worker, hone_admin;
GRANT EXECUTE ON FUNCTION hone.honeypot_step TO hone_producer, hone_worker, hone_admin;
GRANT EXECUTE ON FUNCTION hone.resume_labeller TO hone_admin;
GRANT SELECT ON hone.labeller_quality TO hone_producer, hone_worker, hone_admin;
GRANT SELECT ON hone.honeypots, hone.honeypot_labels, hone.labeller_pauses TO hone_worker, hone_admin;
