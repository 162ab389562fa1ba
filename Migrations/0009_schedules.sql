-- Schedules of pipelines, what arrived since a pipeline's last successful run, and how far it drifted from before.

INSERT INTO hone.kinds (kind, description) VALUES
    ('arrivals', 'take what arrived in a dataset since the last successful run of the pipeline');

-- Cron expressions --------------------------------------------------------------------------------------------------

CREATE FUNCTION hone.cron_field(field text, low integer, high integer) RETURNS integer[]
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, hone AS $$
DECLARE
    part text;
    m text[];
    first integer;
    last integer;
    step integer;
    allowed integer[] := '{}';
BEGIN
    FOREACH part IN ARRAY string_to_array(field, ',') LOOP
        m := regexp_match(part, '^(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:/(\d{1,2}))?$');
        first := coalesce(m[1]::integer, low);
        -- As elsewhere, 5/15 goes on from 5 to the end.
        last := coalesce(m[2]::integer, CASE WHEN m[1] IS NULL OR m[3] IS NOT NULL THEN high ELSE first END);
        step := coalesce(m[3]::integer, 1);
        IF m IS NULL OR first < low OR last > high OR first > last OR step < 1 THEN
            RAISE EXCEPTION 'cron expression: % is not made of numbers from % to %', quote_literal(part), low, high
                USING ERRCODE = 'HN003', HINT = 'Write *, 5, 1-5, */15 or a list of those, such as 0,30.';
        END IF;
        allowed := allowed || ARRAY(SELECT generate_series(first, last, step));
    END LOOP;
    RETURN allowed;
END $$;

CREATE FUNCTION hone.cron_next(cron text, after timestamptz) RETURNS timestamptz
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, hone AS $$
DECLARE
    fields text[] := regexp_split_to_array(btrim(cron), '\s+');
    minutes integer[];
    hours integer[];
    days integer[];
    months integer[];
    weekdays integer[];
    earliest timestamp := date_trunc('minute', after AT TIME ZONE 'UTC') + interval '1 minute';
    day date := earliest::date;
    found timestamp;
BEGIN
    IF cardinality(fields) IS DISTINCT FROM 5 THEN
        RAISE EXCEPTION 'cron expression % has not five fields', coalesce(quote_literal(cron), 'NULL')
            USING ERRCODE = 'HN003', HINT = 'They are minute, hour, day, month and weekday, such as 0 3 * * 1-5.';
    END IF;
    minutes := hone.cron_field(fields[1], 0, 59);
    hours := hone.cron_field(fields[2], 0, 23);
    days := hone.cron_field(fields[3], 1, 31);
    months := hone.cron_field(fields[4], 1, 12);
    -- Sunday is 0 and 7.
    weekdays := ARRAY(SELECT w % 7 FROM unnest(hone.cron_field(fields[5], 0, 7)) w);
    -- No 29 February is further away than eight years.
    FOR i IN 0..2922 LOOP
        IF extract(month FROM day)::integer = ANY (months) AND (CASE
            -- Where both are restricted, either suffices.
            WHEN fields[3] NOT LIKE '*%' AND fields[5] NOT LIKE '*%' THEN
                extract(day FROM day)::integer = ANY (days) OR extract(dow FROM day)::integer = ANY (weekdays)
            ELSE extract(day FROM day)::integer = ANY (days) AND extract(dow FROM day)::integer = ANY (weekdays)
        END) THEN
            SELECT min(day + make_interval(hours => h, mins => m)) INTO found
            FROM unnest(hours) h CROSS JOIN unnest(minutes) m
            WHERE day + make_interval(hours => h, mins => m) >= earliest;
            IF found IS NOT NULL THEN
                RETURN found AT TIME ZONE 'UTC';
            END IF;
        END IF;
        day := day + 1;
    END LOOP;
    RAISE EXCEPTION 'cron expression % names no day that there is', quote_literal(cron) USING ERRCODE = 'HN003';
END $$;
COMMENT ON FUNCTION hone.cron_next IS
    'the first minute after a time that a cron expression of five fields names, in UTC';

-- Schedules ---------------------------------------------------------------------------------------------------------

CREATE TABLE hone.schedules (
    pipeline text PRIMARY KEY,
    cron text NOT NULL,
    params jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(params) = 'object'),
    only_if jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(only_if) = 'object'),
    next_at timestamptz NOT NULL,
    paused_at timestamptz,
    paused_by text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK ((paused_at IS NULL) = (paused_by IS NULL))
);
COMMENT ON TABLE hone.schedules IS
    'one for each pipeline whose current definition has a schedule; a row''s lock is the right to fire it';
COMMENT ON COLUMN hone.schedules.only_if IS
    'any of these suffices, and {} asks for nothing: {"new_examples": {"dataset", "split", "count"}, "new_labels": n, '
    '"drift": {"dataset", "split", "above"}}, with ${params.x} inside';
CREATE INDEX schedules_due ON hone.schedules (next_at) WHERE paused_at IS NULL;

CREATE TABLE hone.schedule_firings (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pipeline text NOT NULL,
    cause text NOT NULL CHECK (cause IN ('cron', 'trigger')),
    due_at timestamptz NOT NULL,
    missed integer NOT NULL DEFAULT 0 CHECK (missed >= 0),
    outcome text NOT NULL CHECK (outcome IN ('started', 'skipped', 'failed')),
    reason text NOT NULL,
    run_id bigint UNIQUE REFERENCES hone.runs,
    seen jsonb NOT NULL,
    actor text NOT NULL DEFAULT session_user,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK ((outcome = 'started') = (run_id IS NOT NULL))
);
COMMENT ON COLUMN hone.schedule_firings.missed IS
    'earlier due times that this one stands for, such as while all was down';
COMMENT ON COLUMN hone.schedule_firings.seen IS 'what there was: {"examples": n, "labels": n, "drift": x}';
CREATE UNIQUE INDEX schedule_firings_once ON hone.schedule_firings (pipeline, due_at) WHERE cause = 'cron';
CREATE INDEX schedule_firings_pipeline ON hone.schedule_firings (pipeline, id);

CREATE FUNCTION hone.set_schedule(pipeline text, schedule jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
BEGIN
    IF schedule IS NULL THEN
        DELETE FROM hone.schedules s WHERE s.pipeline = set_schedule.pipeline;
        RETURN;
    END IF;
    INSERT INTO hone.schedules AS s (pipeline, cron, params, only_if, next_at)
    VALUES (set_schedule.pipeline, schedule ->> 'cron', coalesce(schedule -> 'params', '{}'),
        coalesce(schedule -> 'only_if', '{}'), hone.cron_next(schedule ->> 'cron', clock_timestamp()))
    ON CONFLICT ON CONSTRAINT schedules_pkey DO UPDATE SET cron = EXCLUDED.cron, params = EXCLUDED.params,
        only_if = EXCLUDED.only_if,
        -- What is due stays due when a definition is stored again.
        next_at = CASE WHEN s.cron = EXCLUDED.cron THEN s.next_at ELSE EXCLUDED.next_at END;
END $$;

CREATE OR REPLACE FUNCTION hone.define_pipeline(definition jsonb) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
DECLARE
    version text := encode(sha256(convert_to(define_pipeline.definition::text, 'UTF8')), 'hex');
BEGIN
    UPDATE hone.pipelines p SET is_current = false
    WHERE p.name = define_pipeline.definition ->> 'name' AND p.is_current AND p.hash <> version;
    INSERT INTO hone.pipelines AS p (hash, name, definition)
    VALUES (version, define_pipeline.definition ->> 'name', define_pipeline.definition)
    ON CONFLICT (hash) DO UPDATE SET is_current = true;
    PERFORM hone.set_schedule(define_pipeline.definition ->> 'name', define_pipeline.definition -> 'schedule');
    RETURN version;
END $$;

-- Arrivals ----------------------------------------------------------------------------------------------------------

CREATE TABLE hone.arrival_cuts (
    run_id bigint NOT NULL REFERENCES hone.runs,
    pipeline text NOT NULL,
    dataset_id integer NOT NULL REFERENCES hone.datasets,
    split text NOT NULL,
    ids int8multirange NOT NULL,
    outcome text CHECK (outcome IN ('taken', 'returned')),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (run_id, dataset_id, split)
);
COMMENT ON TABLE hone.arrival_cuts IS
    'what each run of a pipeline took of a dataset. The watermark is the union of what succeeded runs took: a set of '
    'ids and no greatest one, since a smaller id may be committed later';
COMMENT ON COLUMN hone.arrival_cuts.outcome IS
    'taken: the run succeeded; returned: it did not, and the next one takes it; null: not settled yet';
CREATE INDEX arrival_cuts_watermark ON hone.arrival_cuts (pipeline, dataset_id, split);

CREATE FUNCTION hone.settle_arrivals(pipeline text) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, hone AS $$
    UPDATE hone.arrival_cuts c SET outcome = CASE s.state WHEN 'succeeded' THEN 'taken' ELSE 'returned' END
    FROM hone.run_status s
    WHERE c.pipeline = settle_arrivals.pipeline AND c.outcome IS NULL AND s.id = c.run_id
      AND s.state NOT IN ('pending', 'running');
$$;

CREATE FUNCTION hone.arrival_watermark(pipeline text, dataset text, split text) RETURNS int8multirange
LANGUAGE sql STABLE SET search_path = pg_catalog, hone AS $$
    SELECT coalesce(range_agg(c.ids), '{}')
    FROM hone.arrival_cuts c JOIN hone.datasets d ON d.id = c.dataset_id
    WHERE c.pipeline = arrival_watermark.pipeline AND d.name = arrival_watermark.dataset
      AND c.split = arrival_watermark.split AND c.outcome = 'taken';
$$;
COMMENT ON FUNCTION hone.arrival_watermark IS 'the ids that succeeded runs of a pipeline have taken';

CREATE FUNCTION hone.take_arrivals(run bigint, dataset text, split text) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
DECLARE
    taker text := (SELECT p.name FROM hone.runs r JOIN hone.pipelines p ON p.hash = r.pipeline_hash WHERE r.id = run);
    collection integer := (SELECT d.id FROM hone.datasets d WHERE d.name = take_arrivals.dataset);
    other bigint;
    fresh int8multirange;
    amount bigint;
    content text;
BEGIN
    IF taker IS NULL OR collection IS NULL OR split IS NULL THEN
        RAISE EXCEPTION 'there is no run % or no dataset %', coalesce(run::text, 'NULL'),
            coalesce(quote_literal(dataset), 'NULL') USING ERRCODE = 'HN003';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('hone.arrivals ' || taker, 0));
    PERFORM hone.settle_arrivals(taker);
    SELECT c.run_id INTO other FROM hone.arrival_cuts c
    WHERE c.pipeline = taker AND c.dataset_id = collection AND c.split = take_arrivals.split
      AND c.outcome IS NULL AND c.run_id <> run LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'run % of pipeline % is still at work on what arrived', other, taker
            USING ERRCODE = 'HN005', HINT = 'Wait for its end, or cancel it.';
    END IF;
    -- One statement, and so one moment, for the ids, their number and their content.
    SELECT coalesce(range_agg(int8range(e.id, e.id + 1)), '{}'), count(*) FILTER (WHERE e.split = take_arrivals.split),
        encode(sha256(coalesce(string_agg(e.content_hash, ''::bytea ORDER BY e.id)
            FILTER (WHERE e.split = take_arrivals.split), '')), 'hex')
    INTO fresh, amount, content
    FROM hone.examples e
    WHERE e.dataset_id = collection AND NOT e.id <@ hone.arrival_watermark(taker, dataset, take_arrivals.split);
    IF amount = 0 THEN
        RAISE EXCEPTION 'nothing has arrived in split % of dataset % since the last successful run of %',
            split, dataset, taker USING ERRCODE = 'HN005';
    END IF;
    INSERT INTO hone.arrival_cuts (run_id, pipeline, dataset_id, split, ids)
    VALUES (run, taker, collection, take_arrivals.split, fresh);
    RETURN jsonb_build_object(
        'dataset', dataset, 'split', split, 'ids', fresh::text, 'count', amount, 'sha256', content);
END $$;
COMMENT ON FUNCTION hone.take_arrivals IS
    'gives a run all that arrived since the pipeline''s last successful run, as a data cut; one run at a time';

-- Drift -------------------------------------------------------------------------------------------------------------

CREATE FUNCTION hone.prompt_features(prompt text) RETURNS TABLE (feature text, value text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, hone AS $$
    VALUES
        -- Numbers masked, names and other words in capitals too.
        ('template', left(regexp_replace(regexp_replace(prompt, '[0-9]+([.,][0-9]+)*', '#', 'g'),
            '\m[A-Z][a-z]+\M', 'A', 'g'), 200)),
        ('length', floor(2 * log(2, greatest(char_length(prompt), 1)::numeric))::text),
        ('digits', coalesce((SELECT max(char_length(m[1])) FROM regexp_matches(prompt, '([0-9]+)', 'g') m), 0)::text);
$$;
COMMENT ON FUNCTION hone.prompt_features IS
    'what drift is measured on: the prompt with its numbers masked, its length by half octaves, the longest number';

CREATE FUNCTION hone.drift(pipeline text, dataset text, split text DEFAULT 'train', minimum integer DEFAULT 200)
RETURNS TABLE (feature text, psi double precision, former bigint, fresh bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
    WITH watermark AS (SELECT hone.arrival_watermark(drift.pipeline, drift.dataset, drift.split) AS ids),
    sides AS (
        (SELECT e.prompt, true AS is_fresh
        FROM hone.examples e JOIN hone.datasets d ON d.id = e.dataset_id CROSS JOIN watermark w
        WHERE d.name = drift.dataset AND e.split = drift.split AND NOT e.id <@ w.ids ORDER BY e.id DESC LIMIT 5000)
        UNION ALL
        (SELECT e.prompt, false
        FROM hone.examples e JOIN hone.datasets d ON d.id = e.dataset_id CROSS JOIN watermark w
        WHERE d.name = drift.dataset AND e.split = drift.split AND e.id <@ w.ids ORDER BY e.id DESC LIMIT 5000)
    ),
    sizes AS (
        SELECT count(*) FILTER (WHERE NOT is_fresh) AS former, count(*) FILTER (WHERE is_fresh) AS fresh FROM sides
    ),
    counts AS (
        SELECT f.feature, f.value, count(*) FILTER (WHERE NOT s.is_fresh) AS former,
            count(*) FILTER (WHERE s.is_fresh) AS fresh,
            row_number() OVER (PARTITION BY f.feature ORDER BY count(*) DESC, f.value) AS place
        FROM sides s CROSS JOIN LATERAL hone.prompt_features(s.prompt) f GROUP BY f.feature, f.value
    ),
    -- The rare values together are one: alone they would be noise.
    bins AS (
        SELECT c.feature, least(c.place, 20) AS bin, sum(c.former) + 0.5 AS former, sum(c.fresh) + 0.5 AS fresh
        FROM counts c GROUP BY c.feature, least(c.place, 20)
    ),
    shares AS (
        SELECT b.feature, b.former / sum(b.former) OVER (PARTITION BY b.feature) AS p,
            b.fresh / sum(b.fresh) OVER (PARTITION BY b.feature) AS q
        FROM bins b
    )
    SELECT s.feature, sum((q - p) * ln(q / p))::double precision, z.former, z.fresh
    FROM shares s CROSS JOIN sizes z
    WHERE z.former >= drift.minimum AND z.fresh >= drift.minimum
    GROUP BY s.feature, z.former, z.fresh ORDER BY 2 DESC;
$$;
COMMENT ON FUNCTION hone.drift IS
    'the population stability index, sum of (q - p) ln(q / p), of what arrived since the last successful run against '
    'what runs have taken, the newest 5000 prompts of each; no rows below the least number on either side';

-- Firing ------------------------------------------------------------------------------------------------------------

CREATE FUNCTION hone.schedule_sight(pipeline text, only_if jsonb) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, hone AS $$
    SELECT jsonb_strip_nulls(jsonb_build_object(
        'examples', (SELECT count(*) FROM hone.examples e JOIN hone.datasets d ON d.id = e.dataset_id
            WHERE d.name = only_if -> 'new_examples' ->> 'dataset'
              AND e.split = coalesce(only_if -> 'new_examples' ->> 'split', 'train')
            HAVING only_if ? 'new_examples'),
        'labels', (SELECT count(*) FROM hone.labels l HAVING only_if ? 'new_labels'),
        'drift', (SELECT max(f.psi) FROM hone.drift(schedule_sight.pipeline, only_if -> 'drift' ->> 'dataset',
            coalesce(only_if -> 'drift' ->> 'split', 'train')) f HAVING only_if ? 'drift')));
$$;

CREATE FUNCTION hone.schedule_obstacle(pipeline text, only_if jsonb, seen jsonb) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, hone AS $$
DECLARE
    before jsonb := coalesce((SELECT f.seen FROM hone.schedule_firings f
        WHERE f.pipeline = schedule_obstacle.pipeline AND f.outcome = 'started' ORDER BY f.id DESC LIMIT 1), '{}');
    live bigint;
    examples bigint := (seen ->> 'examples')::bigint - coalesce((before ->> 'examples')::bigint, 0);
    labels bigint := (seen ->> 'labels')::bigint - coalesce((before ->> 'labels')::bigint, 0);
    findings text[] := '{}';
BEGIN
    SELECT s.id INTO live FROM hone.run_status s
    WHERE s.id = (SELECT max(f.run_id) FROM hone.schedule_firings f WHERE f.pipeline = schedule_obstacle.pipeline)
      AND s.state IN ('pending', 'running');
    IF FOUND THEN
        RETURN format('run %s has not ended', live);
    END IF;
    IF only_if = '{}' OR examples >= (only_if -> 'new_examples' ->> 'count')::bigint
        OR labels >= (only_if ->> 'new_labels')::bigint
        OR (seen ->> 'drift')::double precision > (only_if -> 'drift' ->> 'above')::double precision THEN
        RETURN NULL;
    END IF;
    IF only_if ? 'new_examples' THEN
        findings := findings || format('%s of %s new examples', examples, only_if -> 'new_examples' ->> 'count');
    END IF;
    IF only_if ? 'new_labels' THEN
        findings := findings || format('%s of %s new labels', labels, only_if ->> 'new_labels');
    END IF;
    IF only_if ? 'drift' THEN
        findings := findings || format('drift %s, not above %s',
            coalesce(round((seen ->> 'drift')::numeric, 3)::text, 'unknown'), only_if -> 'drift' ->> 'above');
    END IF;
    RETURN array_to_string(findings, ', ');
END $$;
COMMENT ON FUNCTION hone.schedule_obstacle IS
    'why a schedule does not start a run now; null where nothing is in its way';

CREATE FUNCTION hone.fire(due hone.schedules, cause text, due_at timestamptz, missed integer, code_version text)
RETURNS hone.schedule_firings
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
DECLARE
    fired hone.schedule_firings;
    settled jsonb;
    condition jsonb;
    obstacle text;
BEGIN
    fired.outcome := 'failed';
    fired.seen := '{}';
    -- What goes wrong here is this schedule's fault alone: it is written down, and the others fire.
    BEGIN
        SELECT hone.pipeline_params(p.definition, due.params) INTO STRICT settled
        FROM hone.pipelines p WHERE p.name = due.pipeline AND p.is_current;
        condition := hone.substitute(due.only_if, settled);
        PERFORM hone.settle_arrivals(due.pipeline);
        fired.seen := hone.schedule_sight(due.pipeline, condition);
        obstacle := hone.schedule_obstacle(due.pipeline, condition, fired.seen);
        IF obstacle IS NOT NULL AND fire.cause = 'cron' THEN
            fired.outcome := 'skipped';
            fired.reason := obstacle;
        ELSE
            fired.run_id := hone.run_pipeline(due.pipeline, due.params, fire.code_version);
            fired.outcome := 'started';
            fired.reason := coalesce('asked for, though ' || obstacle, 'due');
        END IF;
    EXCEPTION WHEN OTHERS THEN
        fired.reason := SQLERRM;
    END;
    INSERT INTO hone.schedule_firings AS f (pipeline, cause, due_at, missed, outcome, reason, run_id, seen)
    VALUES (due.pipeline, fire.cause, fire.due_at, fire.missed, fired.outcome, fired.reason, fired.run_id, fired.seen)
    RETURNING * INTO fired;
    RETURN fired;
END $$;

CREATE FUNCTION hone.fire_schedules(code_version text DEFAULT NULL) RETURNS SETOF hone.schedule_firings
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
DECLARE
    due hone.schedules;
    due_at timestamptz;
    following timestamptz;
    missed integer;
BEGIN
    -- The row's lock decides who fires, and the run, the firing and the next due time commit together.
    FOR due IN
        SELECT * FROM hone.schedules s WHERE s.paused_at IS NULL AND s.next_at <= clock_timestamp()
        ORDER BY s.next_at FOR UPDATE SKIP LOCKED
    LOOP
        due_at := due.next_at;
        missed := 0;
        following := hone.cron_next(due.cron, due_at);
        -- What was missed is made up for once. Beyond a thousand the count stops to matter.
        WHILE following <= clock_timestamp() AND missed < 1000 LOOP
            due_at := following;
            missed := missed + 1;
            following := hone.cron_next(due.cron, due_at);
        END LOOP;
        UPDATE hone.schedules s SET next_at = hone.cron_next(due.cron, greatest(due_at, clock_timestamp()))
        WHERE s.pipeline = due.pipeline;
        RETURN NEXT hone.fire(due, 'cron', due_at, missed, code_version);
    END LOOP;
END $$;
COMMENT ON FUNCTION hone.fire_schedules IS
    'starts what is due, each due time once however many call; every worker does, every few seconds';

CREATE FUNCTION hone.locked_schedule(pipeline text) RETURNS hone.schedules
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
DECLARE
    found_schedule hone.schedules;
BEGIN
    SELECT * INTO found_schedule FROM hone.schedules s WHERE s.pipeline = locked_schedule.pipeline FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'pipeline % has no schedule', coalesce(quote_literal(pipeline), 'NULL')
            USING ERRCODE = 'HN006', HINT = 'Those that have one are: ' || coalesce(
                (SELECT string_agg(s.pipeline, ', ' ORDER BY s.pipeline) FROM hone.schedules s), 'none yet');
    END IF;
    RETURN found_schedule;
END $$;

CREATE FUNCTION hone.trigger_schedule(pipeline text, code_version text DEFAULT NULL) RETURNS hone.schedule_firings
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
    SELECT hone.fire(hone.locked_schedule(trigger_schedule.pipeline), 'trigger', clock_timestamp(), 0,
        trigger_schedule.code_version);
$$;
COMMENT ON FUNCTION hone.trigger_schedule IS 'starts a run now, whatever its condition says and also while paused';

CREATE FUNCTION hone.pause_schedule(pipeline text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
BEGIN
    PERFORM hone.locked_schedule(pause_schedule.pipeline);
    UPDATE hone.schedules s SET paused_at = clock_timestamp(), paused_by = session_user
    WHERE s.pipeline = pause_schedule.pipeline AND s.paused_at IS NULL;
END $$;

CREATE FUNCTION hone.resume_schedule(pipeline text) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
DECLARE
    paused hone.schedules := hone.locked_schedule(resume_schedule.pipeline);
BEGIN
    -- A pause is no outage: what was due meanwhile is not made up for.
    IF paused.paused_at IS NOT NULL THEN
        UPDATE hone.schedules s SET paused_at = NULL, paused_by = NULL,
            next_at = hone.cron_next(s.cron, clock_timestamp())
        WHERE s.pipeline = resume_schedule.pipeline;
    END IF;
    RETURN (SELECT s.next_at FROM hone.schedules s WHERE s.pipeline = resume_schedule.pipeline);
END $$;
COMMENT ON FUNCTION hone.resume_schedule IS 'fires again from the next due time on, which it returns';

-- Rights ------------------------------------------------------------------------------------------------------------

REVOKE ALL ON FUNCTION hone.cron_field, hone.cron_next, hone.set_schedule, hone.settle_arrivals,
    hone.arrival_watermark, hone.take_arrivals, hone.prompt_features, hone.drift, hone.schedule_sight,
    hone.schedule_obstacle, hone.fire, hone.fire_schedules, hone.locked_schedule, hone.trigger_schedule,
    hone.pause_schedule, hone.resume_schedule FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hone.fire_schedules, hone.take_arrivals, hone.drift, hone.arrival_watermark,
    hone.prompt_features TO hone_worker, hone_admin;
GRANT EXECUTE ON FUNCTION hone.cron_field, hone.cron_next, hone.set_schedule, hone.trigger_schedule,
    hone.pause_schedule, hone.resume_schedule TO hone_admin;
GRANT SELECT ON hone.schedules, hone.schedule_firings, hone.arrival_cuts TO hone_producer, hone_worker, hone_admin;
GRANT INSERT, UPDATE, DELETE ON hone.schedules TO hone_admin;
