-- Labels: a person is a worker.
--
-- A label task asks one question about samples and wants N labels. Its N slots are jobs of kind "label" on queues of
-- their own (label.preference, label.steps, …; label.simulated.preference, … for annotators that are no people). A
-- labeller has a row in hone.workers, so that a slot is leased, fenced, renewed, rescued and completed as any job is.
-- What labels add to the queue is who may take a slot: nobody takes two of one task.
--
--   label_tasks ─N─▶ label_slots (a job each) ─lease─▶ label_claims (who has a hand in a task) ─▶ labels
--
-- Exactly N labels by N different labellers is what these constraints say together:
--   a task has at most as many slots as it wants   label_slots: (task_id, ordinal) unique, ordinal <= wanted, and
--                                                  (task_id, wanted) refers to the task
--   a slot has at most one label                   labels_slot: job_id unique among those that supersede nothing
--   a labeller labels a task once                  labels_once
--   a redo replaces the label it names, once       labels.supersedes unique, hone.check_label
--   a label and its job's success stand together   hone.check_label_completion, at COMMIT
--   people's, simulated and verifiers' apart       (task_id, source) and (labeller_id, source) refer to both sides
-- A slot that nobody answers stays in the queue until somebody does, so a task with enough labellers gets all N.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'hone_labeller') THEN
        BEGIN
            CREATE ROLE hone_labeller NOLOGIN;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;
            WHEN insufficient_privilege THEN
                RAISE EXCEPTION 'role hone_labeller is missing and this user may not create it'
                    USING HINT = 'As an administrator run: CREATE ROLE hone_labeller NOLOGIN';
        END;
    END IF;
END $$;

INSERT INTO hone.kinds (kind, description) VALUES
    ('annotate', 'a simulated annotator that answers label tasks made for simulation');

-- Tables ------------------------------------------------------------------------------------------------------------

CREATE TABLE hone.labellers (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (btrim(name) <> '' AND length(name) <= 200),
    source text NOT NULL CHECK (source IN ('person', 'simulated', 'verifier')),
    worker_id integer UNIQUE REFERENCES hone.workers,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (id, source)
);
COMMENT ON COLUMN hone.labellers.source IS 'what judges: a name belongs to one source for ever';
COMMENT ON COLUMN hone.labellers.worker_id IS 'the worker whose leases are this labeller''s; null: never took a slot';

CREATE TABLE hone.label_tasks (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('preference', 'steps', 'rating', 'correction')),
    source text NOT NULL CHECK (source IN ('person', 'simulated', 'verifier')),
    wanted smallint CHECK (wanted BETWEEN 1 AND 100),
    sample_id bigint REFERENCES hone.samples,
    other_id bigint REFERENCES hone.samples,
    origin text CHECK (origin <> ''),
    content jsonb,
    content_hash bytea UNIQUE CHECK (octet_length(content_hash) = 32),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (id, source),
    UNIQUE (id, wanted),
    CHECK (sample_id < other_id),
    CHECK ((other_id IS NOT NULL) = (sample_id IS NOT NULL AND kind = 'preference')),
    CHECK ((sample_id IS NULL) = (origin IS NOT NULL)),
    CHECK ((content IS NULL) = (origin IS NULL) AND (content_hash IS NULL) = (origin IS NULL)),
    CHECK ((wanted IS NULL) = (origin IS NOT NULL))
);
COMMENT ON COLUMN hone.label_tasks.wanted IS 'labels by as many labellers; null: imported, with what was published';
COMMENT ON COLUMN hone.label_tasks.other_id IS 'of a preference: the sample that the first is compared with';
COMMENT ON COLUMN hone.label_tasks.origin IS
    'where an imported task was published, for example prm800k; its content is {"prompt", "reference", "answers": '
    '[{"text", "steps"}], "at"} then, and it has no slots';
CREATE UNIQUE INDEX label_tasks_pair ON hone.label_tasks (sample_id, other_id, source) WHERE other_id IS NOT NULL;
CREATE UNIQUE INDEX label_tasks_sample ON hone.label_tasks (sample_id, kind, source)
    WHERE sample_id IS NOT NULL AND other_id IS NULL;

CREATE TABLE hone.label_slots (
    job_id bigint PRIMARY KEY,
    task_id bigint NOT NULL,
    ordinal smallint NOT NULL CHECK (ordinal >= 1),
    wanted smallint NOT NULL CHECK (wanted >= ordinal),
    swapped boolean NOT NULL,
    UNIQUE (task_id, ordinal),
    UNIQUE (job_id, task_id),
    FOREIGN KEY (task_id, wanted) REFERENCES hone.label_tasks (id, wanted)
);
COMMENT ON COLUMN hone.label_slots.swapped IS
    'the first sample is shown on the right; drawn for a task''s first slot and alternating from slot to slot';

CREATE TABLE hone.label_claims (
    task_id bigint NOT NULL,
    labeller_id integer NOT NULL REFERENCES hone.labellers,
    job_id bigint NOT NULL,
    fence bigint NOT NULL,
    is_final boolean NOT NULL DEFAULT false,
    PRIMARY KEY (task_id, labeller_id),
    FOREIGN KEY (job_id, task_id) REFERENCES hone.label_slots (job_id, task_id)
) WITH (fillfactor = 80);
COMMENT ON TABLE hone.label_claims IS
    'the last lease of a labeller on a task; final once it was labelled or skipped, after which the labeller gets no '
    'other slot of it';

CREATE TABLE hone.labels (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    task_id bigint NOT NULL,
    labeller_id integer NOT NULL,
    source text NOT NULL,
    job_id bigint,
    fence bigint,
    judgement jsonb NOT NULL CHECK (jsonb_typeof(judgement) = 'object'),
    supersedes bigint UNIQUE REFERENCES hone.labels,
    leased_at timestamptz,
    undo_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    FOREIGN KEY (task_id, source) REFERENCES hone.label_tasks (id, source),
    FOREIGN KEY (labeller_id, source) REFERENCES hone.labellers (id, source),
    FOREIGN KEY (job_id, task_id) REFERENCES hone.label_slots (job_id, task_id),
    CHECK ((job_id IS NULL) = (fence IS NULL) AND (job_id IS NULL) = (leased_at IS NULL)),
    CHECK (supersedes < id)
);
COMMENT ON TABLE hone.labels IS 'immutable; a redo is a new row that supersedes. job_id is null where it was imported';
COMMENT ON COLUMN hone.labels.judgement IS 'as the labeller gave it, left and right as they were shown';
COMMENT ON COLUMN hone.labels.undo_until IS 'the end of the lease under which it was given';
CREATE UNIQUE INDEX labels_slot ON hone.labels (job_id) WHERE supersedes IS NULL;
CREATE UNIQUE INDEX labels_once ON hone.labels (task_id, labeller_id, coalesce(supersedes, 0));
CREATE INDEX labels_labeller ON hone.labels (labeller_id, id);

CREATE TABLE hone.label_skips (
    job_id bigint NOT NULL REFERENCES hone.label_slots,
    fence bigint NOT NULL,
    labeller_id integer NOT NULL REFERENCES hone.labellers,
    reason text NOT NULL CHECK (btrim(reason) <> '' AND length(reason) <= 1000),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (job_id, fence)
);
CREATE INDEX label_skips_labeller ON hone.label_skips (labeller_id);

CREATE TABLE hone.label_undos (
    label_id bigint NOT NULL REFERENCES hone.labels,
    fence bigint NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (label_id, fence)
);
COMMENT ON TABLE hone.label_undos IS
    'labels that were opened again; the greatest fence of a label is the one a redo must present';

CREATE TABLE hone.label_marks (
    labeller_id integer NOT NULL REFERENCES hone.labellers,
    lane_id integer NOT NULL,
    position bigint NOT NULL,
    swept_at timestamptz NOT NULL,
    PRIMARY KEY (labeller_id, lane_id)
) WITH (fillfactor = 50);
COMMENT ON TABLE hone.label_marks IS
    'up to this position a lane held nothing for the labeller when it was last looked at; all of the lane is looked at '
    'again when nothing is found above, and twice a minute, since a slot below may have come free or become visible';

-- What keeps labels true --------------------------------------------------------------------------------------------

CREATE FUNCTION hone.check_label() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        RAISE EXCEPTION 'labels are immutable' USING ERRCODE = 'HN005',
            HINT = 'hone.label_undo opens a label for a new one that supersedes it.';
    END IF;
    IF NEW.supersedes IS NOT NULL AND NOT EXISTS (
        SELECT FROM hone.labels l
        WHERE l.id = NEW.supersedes AND l.task_id = NEW.task_id AND l.labeller_id = NEW.labeller_id
          AND l.job_id = NEW.job_id
    ) THEN
        RAISE EXCEPTION 'label % is not of the same labeller and slot', NEW.supersedes USING ERRCODE = 'HN005';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER check_label BEFORE INSERT OR UPDATE OR DELETE ON hone.labels
    FOR EACH ROW EXECUTE FUNCTION hone.check_label();
CREATE TRIGGER keep_labels BEFORE TRUNCATE ON hone.labels FOR EACH STATEMENT EXECUTE FUNCTION hone.check_label();

CREATE FUNCTION hone.check_label_completion() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
BEGIN
    IF NEW.job_id IS NULL THEN
        IF (SELECT t.origin IS NULL FROM hone.label_tasks t WHERE t.id = NEW.task_id) THEN
            RAISE EXCEPTION 'label % of task % has no slot and was not imported', NEW.id, NEW.task_id
                USING ERRCODE = 'HN005';
        END IF;
    ELSIF NEW.supersedes IS NULL AND NOT EXISTS (
        SELECT FROM hone.task_results r
        WHERE r.job_id = NEW.job_id AND r.outcome = 'succeeded' AND r.fence = NEW.fence
    ) THEN
        RAISE EXCEPTION 'label % does not complete its slot, job %', NEW.id, NEW.job_id USING ERRCODE = 'HN005';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER check_label_completion AFTER INSERT ON hone.labels DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION hone.check_label_completion();

CREATE FUNCTION hone.check_judgement(kind text, judgement jsonb, step_count integer) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, hone AS $$
DECLARE
    known text[] := '{comment}' || CASE kind
        WHEN 'preference' THEN '{choice,strength}'::text[]
        WHEN 'steps' THEN '{ratings}'
        WHEN 'rating' THEN '{rating}'
        ELSE '{steps,answer}' END;
    fault text;
    hint text;
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
        hint := '{"choice": "left", "strength": 2}';
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
        hint := '{"ratings": [1, 1, -1]}';
    ELSIF kind = 'rating' THEN
        fault := CASE WHEN coalesce(judgement ->> 'rating' !~ '^[1-5]$', true) THEN 'needs a "rating" from 1 to 5' END;
        hint := '{"rating": 4}';
    ELSE
        fault := CASE
            WHEN coalesce(jsonb_typeof(judgement -> 'steps') <> 'array', true)
                OR jsonb_path_exists(judgement, 'strict $.steps[*] ? (@.type() != "string")', silent => true)
                THEN 'needs "steps", an array of lines'
            WHEN coalesce(jsonb_typeof(judgement -> 'answer') <> 'string', true)
                OR btrim(judgement ->> 'answer') = '' THEN 'needs an "answer"'
        END;
        hint := '{"steps": ["17+25=42"], "answer": "42"}';
    END IF;
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION 'the judgement of a % task %', kind, fault USING ERRCODE = 'HN003',
            HINT = 'For example ' || coalesce(hint, '{"rating": 4}');
    END IF;
END $$;

-- Who labels --------------------------------------------------------------------------------------------------------

CREATE FUNCTION hone.check_labeller(name text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, hone AS $$
DECLARE
    -- Who called the SECURITY DEFINER function that calls this: SET ROLE counts, ownership of the function does not.
    caller name := coalesce(nullif(current_setting('role', true), 'none'), session_user);
BEGIN
    IF check_labeller.name IS DISTINCT FROM caller AND NOT (
        pg_has_role(caller, 'hone_worker', 'MEMBER') OR pg_has_role(caller, 'hone_admin', 'MEMBER')
        OR pg_has_role(caller, (SELECT n.nspowner FROM pg_namespace n WHERE n.nspname = 'hone'), 'MEMBER')
    ) THEN
        RAISE EXCEPTION 'user % may label as % only, not as %', caller, caller,
            coalesce(quote_literal(check_labeller.name), 'NULL') USING ERRCODE = 'insufficient_privilege',
            HINT = 'A program that labels on behalf of others needs the role hone_worker.';
    END IF;
END $$;

CREATE FUNCTION hone.labeller(name text, source text) RETURNS hone.labellers
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
DECLARE
    found_labeller hone.labellers;
BEGIN
    SELECT * INTO found_labeller FROM hone.labellers l WHERE l.name = labeller.name;
    IF NOT FOUND THEN
        IF labeller.source IS NULL OR labeller.source NOT IN ('person', 'simulated', 'verifier') THEN
            RAISE EXCEPTION 'unknown source of labels: %', coalesce(quote_literal(labeller.source), 'NULL')
                USING ERRCODE = 'HN003', HINT = 'Sources are person, simulated and verifier.';
        ELSIF labeller.name IS NULL OR btrim(labeller.name) = '' OR length(labeller.name) > 200 THEN
            RAISE EXCEPTION 'a labeller needs a name of 1 to 200 characters' USING ERRCODE = 'HN003';
        END IF;
        INSERT INTO hone.labellers (name, source) VALUES (labeller.name, labeller.source)
        ON CONFLICT ON CONSTRAINT labellers_name_key DO NOTHING;
        SELECT * INTO STRICT found_labeller FROM hone.labellers l WHERE l.name = labeller.name;
    END IF;
    IF found_labeller.source IS DISTINCT FROM labeller.source THEN
        RAISE EXCEPTION 'labeller % is of source %, not %', quote_literal(labeller.name), found_labeller.source,
            coalesce(labeller.source, 'NULL') USING ERRCODE = 'HN003',
            HINT = 'Give annotators that are no people names of their own.';
    END IF;
    RETURN found_labeller;
END $$;
COMMENT ON FUNCTION hone.labeller IS 'the labeller of that name, made if new; its source must be the given one';

CREATE FUNCTION hone.labelling_worker(labeller integer) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
DECLARE
    row hone.labellers;
BEGIN
    -- One call of a labeller at a time: so a second terminal sees what the first one leased.
    SELECT * INTO STRICT row FROM hone.labellers l WHERE l.id = labelling_worker.labeller FOR NO KEY UPDATE;
    IF row.worker_id IS NULL THEN
        row.worker_id := hone.register_worker(
            row.name, '', 0, 'label', jsonb_build_object('labels', true, 'source', row.source));
        UPDATE hone.labellers l SET worker_id = row.worker_id WHERE l.id = row.id;
    ELSE
        UPDATE hone.workers w SET beat_at = clock_timestamp(), stopped_at = NULL WHERE w.id = row.worker_id;
    END IF;
    RETURN row.worker_id;
END $$;
COMMENT ON FUNCTION hone.labelling_worker IS
    'locks the labeller to the end of the transaction and returns its row in hone.workers, which has no session and '
    'thus never counts as dead: only its leases run out';

CREATE FUNCTION hone.lease_of_labels(lease interval) RETURNS interval
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, hone AS $$
BEGIN
    IF lease IS NULL OR lease < interval '1 second' OR lease > interval '7 days' THEN
        RAISE EXCEPTION 'a lease of % is not between 1 second and 7 days', coalesce(lease::text, 'NULL')
            USING ERRCODE = 'HN003';
    END IF;
    RETURN lease;
END $$;

CREATE FUNCTION hone.label_queue(kind text, source text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
    SELECT CASE source WHEN 'person' THEN 'label.' ELSE 'label.' || source || '.' END || kind;
$$;

-- Making tasks ------------------------------------------------------------------------------------------------------

CREATE FUNCTION hone.add_label_slots(tasks bigint[], queue text, priority integer) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
BEGIN
    -- 2,000 tasks at a time, so that the payloads in memory stay few.
    FOR start IN 1..cardinality(tasks) BY 2000 LOOP
        WITH slots AS MATERIALIZED (
            SELECT row_number() OVER (ORDER BY t.id, n) AS place, t.id AS task_id, n::smallint AS ordinal, t.wanted,
                t.kind = 'preference' AND (t.coin + n) % 2 = 0 AS swapped
            FROM (
                SELECT t.id, t.kind, t.wanted, (random() < 0.5)::integer AS coin FROM hone.label_tasks t
                WHERE t.id = ANY (tasks[start:start + 1999])
            ) t, generate_series(1, t.wanted) n
        ), jobs AS MATERIALIZED (
            SELECT j.id, j.place FROM hone.enqueue_many(
                'label',
                ARRAY(SELECT jsonb_build_object('task', s.task_id, 'slot', s.ordinal) FROM slots s ORDER BY s.place),
                queue => add_label_slots.queue, priority => add_label_slots.priority) WITH ORDINALITY AS j(id, place)
        )
        INSERT INTO hone.label_slots (job_id, task_id, ordinal, wanted, swapped)
        SELECT j.id, s.task_id, s.ordinal, s.wanted, s.swapped FROM slots s JOIN jobs j USING (place);
    END LOOP;
END $$;

CREATE FUNCTION hone.create_label_tasks(
    kind text, checkpoint bigint DEFAULT NULL, dataset text DEFAULT NULL, other_checkpoint bigint DEFAULT NULL,
    per_prompt integer DEFAULT NULL, wanted integer DEFAULT 1, source text DEFAULT 'person',
    priority integer DEFAULT 0, seed bigint DEFAULT 0
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
DECLARE
    made bigint[];
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
    PERFORM hone.add_label_slots(made, hone.label_queue(kind, source), priority);
    RETURN cardinality(made);
END $$;
COMMENT ON FUNCTION hone.create_label_tasks IS
    'asks about the samples of a checkpoint, of a dataset or of both: for preferences about all pairs of different '
    'answers to a prompt, or per_prompt of them chosen by the seed; with other_checkpoint only pairs across the two. '
    'What was asked before is not asked again; returns how many tasks are new';

-- What a labeller sees ----------------------------------------------------------------------------------------------

CREATE FUNCTION hone.label_answer(sample hone.samples) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, hone AS $$
    SELECT jsonb_build_object('text', sample.text, 'steps', coalesce(
        (SELECT jsonb_agg(s.step -> 'text' ORDER BY s.place)
         FROM jsonb_array_elements(sample.steps) WITH ORDINALITY AS s(step, place)), '[]'));
$$;

CREATE FUNCTION hone.label_content(task bigint) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
    SELECT coalesce(t.content, (
        SELECT jsonb_strip_nulls(jsonb_build_object('prompt', a.prompt, 'reference', e.answer)) || jsonb_build_object(
            'answers', jsonb_build_array(hone.label_answer(a)) || CASE
                WHEN t.other_id IS NULL THEN '[]' ELSE jsonb_build_array(hone.label_answer(b)) END)
        FROM hone.samples a
        LEFT JOIN hone.samples b ON b.id = t.other_id
        LEFT JOIN hone.examples e ON e.id = a.example_id
        WHERE a.id = t.sample_id
    )) FROM hone.label_tasks t WHERE t.id = task;
$$;
COMMENT ON FUNCTION hone.label_content IS
    '{"prompt", "reference", "answers": [{"text", "steps"}]}; without the verdicts of the verifier, which would sway';

CREATE FUNCTION hone.label_question(kind text, content jsonb, swapped boolean) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
    SELECT (content - 'answers' - 'at') || CASE kind
        WHEN 'preference' THEN jsonb_build_object(
            'left', content -> 'answers' -> swapped::integer, 'right', content -> 'answers' -> (1 - swapped::integer))
        ELSE jsonb_build_object('answer', content -> 'answers' -> 0) END;
$$;

-- Taking a slot -----------------------------------------------------------------------------------------------------

CREATE FUNCTION hone.label_rescue() RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
DECLARE
    held record;
    lease hone.task_leases;
    rescued integer := 0;
BEGIN
    FOR held IN
        SELECT l.job_id, l.fence, coalesce(w.name, 'unknown') AS labeller
        FROM hone.task_leases l JOIN hone.lanes n ON n.id = l.lane_id AND n.kind = 'label'
        LEFT JOIN hone.workers w ON w.id = l.worker_id
        WHERE l.lease_until < clock_timestamp()
        ORDER BY l.job_id LIMIT 1000 FOR UPDATE OF l SKIP LOCKED
    LOOP
        lease := hone.end_attempt(
            held.job_id, held.fence, 'lost', format('labeller %s did not answer within the lease', held.labeller));
        IF lease.cancel_at IS NOT NULL THEN
            PERFORM hone.finish_unsuccessful(lease, 'cancelled', 'cancelled while it ran');
        ELSE
            PERFORM hone.requeue(lease, 0);
        END IF;
        rescued := rescued + 1;
    END LOOP;
    RETURN rescued;
END $$;
COMMENT ON FUNCTION hone.label_rescue IS
    'what hone.rescue does for label slots whose lease ran out, for when no worker runs; people may walk away as often '
    'as they like, so nothing is counted against the slot';

CREATE FUNCTION hone.label_pick(labeller integer, lane integer, after bigint, before bigint)
RETURNS TABLE ("position" bigint, job_id bigint, task_id bigint, swapped boolean)
LANGUAGE sql SET search_path = pg_catalog, hone
-- As in hone.claim: a walk along the lane's index, whatever the statistics say.
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET enable_sort = off SET jit = off
AS $$
    SELECT r.position, r.job_id, s.task_id, s.swapped
    FROM hone.task_ready r JOIN hone.label_slots s ON s.job_id = r.job_id
    WHERE r.lane_id = lane AND r.position > after AND r.position < before AND NOT EXISTS (
        SELECT FROM hone.label_claims c
        WHERE c.task_id = s.task_id AND c.labeller_id = labeller AND (
            c.is_final OR EXISTS (SELECT FROM hone.task_leases h WHERE h.job_id = c.job_id AND h.fence = c.fence)))
    ORDER BY r.position LIMIT 1 FOR UPDATE OF r SKIP LOCKED;
$$;
COMMENT ON FUNCTION hone.label_pick IS
    'the first ready slot between two positions of a lane that is of no task that the labeller labelled, skipped or '
    'holds; locked';

CREATE FUNCTION hone.label_lease(
    me hone.labellers, worker integer, lane integer, "position" bigint, task bigint, lease interval
) RETURNS hone.task_leases
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
DECLARE
    taken hone.task_leases;
BEGIN
    -- lost is 0: walking away is not counted, see hone.label_rescue.
    WITH gone AS (
        DELETE FROM hone.task_ready r WHERE r.lane_id = lane AND r.position = label_lease.position RETURNING r.*
    )
    INSERT INTO hone.task_leases (job_id, fence, worker_id, lane_id, attempt, lost, started_at, lease_until)
    SELECT g.job_id, nextval('hone.fences'), worker, g.lane_id, g.attempt + 1, 0, clock_timestamp(),
        clock_timestamp() + lease
    FROM gone g RETURNING * INTO STRICT taken;
    INSERT INTO hone.label_claims AS c (task_id, labeller_id, job_id, fence)
    VALUES (task, me.id, taken.job_id, taken.fence)
    ON CONFLICT ON CONSTRAINT label_claims_pkey DO UPDATE SET job_id = excluded.job_id, fence = excluded.fence
    WHERE NOT c.is_final;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'labeller % has labelled task % already', me.name, task USING ERRCODE = 'HN005';
    END IF;
    RETURN taken;
END $$;

CREATE FUNCTION hone.label_next(
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
    -- Up from the marks first; from the start where that finds nothing.
    FOR round IN 1..2 LOOP
        FOR lane IN
            SELECT l.id, coalesce(m.position, 0) AS mark, coalesce(m.swept_at, '-infinity') AS swept_at
            FROM unnest(wanted_kinds) AS k(kind)
            JOIN hone.queues q ON q.name = hone.label_queue(k.kind, me.source) AND NOT q.paused
            JOIN hone.lanes l ON l.queue_id = q.id AND l.kind = 'label'
            LEFT JOIN hone.label_marks m ON m.labeller_id = me.id AND m.lane_id = l.id
            ORDER BY l.priority, l.id
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
COMMENT ON FUNCTION hone.label_next IS
    'leases the labeller a slot of a task that it has no hand in yet, of one of the kinds (null: any); no row: there '
    'is none now. The question names no checkpoint, and which answer stands left was drawn for the slot';

-- Answering ---------------------------------------------------------------------------------------------------------

CREATE FUNCTION hone.label_holder(job bigint, fence bigint) RETURNS hone.labellers
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
DECLARE
    holder hone.labellers;
BEGIN
    PERFORM hone.guard(job, fence);
    SELECT l.* INTO holder FROM hone.task_leases h JOIN hone.labellers l ON l.worker_id = h.worker_id
    WHERE h.job_id = label_holder.job;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'job % is not held by a labeller', job USING ERRCODE = 'HN005';
    END IF;
    PERFORM hone.check_labeller(holder.name);
    RETURN holder;
END $$;
COMMENT ON FUNCTION hone.label_holder IS
    'the labeller who holds the slot under this fence, kept to the end of the transaction; HN001 if nobody does';

CREATE FUNCTION hone.label_submit(job bigint, fence bigint, judgement jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
DECLARE
    task hone.label_tasks;
    me hone.labellers;
    lease hone.task_leases;
    label bigint;
BEGIN
    SELECT t.* INTO task FROM hone.label_slots s JOIN hone.label_tasks t ON t.id = s.task_id
    WHERE s.job_id = label_submit.job;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no label slot %', coalesce(job::text, 'NULL') USING ERRCODE = 'HN004';
    END IF;
    PERFORM hone.check_judgement(task.kind, judgement, jsonb_array_length(
        hone.label_content(task.id) #> '{answers,0,steps}'));
    SELECT * INTO lease FROM hone.task_leases l
    WHERE l.job_id = label_submit.job AND l.fence = label_submit.fence FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN hone.label_resubmit(job, fence, judgement);
    END IF;
    me := hone.label_holder(job, fence);
    INSERT INTO hone.labels (task_id, labeller_id, source, job_id, fence, judgement, leased_at, undo_until)
    VALUES (task.id, me.id, me.source, job, fence, judgement, lease.started_at, lease.lease_until)
    RETURNING id INTO label;
    UPDATE hone.label_claims c SET is_final = true WHERE c.task_id = task.id AND c.labeller_id = me.id;
    PERFORM hone.complete(ARRAY[job], ARRAY[fence], ARRAY[jsonb_build_object('label', label)]);
    RETURN label;
END $$;
COMMENT ON FUNCTION hone.label_submit IS
    'records the judgement and completes the slot, under the fence of hone.label_next, or supersedes a label under '
    'that of hone.label_undo; returns the label. Saying the same again returns the same label';

CREATE FUNCTION hone.label_resubmit(job bigint, fence bigint, judgement jsonb) RETURNS bigint
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
    IF redo IS DISTINCT FROM label_resubmit.fence THEN
        RAISE EXCEPTION 'lease lost: job % is no longer held under fence %', job, fence USING ERRCODE = 'HN001',
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

CREATE FUNCTION hone.label_skip(job bigint, fence bigint, reason text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
DECLARE
    me hone.labellers;
    lease hone.task_leases;
BEGIN
    IF reason IS NULL OR btrim(reason) = '' OR length(reason) > 1000 THEN
        RAISE EXCEPTION 'a skip needs a reason of 1 to 1,000 characters' USING ERRCODE = 'HN003';
    END IF;
    me := hone.label_holder(job, fence);
    INSERT INTO hone.label_skips (job_id, fence, labeller_id, reason) VALUES (job, fence, me.id, btrim(reason));
    UPDATE hone.label_claims c SET is_final = true
    WHERE c.labeller_id = me.id AND c.task_id = (SELECT s.task_id FROM hone.label_slots s WHERE s.job_id = job);
    lease := hone.end_attempt(job, fence, 'released', NULL);
    IF lease.cancel_at IS NOT NULL THEN
        PERFORM hone.finish_unsuccessful(lease, 'cancelled', 'cancelled while it ran');
        RETURN;
    END IF;
    -- To the end of the lane: at its front, what everybody skips would be in everybody's way.
    INSERT INTO hone.task_ready (lane_id, position, job_id, attempt, lost)
    VALUES (lease.lane_id, nextval('hone.ready_positions'), lease.job_id, lease.attempt - 1, 0);
    PERFORM hone.wake(ARRAY[lease.lane_id]);
END $$;
COMMENT ON FUNCTION hone.label_skip IS
    'gives the slot to others, for good as far as this labeller goes, and keeps the reason on record';

CREATE FUNCTION hone.label_release(job bigint, fence bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
BEGIN
    PERFORM hone.check_labeller(l.name) FROM hone.task_leases h JOIN hone.labellers l ON l.worker_id = h.worker_id
    WHERE h.job_id = label_release.job AND h.fence = label_release.fence;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    RETURN hone.release(ARRAY[job], ARRAY[fence]) = 1;
END $$;
COMMENT ON FUNCTION hone.label_release IS
    'gives a slot back unanswered, to anybody, this labeller too; false: it was not held any more';

CREATE FUNCTION hone.label_renew(job bigint, fence bigint, lease interval DEFAULT '15 minutes') RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
DECLARE
    ttl interval := hone.lease_of_labels(lease);
    me hone.labellers := hone.label_holder(job, fence);
    new_end timestamptz;
BEGIN
    UPDATE hone.task_leases l SET lease_until = clock_timestamp() + ttl WHERE l.job_id = label_renew.job
    RETURNING l.lease_until INTO new_end;
    UPDATE hone.workers w SET beat_at = clock_timestamp(), stopped_at = NULL WHERE w.id = me.worker_id;
    RETURN new_end;
END $$;

CREATE FUNCTION hone.label_undo(labeller text, label bigint DEFAULT NULL) RETURNS TABLE (
    job_id bigint, fence bigint, task_id bigint, kind text, question jsonb, lease_until timestamptz,
    label_id bigint, judgement jsonb
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
DECLARE
    me hone.labellers;
    given hone.labels;
BEGIN
    PERFORM hone.check_labeller(label_undo.labeller);
    SELECT * INTO me FROM hone.labellers l WHERE l.name = label_undo.labeller FOR NO KEY UPDATE;
    SELECT * INTO given FROM hone.labels l
    WHERE l.labeller_id = me.id AND (label_undo.label IS NULL OR l.id = label_undo.label)
    ORDER BY l.id DESC LIMIT 1 FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION '% of % to undo', CASE WHEN label IS NULL THEN 'there is no label' ELSE 'there is no label ' ||
            label END, coalesce(label_undo.labeller, 'NULL') USING ERRCODE = 'HN004';
    ELSIF EXISTS (SELECT FROM hone.labels n WHERE n.supersedes = given.id) THEN
        RAISE EXCEPTION 'label % was superseded already', given.id USING ERRCODE = 'HN005';
    ELSIF given.undo_until IS NULL OR given.undo_until < clock_timestamp() THEN
        RAISE EXCEPTION 'the time to change label % is over', given.id USING ERRCODE = 'HN005',
            HINT = 'A label can be changed until the lease that it was given under would have run out.';
    END IF;
    RETURN QUERY
    WITH opened AS (
        INSERT INTO hone.label_undos (label_id, fence) VALUES (given.id, nextval('hone.fences'))
        RETURNING label_undos.fence
    )
    SELECT given.job_id, o.fence, t.id, t.kind,
        hone.label_question(t.kind, hone.label_content(t.id), s.swapped), given.undo_until, given.id, given.judgement
    FROM opened o, hone.label_tasks t JOIN hone.label_slots s ON s.job_id = given.job_id WHERE t.id = given.task_id;
END $$;
COMMENT ON FUNCTION hone.label_undo IS
    'opens a label (the labeller''s last) for another judgement, to be submitted under the fence it returns; until '
    'then, and if that never comes, the label stands';

CREATE FUNCTION hone.label_progress(labeller text, kinds text[] DEFAULT NULL, source text DEFAULT 'person')
RETURNS TABLE (labelled bigint, skipped bigint, today bigint, open_slots bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
BEGIN
    PERFORM hone.check_labeller(label_progress.labeller);
    RETURN QUERY
    SELECT count(l.id) FILTER (WHERE l.supersedes IS NULL),
        (SELECT count(*) FROM hone.label_skips s WHERE s.labeller_id = me.id),
        count(l.id) FILTER (WHERE l.supersedes IS NULL AND l.created_at >= date_trunc('day', clock_timestamp())),
        (SELECT count(*) FROM (
            SELECT FROM hone.task_ready r
            WHERE r.lane_id IN (
                SELECT n.id FROM hone.lanes n JOIN hone.queues q ON q.id = n.queue_id
                JOIN unnest(coalesce(kinds, '{preference,steps,rating,correction}')) AS k(kind)
                    ON q.name = hone.label_queue(k.kind, label_progress.source)
                WHERE n.kind = 'label')
            LIMIT 10001) r)
    FROM (SELECT (SELECT l.id FROM hone.labellers l WHERE l.name = label_progress.labeller) AS id) me
    LEFT JOIN hone.labels l ON l.labeller_id = me.id
    GROUP BY me.id;
END $$;
COMMENT ON FUNCTION hone.label_progress IS 'open_slots counts those of everybody that nobody holds, up to 10,001';

CREATE FUNCTION hone.cancel_label_task(task bigint) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
    SELECT count(*) FILTER (WHERE hone.cancel(s.job_id))::integer FROM hone.label_slots s WHERE s.task_id = task;
$$;
COMMENT ON FUNCTION hone.cancel_label_task IS
    'takes back the slots that have no label yet; a held one goes when its labeller leaves. Returns how many';

-- Labels made elsewhere ---------------------------------------------------------------------------------------------

CREATE FUNCTION hone.import_labels(origin text, labels jsonb[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
DECLARE
    added bigint;
BEGIN
    IF origin IS NULL OR origin = '' THEN
        RAISE EXCEPTION 'imported labels need an origin' USING ERRCODE = 'HN003';
    END IF;
    PERFORM hone.check_judgement(
        r ->> 'kind', r -> 'judgement', coalesce(jsonb_array_length(r #> '{answers,0,steps}'), 0))
    FROM unnest(import_labels.labels) AS r;
    PERFORM hone.labeller(n.name, n.source)
    FROM (SELECT DISTINCT r ->> 'labeller' AS name, r ->> 'source' AS source FROM unnest(import_labels.labels) AS r
        ORDER BY 1) n;
    WITH given AS MATERIALIZED (
        SELECT u.r, u.place, sha256(convert_to(concat_ws(
                U&'\001F', import_labels.origin, u.r ->> 'kind', u.r ->> 'source', (u.r -> 'prompt')::text,
                (u.r -> 'reference')::text, (u.r -> 'answers')::text), 'UTF8')) AS content_hash
        FROM unnest(import_labels.labels) WITH ORDINALITY AS u(r, place)
    )
    INSERT INTO hone.label_tasks (kind, source, origin, content, content_hash)
    SELECT g.r ->> 'kind', g.r ->> 'source', import_labels.origin,
        g.r - 'kind' - 'source' - 'labeller' - 'judgement', g.content_hash
    FROM given g ORDER BY g.place
    ON CONFLICT DO NOTHING;
    INSERT INTO hone.labels (task_id, labeller_id, source, judgement)
    SELECT t.id, p.id, t.source, u.r -> 'judgement'
    FROM unnest(import_labels.labels) WITH ORDINALITY AS u(r, place)
    JOIN hone.labellers p ON p.name = u.r ->> 'labeller'
    JOIN hone.label_tasks t ON t.content_hash = sha256(convert_to(concat_ws(
        U&'\001F', import_labels.origin, u.r ->> 'kind', u.r ->> 'source', (u.r -> 'prompt')::text,
        (u.r -> 'reference')::text, (u.r -> 'answers')::text), 'UTF8'))
    ORDER BY u.place
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS added = ROW_COUNT;
    RETURN added;
END $$;
COMMENT ON FUNCTION hone.import_labels IS
    'adds published labels {kind, source, labeller, prompt, reference, answers, judgement, at}; returns how many were '
    'new. The same judge''s second word on the same content is passed over';

-- Reading -----------------------------------------------------------------------------------------------------------

CREATE VIEW hone.all_judgements AS
SELECT l.id AS label_id, l.task_id, t.kind, l.source, p.name AS labeller, l.judgement,
    CASE l.judgement ->> 'choice'
        WHEN 'left' THEN CASE WHEN s.swapped THEN 'second' ELSE 'first' END
        WHEN 'right' THEN CASE WHEN s.swapped THEN 'first' ELSE 'second' END
        ELSE l.judgement ->> 'choice'
    END AS preferred,
    t.sample_id, t.other_id, t.origin, t.wanted,
    extract(epoch FROM l.created_at - l.leased_at)::float8 AS seconds, l.supersedes, l.created_at
FROM hone.labels l
JOIN hone.label_tasks t ON t.id = l.task_id
JOIN hone.labellers p ON p.id = l.labeller_id
LEFT JOIN hone.label_slots s ON s.job_id = l.job_id
WHERE NOT EXISTS (SELECT FROM hone.labels n WHERE n.supersedes = l.id);
COMMENT ON VIEW hone.all_judgements IS
    'labels that stand, whatever judged: people, simulated annotators, verifiers. preferred: first, second, tie or '
    'neither, with the sides as they are in the task';

CREATE VIEW hone.judgements AS SELECT * FROM hone.all_judgements WHERE source = 'person';
COMMENT ON VIEW hone.judgements IS 'labels of people that stand';

CREATE VIEW hone.label_task_status AS
SELECT t.id, t.kind, t.source, t.wanted, c.labels, c.skips, c.held,
    CASE
        WHEN c.labels >= t.wanted THEN 'done'
        WHEN c.cancelled > 0 AND c.labels + c.cancelled >= t.wanted THEN 'cancelled'
        ELSE 'open'
    END AS state, t.sample_id, t.other_id, t.created_at
FROM hone.label_tasks t
CROSS JOIN LATERAL (
    SELECT count(r.job_id) FILTER (WHERE r.outcome = 'succeeded') AS labels,
        count(r.job_id) FILTER (WHERE r.outcome <> 'succeeded') AS cancelled, count(h.job_id) AS held,
        (SELECT count(*) FROM hone.label_slots s JOIN hone.label_skips k ON k.job_id = s.job_id
         WHERE s.task_id = t.id) AS skips
    FROM hone.label_slots s
    LEFT JOIN hone.task_results r ON r.job_id = s.job_id
    LEFT JOIN hone.task_leases h ON h.job_id = s.job_id
    WHERE s.task_id = t.id
) c
WHERE t.origin IS NULL;

CREATE VIEW hone.label_history AS
SELECT s.task_id, a.job_id, w.name AS labeller, a.fence,
    CASE
        WHEN a.outcome = 'succeeded' THEN 'labelled'
        WHEN k.fence IS NOT NULL THEN 'skipped'
        WHEN a.outcome = 'lost' THEN 'abandoned'
        ELSE a.outcome
    END AS event, k.reason, l.id AS label_id, a.started_at, a.finished_at
FROM hone.label_slots s
JOIN hone.task_attempts a ON a.job_id = s.job_id
JOIN hone.workers w ON w.id = a.worker_id
LEFT JOIN hone.label_skips k ON k.job_id = a.job_id AND k.fence = a.fence
LEFT JOIN hone.labels l ON l.job_id = a.job_id AND l.fence = a.fence AND l.supersedes IS NULL
UNION ALL
SELECT l.task_id, l.job_id, p.name, u.fence, CASE WHEN n.id IS NULL THEN 'opened again' ELSE 'labelled again' END, NULL,
    n.id, u.created_at, n.created_at
FROM hone.label_undos u
JOIN hone.labels l ON l.id = u.label_id
JOIN hone.labellers p ON p.id = l.labeller_id
LEFT JOIN hone.labels n ON n.supersedes = l.id AND n.fence = u.fence;
COMMENT ON VIEW hone.label_history IS 'what happened to a task, attempt by attempt';

CREATE FUNCTION hone.label_audit() RETURNS TABLE (task_id bigint, fault text)
LANGUAGE sql STABLE SET search_path = pg_catalog, hone AS $$
    SELECT t.id, format('has %s slots, wants %s', c.slots, t.wanted)
    FROM hone.label_tasks t
    CROSS JOIN LATERAL (SELECT count(*) AS slots FROM hone.label_slots s WHERE s.task_id = t.id) c
    WHERE c.slots <> coalesce(t.wanted, 0)
    UNION ALL
    SELECT s.task_id, format('slot %s succeeded without a label', s.job_id)
    FROM hone.label_slots s JOIN hone.task_results r ON r.job_id = s.job_id AND r.outcome = 'succeeded'
    WHERE NOT EXISTS (SELECT FROM hone.labels l WHERE l.job_id = s.job_id AND l.supersedes IS NULL)
    UNION ALL
    SELECT l.task_id, format('label %s belongs to no success of its slot', l.id)
    FROM hone.labels l
    WHERE l.job_id IS NOT NULL AND l.supersedes IS NULL AND NOT EXISTS (
        SELECT FROM hone.task_results r WHERE r.job_id = l.job_id AND r.outcome = 'succeeded' AND r.fence = l.fence);
$$;
COMMENT ON FUNCTION hone.label_audit IS 'tasks that are not as they should be: always empty. Reads everything';

-- Freezes -----------------------------------------------------------------------------------------------------------

CREATE SEQUENCE hone.freeze_ids;
CREATE TABLE hone.freezes (
    id bigint PRIMARY KEY DEFAULT nextval('hone.freeze_ids'),
    name text NOT NULL UNIQUE CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$'),
    form text NOT NULL CHECK (form IN ('examples', 'preferences', 'steps')),
    row_count bigint NOT NULL CHECK (row_count > 0),
    sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
    selection jsonb NOT NULL CHECK (jsonb_typeof(selection) = 'object'),
    actor text NOT NULL DEFAULT session_user,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE hone.freezes IS
    'named immutable cuts for training. Of examples it is a data cut, in selection; otherwise hone.freeze_rows has the '
    'rows';
COMMENT ON COLUMN hone.freezes.sha256 IS
    'of examples: the data cut''s; otherwise over the SHA-256 of each row''s text in their order';

CREATE TABLE hone.freeze_rows (
    freeze_id bigint NOT NULL REFERENCES hone.freezes DEFERRABLE INITIALLY DEFERRED,
    ordinal bigint NOT NULL CHECK (ordinal >= 1),
    content jsonb NOT NULL,
    PRIMARY KEY (freeze_id, ordinal)
);

CREATE FUNCTION hone.keep_freeze() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM FROM added a JOIN hone.freezes f ON f.id = a.freeze_id;
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
    END IF;
    RAISE EXCEPTION 'a freeze is immutable' USING ERRCODE = 'HN005', HINT = 'Take another under a new name.';
END $$;
CREATE TRIGGER seal_rows AFTER INSERT ON hone.freeze_rows REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION hone.keep_freeze();
CREATE TRIGGER keep_rows BEFORE UPDATE OR DELETE OR TRUNCATE ON hone.freeze_rows
    FOR EACH STATEMENT EXECUTE FUNCTION hone.keep_freeze();
CREATE TRIGGER keep_freezes BEFORE UPDATE OR DELETE OR TRUNCATE ON hone.freezes
    FOR EACH STATEMENT EXECUTE FUNCTION hone.keep_freeze();

CREATE FUNCTION hone.freeze_digest(id bigint) RETURNS bytea
LANGUAGE sql STABLE SET search_path = pg_catalog, hone AS $$
    SELECT sha256(coalesce(
        string_agg(sha256(convert_to(r.content::text, 'UTF8')), ''::bytea ORDER BY r.ordinal), ''))
    FROM hone.freeze_rows r WHERE r.freeze_id = freeze_digest.id;
$$;

CREATE FUNCTION hone.seal_freeze(id bigint, name text, form text, selection jsonb) RETURNS hone.freezes
LANGUAGE sql SET search_path = pg_catalog, hone AS $$
    INSERT INTO hone.freezes (id, name, form, row_count, sha256, selection)
    VALUES (seal_freeze.id, name, form,
        (SELECT count(*) FROM hone.freeze_rows r WHERE r.freeze_id = seal_freeze.id),
        hone.freeze_digest(seal_freeze.id), selection)
    RETURNING *;
$$;
COMMENT ON FUNCTION hone.seal_freeze IS
    'records the freeze whose rows were inserted in this transaction, under an id of hone.freeze_ids; none can follow';

-- Rights ------------------------------------------------------------------------------------------------------------

-- New functions are everybody's until this; those of earlier migrations are not touched.
DO $$
DECLARE
    f regprocedure;
BEGIN
    FOR f IN
        SELECT p.oid FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = 'hone' AND (p.proname ~ '^(label|check_label|check_judgement|labell)'
            OR p.proname IN ('add_label_slots', 'create_label_tasks', 'import_labels', 'cancel_label_task',
                'lease_of_labels', 'keep_freeze', 'freeze_digest', 'seal_freeze'))
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO hone_worker, hone_admin', f);
    END LOOP;
END $$;
REVOKE EXECUTE ON FUNCTION hone.cancel_label_task, hone.label_lease FROM hone_worker;

GRANT USAGE ON SCHEMA hone TO hone_labeller;
GRANT EXECUTE ON FUNCTION hone.label_next, hone.label_submit, hone.label_skip, hone.label_release, hone.label_renew,
    hone.label_undo, hone.label_progress TO hone_labeller;
GRANT EXECUTE ON FUNCTION hone.create_label_tasks, hone.import_labels, hone.label_content TO hone_producer;
GRANT SELECT ON hone.judgements, hone.all_judgements, hone.label_task_status, hone.label_history, hone.freezes
    TO hone_producer;
GRANT SELECT ON hone.labellers, hone.label_tasks, hone.label_slots, hone.labels, hone.label_skips, hone.label_undos,
    hone.judgements, hone.all_judgements, hone.label_task_status, hone.label_history, hone.freezes, hone.freeze_rows
    TO hone_worker, hone_admin;
GRANT INSERT ON hone.freezes, hone.freeze_rows TO hone_worker, hone_admin;
GRANT USAGE, SELECT ON SEQUENCE hone.freeze_ids TO hone_worker, hone_admin;
