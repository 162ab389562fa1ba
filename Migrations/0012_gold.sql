-- Gold questions: label tasks whose answer is known, mixed into what labellers are asked, to learn how good their
-- labels are. Nothing that a labeller sees says which they are: same question, same lease, same undo, same progress.
--
-- A gold question is a label task of its own with its content, N slots and what is known in hone.gold_questions. Its
-- slots lie on queues of their own (label.gold.preference, …), from which hone.label_next takes a share of the turns.

-- Content without a sample used to mean published labels and no slots.
ALTER TABLE hone.label_tasks DROP CONSTRAINT label_tasks_check4;
ALTER TABLE hone.label_tasks ADD CONSTRAINT label_tasks_wanted CHECK (wanted IS NOT NULL OR origin IS NOT NULL);
COMMENT ON COLUMN hone.label_tasks.wanted IS
    'labels by as many labellers; null: imported, with what was published, and without slots';
COMMENT ON COLUMN hone.label_tasks.origin IS
    'where a task comes from that is about no sample, for example prm800k, or gold; its content is {"prompt", '
    '"reference", "answers": [{"text", "steps"}], "at"} then';

CREATE TABLE hone.gold_questions (
    task_id bigint PRIMARY KEY REFERENCES hone.label_tasks,
    known jsonb NOT NULL CHECK (jsonb_typeof(known) = 'object'),
    actor text NOT NULL DEFAULT session_user,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    retired_at timestamptz
);
COMMENT ON COLUMN hone.gold_questions.known IS 'the right judgement; left is the first answer of the content';
COMMENT ON COLUMN hone.gold_questions.retired_at IS 'since when it is not asked and counts for nobody';

CREATE TABLE hone.gold_rules (
    source text PRIMARY KEY CHECK (source IN ('person', 'simulated', 'verifier')),
    share float8 NOT NULL CHECK (share BETWEEN 0 AND 1),
    minimum_accuracy float8 NOT NULL CHECK (minimum_accuracy BETWEEN 0 AND 1),
    minimum_count integer NOT NULL CHECK (minimum_count >= 1)
);
COMMENT ON COLUMN hone.gold_rules.share IS 'of the turns of a labeller that are gold, while there is gold to ask';
COMMENT ON COLUMN hone.gold_rules.minimum_accuracy IS
    'a labeller below it on gold, after minimum_count of answers to it, is left out of freezes';
INSERT INTO hone.gold_rules (source, share, minimum_accuracy, minimum_count) VALUES
    ('person', 0.05, 0.75, 30), ('simulated', 0.05, 0.75, 30), ('verifier', 0, 0.75, 30);

-- Making questions --------------------------------------------------------------------------------------------------

CREATE FUNCTION hone.add_gold(questions jsonb[], source text DEFAULT 'person', labellers integer DEFAULT 100)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
DECLARE
    made bigint[];
    asked text;
BEGIN
    IF source IS NULL OR source NOT IN ('person', 'simulated', 'verifier') THEN
        RAISE EXCEPTION 'unknown source of labels: %', coalesce(quote_literal(source), 'NULL')
            USING ERRCODE = 'HN003', HINT = 'Sources are person, simulated and verifier.';
    ELSIF labellers IS NULL OR labellers NOT BETWEEN 1 AND 100 THEN
        RAISE EXCEPTION 'a gold question asks 1 to 100 labellers' USING ERRCODE = 'HN003';
    ELSIF EXISTS (SELECT FROM unnest(questions) q
        WHERE coalesce(q ->> 'kind' NOT IN ('preference', 'steps', 'rating'), true)) THEN
        RAISE EXCEPTION 'a gold question is of kind preference, steps or rating' USING ERRCODE = 'HN003',
            HINT = 'A correction is a text, of which no rule says whether it is right.';
    ELSIF EXISTS (SELECT FROM unnest(questions) q
        WHERE coalesce(btrim(q ->> 'prompt') = '', true) OR coalesce(jsonb_array_length(q -> 'answers'), 0)
            <> CASE q ->> 'kind' WHEN 'preference' THEN 2 ELSE 1 END) THEN
        RAISE EXCEPTION 'a gold question needs a prompt, and two answers to prefer one of or one to judge'
            USING ERRCODE = 'HN003';
    END IF;
    PERFORM hone.check_judgement(
        q ->> 'kind', q -> 'judgement', coalesce(jsonb_array_length(q #> '{answers,0,steps}'), 0))
    FROM unnest(questions) q;
    WITH given AS MATERIALIZED (
        SELECT u.q, u.place, sha256(convert_to(concat_ws(
            U&'\001F', 'a gold question', u.q ->> 'kind', add_gold.source, (u.q -> 'prompt')::text,
            (u.q -> 'reference')::text, (u.q -> 'answers')::text), 'UTF8')) AS content_hash
        FROM unnest(questions) WITH ORDINALITY AS u(q, place)
    ), stored AS (
        INSERT INTO hone.label_tasks (kind, source, wanted, origin, content, content_hash)
        SELECT g.q ->> 'kind', add_gold.source, add_gold.labellers, 'gold', jsonb_strip_nulls(jsonb_build_object(
            'prompt', g.q -> 'prompt', 'reference', g.q -> 'reference', 'answers', g.q -> 'answers')), g.content_hash
        FROM given g ORDER BY g.place
        ON CONFLICT DO NOTHING
        RETURNING id, content_hash
    ), known AS (
        INSERT INTO hone.gold_questions (task_id, known)
        SELECT DISTINCT ON (s.id) s.id, g.q -> 'judgement' FROM stored s JOIN given g USING (content_hash)
        ORDER BY s.id, g.place
        RETURNING task_id
    )
    SELECT coalesce(array_agg(k.task_id ORDER BY k.task_id), '{}') INTO made FROM known k;
    FOR asked IN SELECT DISTINCT t.kind FROM hone.label_tasks t WHERE t.id = ANY (made) LOOP
        PERFORM hone.add_label_slots(
            ARRAY(SELECT t.id FROM hone.label_tasks t WHERE t.id = ANY (made) AND t.kind = asked ORDER BY t.id),
            hone.label_queue('gold.' || asked, source), 0);
    END LOOP;
    RETURN cardinality(made);
END $$;
COMMENT ON FUNCTION hone.add_gold IS
    'makes gold questions {kind, prompt, reference, answers, judgement}, each to be asked of so many labellers of the '
    'source; returns how many were new';

CREATE FUNCTION hone.gold_of_samples(
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
COMMENT ON FUNCTION hone.gold_of_samples IS
    'questions whose answer the verifier knows, for hone.add_gold: a right answer beside a wrong one, or steps that '
    'were all judged up to the first wrong one; one a prompt';

CREATE FUNCTION hone.retire_gold(task bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
BEGIN
    UPDATE hone.gold_questions g SET retired_at = clock_timestamp() WHERE g.task_id = task AND g.retired_at IS NULL;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM hone.cancel(s.job_id) FROM hone.label_slots s WHERE s.task_id = task;
    RETURN true;
END $$;
COMMENT ON FUNCTION hone.retire_gold IS
    'takes a question back that was no good: it is asked no more and its answers count for nobody; false: it was none';

CREATE FUNCTION hone.set_gold_rule(
    source text, share float8 DEFAULT NULL, minimum_accuracy float8 DEFAULT NULL, minimum_count integer DEFAULT NULL
) RETURNS hone.gold_rules
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
    UPDATE hone.gold_rules r SET share = coalesce(set_gold_rule.share, r.share),
        minimum_accuracy = coalesce(set_gold_rule.minimum_accuracy, r.minimum_accuracy),
        minimum_count = coalesce(set_gold_rule.minimum_count, r.minimum_count)
    WHERE r.source = set_gold_rule.source RETURNING r.*;
$$;
COMMENT ON FUNCTION hone.set_gold_rule IS 'changes what is given; returns the rule as it is then';

-- Asking ------------------------------------------------------------------------------------------------------------

-- As in 0005_labels.sql, but for the draw of a gold turn, on which the gold queues come first.
CREATE OR REPLACE FUNCTION hone.label_next(
    labeller text, kinds text[] DEFAULT NULL, lease interval DEFAULT '15 minutes', source text DEFAULT 'person'
) RETURNS TABLE (
    job_id bigint, fence bigint, task_id bigint, kind text, question jsonb, lease_until timestamptz
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
DECLARE
    ttl interval := hone.lease_of_labels(lease);
    wanted_kinds text[] := coalesce(kinds, '{preference,steps,rating,correction}');
    me hone.labellers;
    worker integer;
    is_gold_turn boolean;
    lane record;
    slot record;
    taken hone.task_leases;
    is_sweep boolean := false;
BEGIN
    PERFORM hone.check_labeller(label_next.labeller);
    IF NOT wanted_kinds <@ '{preference,steps,rating,correction}' OR wanted_kinds = '{}' THEN
        RAISE EXCEPTION 'unknown kind of label task among: %', array_to_string(wanted_kinds, ', ')
            USING ERRCODE = 'HN003', HINT = 'Kinds are preference, steps, rating and correction.';
    END IF;
    me := hone.labeller(label_next.labeller, label_next.source);
    worker := hone.labelling_worker(me.id);
    SELECT random() < r.share INTO STRICT is_gold_turn FROM hone.gold_rules r WHERE r.source = me.source;
    -- Up from the marks first; from the start where that finds nothing.
    FOR round IN 1..2 LOOP
        FOR lane IN
            SELECT l.id, coalesce(m.position, 0) AS mark, coalesce(m.swept_at, '-infinity') AS swept_at
            FROM unnest(wanted_kinds) AS k(kind)
            CROSS JOIN (VALUES ('', false), ('gold.', true)) AS g(prefix, is_gold)
            JOIN hone.queues q ON q.name = hone.label_queue(g.prefix || k.kind, me.source) AND NOT q.paused
            JOIN hone.lanes l ON l.queue_id = q.id AND l.kind = 'label'
            LEFT JOIN hone.label_marks m ON m.labeller_id = me.id AND m.lane_id = l.id
            WHERE is_gold_turn OR NOT g.is_gold
            ORDER BY g.is_gold DESC, l.priority, l.id
        LOOP
            is_sweep := round = 2 OR lane.swept_at < clock_timestamp() - interval '30 seconds';
            IF is_sweep THEN
                PERFORM hone.label_rescue();
            END IF;
            -- What came back to the front of the lane first.
            SELECT * INTO slot FROM hone.label_pick(me.id, lane.id, -9223372036854775808, 0);
            IF NOT FOUND THEN
                SELECT * INTO slot FROM hone.label_pick(
                    me.id, lane.id, CASE WHEN is_sweep THEN 0 ELSE lane.mark END, 9223372036854775807);
            END IF;
            CONTINUE WHEN NOT FOUND;
            taken := hone.label_lease(me, worker, lane.id, slot.position, slot.task_id, ttl);
            INSERT INTO hone.label_marks AS m (labeller_id, lane_id, position, swept_at)
            VALUES (me.id, lane.id, greatest(slot.position, lane.mark), clock_timestamp())
            ON CONFLICT ON CONSTRAINT label_marks_pkey DO UPDATE SET position = excluded.position,
                swept_at = CASE WHEN is_sweep THEN excluded.swept_at ELSE m.swept_at END;
            RETURN QUERY
            SELECT taken.job_id, taken.fence, t.id, t.kind,
                hone.label_question(t.kind, hone.label_content(t.id), slot.swapped), taken.lease_until
            FROM hone.label_tasks t WHERE t.id = slot.task_id;
            RETURN;
        END LOOP;
    END LOOP;
END $$;

-- What labellers said -----------------------------------------------------------------------------------------------

CREATE FUNCTION hone.is_gold_right(kind text, known jsonb, preferred text, judgement jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
    SELECT CASE kind
        WHEN 'preference' THEN preferred = CASE known ->> 'choice'
            WHEN 'left' THEN 'first' WHEN 'right' THEN 'second' ELSE known ->> 'choice' END
        WHEN 'steps' THEN (
            SELECT min(r.place) FILTER (WHERE r.rating = '-1')
            FROM jsonb_array_elements(judgement -> 'ratings') WITH ORDINALITY AS r(rating, place)
        ) IS NOT DISTINCT FROM (
            SELECT min(r.place) FILTER (WHERE r.rating = '-1')
            FROM jsonb_array_elements(known -> 'ratings') WITH ORDINALITY AS r(rating, place))
        ELSE abs((judgement ->> 'rating')::integer - (known ->> 'rating')::integer) <= 1
    END;
$$;
COMMENT ON FUNCTION hone.is_gold_right IS
    'the same side; the same first wrong step, or none; a rating at most one point off';

CREATE VIEW hone.gold_answers AS
SELECT j.label_id, j.task_id, j.kind, j.source, j.labeller, g.known, j.judgement, j.preferred,
    hone.is_gold_right(j.kind, g.known, j.preferred, j.judgement) AS is_right, j.seconds, j.created_at
FROM hone.gold_questions g JOIN hone.all_judgements j ON j.task_id = g.task_id
WHERE g.retired_at IS NULL;
COMMENT ON VIEW hone.gold_answers IS 'labels that stand on gold questions that are not retired';

CREATE VIEW hone.gold_accuracy AS
SELECT a.labeller, a.source, a.answer_count, a.right_count, a.right_count::float8 / a.answer_count AS accuracy,
    a.answer_count < r.minimum_count OR a.right_count >= r.minimum_accuracy * a.answer_count AS is_trusted,
    r.minimum_accuracy, r.minimum_count
FROM (
    SELECT labeller, source, count(*) AS answer_count, count(*) FILTER (WHERE is_right) AS right_count
    FROM hone.gold_answers GROUP BY labeller, source
) a JOIN hone.gold_rules r USING (source);
COMMENT ON VIEW hone.gold_accuracy IS
    'how labellers do on gold; of those who are not trusted no label goes into a freeze';

-- Rights ------------------------------------------------------------------------------------------------------------

REVOKE ALL ON FUNCTION hone.add_gold, hone.gold_of_samples, hone.retire_gold, hone.set_gold_rule, hone.is_gold_right
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hone.add_gold, hone.gold_of_samples, hone.retire_gold TO hone_producer, hone_admin;
GRANT EXECUTE ON FUNCTION hone.set_gold_rule TO hone_admin;
GRANT EXECUTE ON FUNCTION hone.is_gold_right TO hone_producer, hone_worker, hone_admin;
GRANT SELECT ON hone.gold_questions, hone.gold_rules, hone.gold_answers, hone.gold_accuracy
    TO hone_producer, hone_worker, hone_admin;
