-- The queue: jobs of the task class, each managed on its own.
--
-- A job's payload is written once, in hone.tasks. Its state is the narrow table that holds its row:
--
--   task_blocked ──▶ task_ready ──▶ task_leases ──▶ task_results
--    (waiting)   ┌──▶ (available)    (running)       (succeeded, failed, cancelled)
--            task_due ◀───────────────┘ retry with back-off
--             (scheduled, retryable)
--
-- Every live or finished job is in exactly one of the five; hone.audit() finds any that is not.
-- No foreign keys between these tables: every write goes through the functions below, which keep them in step,
-- and a key check per row would double the cost of a completion.
--
-- Errors of this schema: HN001 lease lost, HN002 unknown kind, HN003 bad argument, HN004 unknown job,
-- HN005 not possible in this state, HN006 unknown pipeline, HN007 promotion refused.

CREATE SCHEMA IF NOT EXISTS hone;

-- Roles belong to the whole cluster, so another database may have made them, even at this moment.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['hone_producer', 'hone_worker', 'hone_admin'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', name);
            EXCEPTION
                WHEN duplicate_object OR unique_violation THEN NULL;
                WHEN insufficient_privilege THEN
                    RAISE EXCEPTION 'role % is missing and this user may not create it', name
                        USING HINT = format('As an administrator run: CREATE ROLE %I NOLOGIN', name);
            END;
        END IF;
    END LOOP;
END $$;

-- Names -------------------------------------------------------------------------------------------------------------

CREATE TABLE hone.kinds (
    kind text PRIMARY KEY,
    max_attempts smallint NOT NULL DEFAULT 5 CHECK (max_attempts BETWEEN 1 AND 1000),
    max_lost smallint NOT NULL DEFAULT 20 CHECK (max_lost BETWEEN 1 AND 1000),
    description text NOT NULL
);
COMMENT ON COLUMN hone.kinds.max_lost IS
    'attempts that may end with a dead worker before the job counts as its killer; apart from max_attempts';

INSERT INTO hone.kinds (kind, description) VALUES
    ('reason', 'one prompt to one or more samples'),
    ('label', 'a question for people'),
    ('verify', 'check samples against reference answers'),
    ('train.sft', 'supervised fine-tuning'),
    ('train.reward', 'train a reward model'),
    ('train.ppo', 'train the policy against a reward'),
    ('evaluate', 'measure a checkpoint on a dataset'),
    ('gate', 'compare a candidate with the active checkpoint'),
    ('promote', 'make a checkpoint that passed its gate the active one'),
    ('quantize', 'write a smaller form of a checkpoint'),
    ('ingest', 'add examples to a dataset'),
    ('noop', 'does nothing; measures the queue'),
    ('engine.ray', 'hand a stage over to a Ray cluster');

CREATE TABLE hone.queues (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'),
    class text NOT NULL DEFAULT 'task' CHECK (class IN ('task', 'stream')),
    paused boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON COLUMN hone.queues.paused IS 'a paused queue accepts jobs and hands none out';

CREATE TABLE hone.lanes (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    queue_id integer NOT NULL REFERENCES hone.queues,
    kind text NOT NULL REFERENCES hone.kinds,
    priority smallint NOT NULL,
    UNIQUE (queue_id, kind, priority)
);
COMMENT ON TABLE hone.lanes IS
    'one claim order: a queue, a kind and a priority. A claim reads the head of each lane it may serve, so its cost '
    'does not depend on how many jobs of other kinds or priorities wait';

-- States ------------------------------------------------------------------------------------------------------------

CREATE SEQUENCE hone.job_ids;
CREATE SEQUENCE hone.ready_positions;
COMMENT ON SEQUENCE hone.ready_positions IS
    'order inside a lane. CACHE must stay 1, and a transaction must hold its xid before it draws a position: low-water '
    'marks rely on both';
CREATE SEQUENCE hone.fences;
COMMENT ON SEQUENCE hone.fences IS 'fencing tokens of all leases, never reused: a later lease has a greater one';

CREATE TABLE hone.tasks (
    id bigint PRIMARY KEY,
    lane_id integer NOT NULL,
    max_attempts smallint NOT NULL CHECK (max_attempts BETWEEN 1 AND 1000),
    payload jsonb NOT NULL CHECK (jsonb_typeof(payload) = 'object'),
    run_at timestamptz,
    unique_key text,
    run_id bigint,
    stage text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK ((run_id IS NULL) = (stage IS NULL))
);
COMMENT ON TABLE hone.tasks IS 'what was asked for; a row is never updated';
CREATE INDEX tasks_run ON hone.tasks (run_id) WHERE run_id IS NOT NULL;

CREATE TABLE hone.task_ready (
    lane_id integer NOT NULL,
    position bigint NOT NULL,
    job_id bigint NOT NULL UNIQUE,
    attempt smallint NOT NULL CHECK (attempt >= 0),
    lost smallint NOT NULL CHECK (lost >= 0),
    PRIMARY KEY (lane_id, position)
) WITH (autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
COMMENT ON COLUMN hone.task_ready.position IS
    'smaller is claimed first; negative for a job that was already at the head once (released, rescued)';
COMMENT ON COLUMN hone.task_ready.attempt IS 'attempts used up so far, without released and lost ones';

CREATE TABLE hone.task_due (
    job_id bigint PRIMARY KEY,
    due_at timestamptz NOT NULL,
    lane_id integer NOT NULL,
    attempt smallint NOT NULL CHECK (attempt >= 0),
    lost smallint NOT NULL CHECK (lost >= 0)
) WITH (autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX task_due_at ON hone.task_due (due_at);
COMMENT ON TABLE hone.task_due IS 'jobs that wait for a time, out of the way of claims: scheduled, or retryable';

CREATE TABLE hone.task_blocked (
    job_id bigint PRIMARY KEY,
    lane_id integer NOT NULL,
    remaining integer NOT NULL CHECK (remaining >= 0)
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
COMMENT ON COLUMN hone.task_blocked.remaining IS 'dependencies that have not succeeded yet';

CREATE TABLE hone.task_leases (
    job_id bigint PRIMARY KEY,
    fence bigint NOT NULL,
    worker_id integer NOT NULL,
    lane_id integer NOT NULL,
    attempt smallint NOT NULL CHECK (attempt >= 1),
    lost smallint NOT NULL CHECK (lost >= 0),
    started_at timestamptz NOT NULL,
    lease_until timestamptz NOT NULL,
    cancel_at timestamptz,
    progress jsonb
) WITH (
    fillfactor = 50, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0.05,
    autovacuum_vacuum_cost_delay = 0
);
-- No index on a column that changes, so that every heartbeat and progress report is a heap-only update.
CREATE INDEX task_leases_worker ON hone.task_leases (worker_id);
COMMENT ON COLUMN hone.task_leases.cancel_at IS 'when cancellation was asked for; the worker stops the attempt';

CREATE TABLE hone.task_results (
    job_id bigint PRIMARY KEY,
    outcome text NOT NULL CHECK (outcome IN ('succeeded', 'failed', 'cancelled')),
    fence bigint,
    result jsonb,
    error text,
    cancelled_by bigint,
    progress jsonb,
    finished_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK ((outcome = 'succeeded') = (error IS NULL)),
    CHECK (outcome = 'succeeded' OR result IS NULL),
    CHECK (outcome <> 'succeeded' OR fence IS NOT NULL),
    CHECK (outcome = 'cancelled' OR cancelled_by IS NULL)
);
COMMENT ON COLUMN hone.task_results.fence IS 'the lease that finished the job; null if it ended without running';
COMMENT ON COLUMN hone.task_results.cancelled_by IS
    'the dependency that failed or was cancelled; null if somebody cancelled this job itself';
CREATE INDEX task_results_not_succeeded ON hone.task_results (outcome, job_id) WHERE outcome <> 'succeeded';

CREATE TABLE hone.task_attempts (
    job_id bigint NOT NULL,
    fence bigint NOT NULL,
    attempt smallint NOT NULL,
    worker_id integer NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('succeeded', 'failed', 'cancelled', 'released', 'lost')),
    error text,
    started_at timestamptz NOT NULL,
    finished_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (job_id, fence),
    CHECK ((outcome IN ('failed', 'lost')) = (error IS NOT NULL))
);
COMMENT ON TABLE hone.task_attempts IS 'ended attempts, append-only; released and lost ones use up no attempt';

CREATE TABLE hone.task_keys (
    kind text NOT NULL,
    unique_key text NOT NULL,
    job_id bigint NOT NULL UNIQUE,
    PRIMARY KEY (kind, unique_key)
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
COMMENT ON TABLE hone.task_keys IS 'unique keys of live jobs; the row goes when the job finishes';

CREATE TABLE hone.task_dependencies (
    depends_on bigint NOT NULL,
    job_id bigint NOT NULL,
    PRIMARY KEY (depends_on, job_id),
    CHECK (depends_on < job_id)
);
CREATE INDEX task_dependencies_job ON hone.task_dependencies (job_id);

CREATE TABLE hone.job_logs (
    job_id bigint NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    fence bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    level text NOT NULL CHECK (level IN ('debug', 'info', 'warning', 'error')),
    message text NOT NULL,
    PRIMARY KEY (job_id, id)
);

CREATE TABLE hone.job_checkpoints (
    job_id bigint NOT NULL,
    name text NOT NULL,
    ordinal bigint NOT NULL,
    fence bigint NOT NULL,
    state jsonb NOT NULL,
    artifact_sha256 bytea CHECK (octet_length(artifact_sha256) = 32),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (job_id, name, ordinal)
);
COMMENT ON TABLE hone.job_checkpoints IS 'where the next attempt of a long job takes up; written under the lease';

-- Workers -----------------------------------------------------------------------------------------------------------

CREATE TABLE hone.workers (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    host text NOT NULL,
    pid integer NOT NULL,
    code_version text NOT NULL,
    capabilities jsonb NOT NULL DEFAULT '{}',
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    beat_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    session_at timestamptz,
    suspected_at timestamptz,
    stopped_at timestamptz
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0);
COMMENT ON COLUMN hone.workers.session_at IS
    'when its heartbeat session last took the advisory lock (1752133221, id); a free lock means a dead session';
COMMENT ON COLUMN hone.workers.suspected_at IS 'when somebody first saw that lock free; the next heartbeat clears it';
COMMENT ON COLUMN hone.workers.stopped_at IS 'when it said goodbye, or was given up for dead';

CREATE UNLOGGED TABLE hone.sleepers (
    queue_id integer NOT NULL,
    worker_id integer NOT NULL,
    PRIMARY KEY (queue_id, worker_id)
);
COMMENT ON TABLE hone.sleepers IS
    'idle workers that want a NOTIFY; queue 0 stands for all queues. While nobody sleeps an enqueue notifies nobody';

-- Enqueue -----------------------------------------------------------------------------------------------------------

CREATE FUNCTION hone.lane(queue text, kind text, priority integer) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
DECLARE
    found_lane integer;
    found_queue integer;
BEGIN
    SELECT l.id INTO found_lane
    FROM hone.lanes l JOIN hone.queues q ON q.id = l.queue_id
    WHERE q.name = lane.queue AND l.kind = lane.kind AND l.priority = lane.priority;
    IF found_lane IS NOT NULL THEN
        RETURN found_lane;
    END IF;
    IF lane.kind IS NULL OR NOT EXISTS (SELECT FROM hone.kinds k WHERE k.kind = lane.kind) THEN
        RAISE EXCEPTION 'unknown kind of job: %', coalesce(quote_literal(lane.kind), 'NULL') USING ERRCODE = 'HN002',
            HINT = 'Kinds are: ' || (SELECT string_agg(k.kind, ', ' ORDER BY k.kind) FROM hone.kinds k);
    END IF;
    IF lane.priority IS NULL OR lane.priority NOT BETWEEN -1000 AND 1000 THEN
        RAISE EXCEPTION 'priority % is outside -1000 … 1000', coalesce(lane.priority::text, 'NULL')
            USING ERRCODE = 'HN003', HINT = 'A smaller number runs first; the default is 0.';
    END IF;
    IF lane.queue IS NULL OR lane.queue !~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$' THEN
        RAISE EXCEPTION 'bad queue name: %', coalesce(quote_literal(lane.queue), 'NULL') USING ERRCODE = 'HN003',
            HINT = 'Use at most 63 letters, digits, dots, dashes and underscores.';
    END IF;
    INSERT INTO hone.queues (name) VALUES (lane.queue) ON CONFLICT (name) DO NOTHING;
    SELECT q.id INTO found_queue FROM hone.queues q WHERE q.name = lane.queue;
    INSERT INTO hone.lanes (queue_id, kind, priority) VALUES (found_queue, lane.kind, lane.priority)
    ON CONFLICT DO NOTHING;
    SELECT l.id INTO found_lane FROM hone.lanes l
    WHERE l.queue_id = found_queue AND l.kind = lane.kind AND l.priority = lane.priority;
    RETURN found_lane;
END $$;

CREATE FUNCTION hone.wake(lane_ids integer[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
BEGIN
    IF EXISTS (SELECT FROM hone.sleepers) THEN
        PERFORM pg_notify('hone_queue', q.name)
        FROM hone.queues q
        WHERE q.id IN (SELECT l.queue_id FROM hone.lanes l WHERE l.id = ANY (lane_ids))
          AND EXISTS (SELECT FROM hone.sleepers s WHERE s.queue_id IN (0, q.id));
    END IF;
END $$;
COMMENT ON FUNCTION hone.wake IS 'notifies once for each queue on which somebody sleeps';

CREATE FUNCTION hone.check_job(payload jsonb, max_attempts integer) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
BEGIN
    IF payload IS NULL OR jsonb_typeof(payload) <> 'object' THEN
        RAISE EXCEPTION 'the payload of a job must be a JSON object, not %', coalesce(jsonb_typeof(payload), 'NULL')
            USING ERRCODE = 'HN003', HINT = 'For example {"prompt": "2+2="}.';
    END IF;
    IF pg_column_size(payload) > 1048576 THEN
        RAISE EXCEPTION 'the payload of a job has % bytes, more than 1 MiB', pg_column_size(payload)
            USING ERRCODE = 'HN003', HINT = 'Store large data as an artifact or a dataset and name it in the payload.';
    END IF;
    IF max_attempts NOT BETWEEN 1 AND 1000 THEN
        RAISE EXCEPTION 'max_attempts is %, outside 1 … 1000', max_attempts USING ERRCODE = 'HN003';
    END IF;
END $$;

CREATE FUNCTION hone.hold_dependency(job bigint) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
DECLARE
    ended text;
BEGIN
    -- A live dependency is locked against finishing until this transaction ends, so that its completion, which looks
    -- for dependents, cannot miss this one. It may move between the tables while this looks, hence the loop.
    FOR round IN 1..1000 LOOP
        PERFORM FROM hone.task_leases l WHERE l.job_id = job FOR KEY SHARE;
        IF FOUND THEN RETURN 'live'; END IF;
        PERFORM FROM hone.task_ready r WHERE r.job_id = job FOR KEY SHARE;
        IF FOUND THEN RETURN 'live'; END IF;
        PERFORM FROM hone.task_blocked b WHERE b.job_id = job FOR KEY SHARE;
        IF FOUND THEN RETURN 'live'; END IF;
        PERFORM FROM hone.task_due d WHERE d.job_id = job FOR KEY SHARE;
        IF FOUND THEN RETURN 'live'; END IF;
        SELECT r.outcome INTO ended FROM hone.task_results r WHERE r.job_id = job;
        IF FOUND THEN RETURN ended; END IF;
        IF NOT EXISTS (SELECT FROM hone.tasks t WHERE t.id = job) THEN
            RAISE EXCEPTION 'there is no job %', coalesce(job::text, 'NULL') USING ERRCODE = 'HN004',
                HINT = 'depends_on takes ids that hone.enqueue returned.';
        END IF;
    END LOOP;
    RAISE EXCEPTION 'job % moves too fast to depend on it', job USING ERRCODE = 'HN005', HINT = 'Try again.';
END $$;

CREATE FUNCTION hone.place(job bigint, lane integer, run_at timestamptz, depends_on bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
DECLARE
    dependency bigint;
    state text;
    live integer := 0;
    broken bigint;
BEGIN
    FOR dependency IN SELECT DISTINCT d FROM unnest(place.depends_on) AS d ORDER BY d LOOP
        state := hone.hold_dependency(dependency);
        IF state = 'live' THEN
            live := live + 1;
        ELSIF state <> 'succeeded' THEN
            broken := coalesce(broken, dependency);
        END IF;
    END LOOP;
    IF broken IS NOT NULL THEN
        INSERT INTO hone.task_results (job_id, outcome, error, cancelled_by)
        VALUES (job, 'cancelled', format('job %s, on which it depends, did not succeed', broken), broken);
        DELETE FROM hone.task_keys k WHERE k.job_id = place.job;
    ELSIF live > 0 THEN
        INSERT INTO hone.task_blocked (job_id, lane_id, remaining) VALUES (job, lane, live);
    ELSE
        PERFORM hone.make_runnable(job, lane, run_at);
    END IF;
END $$;
COMMENT ON FUNCTION hone.place IS 'puts a new or retried job into its first state';

CREATE FUNCTION hone.make_runnable(job bigint, lane integer, run_at timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
BEGIN
    IF run_at > clock_timestamp() THEN
        INSERT INTO hone.task_due (job_id, due_at, lane_id, attempt, lost) VALUES (job, run_at, lane, 0, 0);
    ELSE
        INSERT INTO hone.task_ready (lane_id, position, job_id, attempt, lost)
        VALUES (lane, nextval('hone.ready_positions'), job, 0, 0);
    END IF;
END $$;

CREATE FUNCTION hone.enqueue(
    kind text, payload jsonb, queue text DEFAULT 'default', priority integer DEFAULT 0,
    run_at timestamptz DEFAULT NULL, unique_key text DEFAULT NULL, max_attempts integer DEFAULT NULL,
    depends_on bigint[] DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
BEGIN
    RETURN hone.add_job(
        enqueue.kind, enqueue.payload, enqueue.queue, enqueue.priority, enqueue.run_at, enqueue.unique_key,
        enqueue.max_attempts, enqueue.depends_on, NULL, NULL);
END $$;
COMMENT ON FUNCTION hone.enqueue IS
    'adds a job in the caller''s transaction and returns its id. A smaller priority runs first (default 0). '
    'unique_key: while a job of this kind with the same key lives, its id is returned and nothing is added. '
    'depends_on: runs after all of them succeeded; cancelled if one fails.';

CREATE FUNCTION hone.add_job(
    kind text, payload jsonb, queue text, priority integer, run_at timestamptz, unique_key text,
    max_attempts integer, depends_on bigint[], run_id bigint, stage text
) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
DECLARE
    lane integer := hone.lane(add_job.queue, add_job.kind, add_job.priority);
    job bigint := nextval('hone.job_ids');
    holder bigint;
BEGIN
    PERFORM hone.check_job(add_job.payload, add_job.max_attempts);
    IF add_job.unique_key IS NOT NULL THEN
        holder := hone.take_key(add_job.kind, add_job.unique_key, job);
        IF holder <> job THEN
            RETURN holder;
        END IF;
    END IF;
    INSERT INTO hone.tasks (id, lane_id, max_attempts, payload, run_at, unique_key, run_id, stage)
    VALUES (job, lane,
        coalesce(add_job.max_attempts, (SELECT k.max_attempts FROM hone.kinds k WHERE k.kind = add_job.kind)),
        add_job.payload, add_job.run_at, add_job.unique_key, add_job.run_id, add_job.stage);
    IF cardinality(add_job.depends_on) > 0 THEN
        INSERT INTO hone.task_dependencies (depends_on, job_id)
        SELECT DISTINCT d, job FROM unnest(add_job.depends_on) AS d WHERE d < job;
        PERFORM hone.place(job, lane, add_job.run_at, add_job.depends_on);
    ELSE
        PERFORM hone.make_runnable(job, lane, add_job.run_at);
    END IF;
    PERFORM hone.wake(ARRAY[lane]);
    RETURN job;
END $$;

CREATE FUNCTION hone.take_key(kind text, unique_key text, job bigint) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
DECLARE
    holder bigint;
BEGIN
    LOOP
        INSERT INTO hone.task_keys (kind, unique_key, job_id) VALUES (take_key.kind, take_key.unique_key, take_key.job)
        ON CONFLICT ON CONSTRAINT task_keys_pkey DO NOTHING;
        IF FOUND THEN
            RETURN job;
        END IF;
        SELECT k.job_id INTO holder FROM hone.task_keys k
        WHERE k.kind = take_key.kind AND k.unique_key = take_key.unique_key;
        IF FOUND THEN
            RETURN holder;
        END IF;
    END LOOP;
END $$;
COMMENT ON FUNCTION hone.take_key IS 'the job that holds the key: the given one, or the live one that had it before';

CREATE FUNCTION hone.enqueue_many(
    kind text, payloads jsonb[], queue text DEFAULT 'default', priority integer DEFAULT 0,
    run_at timestamptz DEFAULT NULL, max_attempts integer DEFAULT NULL
) RETURNS SETOF bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
DECLARE
    lane integer := hone.lane(enqueue_many.queue, enqueue_many.kind, enqueue_many.priority);
    tries integer := coalesce(
        enqueue_many.max_attempts, (SELECT k.max_attempts FROM hone.kinds k WHERE k.kind = enqueue_many.kind));
    scheduled boolean := coalesce(enqueue_many.run_at > clock_timestamp(), false);
BEGIN
    PERFORM hone.check_job(p, tries) FROM unnest(payloads) AS p
    WHERE p IS NULL OR jsonb_typeof(p) <> 'object' OR pg_column_size(p) > 1048576 OR tries NOT BETWEEN 1 AND 1000;
    RETURN QUERY
    WITH stored AS (
        INSERT INTO hone.tasks (id, lane_id, max_attempts, payload, run_at)
        SELECT nextval('hone.job_ids'), lane, tries, p, enqueue_many.run_at FROM unnest(payloads) AS p
        RETURNING id
    ), ready AS (
        INSERT INTO hone.task_ready (lane_id, position, job_id, attempt, lost)
        SELECT lane, nextval('hone.ready_positions'), s.id, 0, 0 FROM stored s WHERE NOT scheduled
    ), due AS (
        INSERT INTO hone.task_due (job_id, due_at, lane_id, attempt, lost)
        SELECT s.id, enqueue_many.run_at, lane, 0, 0 FROM stored s WHERE scheduled
    )
    SELECT s.id FROM stored s;
    PERFORM hone.wake(ARRAY[lane]);
END $$;
COMMENT ON FUNCTION hone.enqueue_many IS 'adds many jobs of one kind in one statement; ids in the payloads'' order';

-- Cancel and retry --------------------------------------------------------------------------------------------------

CREATE FUNCTION hone.finish_unrun(jobs bigint[], reason text, cause bigint) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, hone AS $$
    INSERT INTO hone.task_results (job_id, outcome, error, cancelled_by)
    SELECT j, 'cancelled', reason, cause FROM unnest(jobs) AS j;
    DELETE FROM hone.task_keys k WHERE k.job_id = ANY (jobs);
$$;

CREATE FUNCTION hone.cancel_dependents(job bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
DECLARE
    frontier bigint[] := ARRAY[job];
    children bigint[];
BEGIN
    -- One generation a statement: a dependent that was being added while its parent was still live is committed by the
    -- time the parent's row could be deleted, and the next statement sees it.
    LOOP
        PERFORM FROM hone.task_blocked b
        WHERE b.job_id IN (SELECT d.job_id FROM hone.task_dependencies d WHERE d.depends_on = ANY (frontier))
        ORDER BY b.job_id FOR UPDATE;
        WITH gone AS (
            DELETE FROM hone.task_blocked b
            WHERE b.job_id IN (SELECT d.job_id FROM hone.task_dependencies d WHERE d.depends_on = ANY (frontier))
            RETURNING b.job_id
        )
        SELECT array_agg(g.job_id) INTO children FROM gone g;
        EXIT WHEN children IS NULL;
        PERFORM hone.finish_unrun(children, format('job %s, on which it depends, did not succeed', job), job);
        frontier := children;
    END LOOP;
END $$;

CREATE FUNCTION hone.cancel(job bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
DECLARE
    holder integer;
BEGIN
    FOR round IN 1..1000 LOOP
        DELETE FROM hone.task_ready r WHERE r.job_id = cancel.job;
        IF NOT FOUND THEN DELETE FROM hone.task_due d WHERE d.job_id = cancel.job; END IF;
        IF NOT FOUND THEN DELETE FROM hone.task_blocked b WHERE b.job_id = cancel.job; END IF;
        IF FOUND THEN
            PERFORM hone.finish_unrun(ARRAY[cancel.job], 'cancelled before it ran', NULL);
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
COMMENT ON FUNCTION hone.cancel IS
    'true: cancelled together with all that depend on it, or, if it runs, asked to stop; false: it had ended already';

CREATE FUNCTION hone.retry(job bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
DECLARE
    ended text;
    dependent bigint;
BEGIN
    SELECT r.outcome INTO ended FROM hone.task_results r WHERE r.job_id = retry.job FOR UPDATE;
    IF NOT FOUND THEN
        IF NOT EXISTS (SELECT FROM hone.tasks t WHERE t.id = retry.job) THEN
            RAISE EXCEPTION 'there is no job %', coalesce(retry.job::text, 'NULL') USING ERRCODE = 'HN004';
        END IF;
        UPDATE hone.task_due d SET due_at = clock_timestamp() WHERE d.job_id = retry.job;
        RETURN FOUND;
    END IF;
    IF ended = 'succeeded' THEN
        RAISE EXCEPTION 'job % has succeeded', retry.job USING ERRCODE = 'HN005',
            HINT = 'A committed result stays; enqueue a new job instead.';
    END IF;
    PERFORM hone.revive(retry.job);
    FOR dependent IN
        WITH RECURSIVE downstream AS (
            SELECT d.job_id FROM hone.task_dependencies d WHERE d.depends_on = retry.job
            UNION SELECT d.job_id FROM hone.task_dependencies d JOIN downstream u ON d.depends_on = u.job_id
        )
        SELECT u.job_id FROM downstream u JOIN hone.task_results r ON r.job_id = u.job_id
        WHERE r.cancelled_by IS NOT NULL
        ORDER BY u.job_id
    LOOP
        -- Ids grow along dependencies, so parents come first. One whose other parents are broken stays cancelled.
        IF NOT EXISTS (
            SELECT FROM hone.task_dependencies d JOIN hone.task_results r ON r.job_id = d.depends_on
            WHERE d.job_id = dependent AND r.outcome <> 'succeeded'
        ) THEN
            PERFORM hone.revive(dependent);
        END IF;
    END LOOP;
    RETURN true;
END $$;
COMMENT ON FUNCTION hone.retry IS
    'runs a failed or cancelled job again, with fresh attempts, and revives what was cancelled for its sake; a job '
    'that waits for its time runs now. false: it is already available, running or waiting';

CREATE FUNCTION hone.revive(job bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
DECLARE
    task hone.tasks;
    holder bigint;
    broken bigint;
BEGIN
    SELECT * INTO STRICT task FROM hone.tasks t WHERE t.id = revive.job;
    SELECT d.depends_on INTO broken
    FROM hone.task_dependencies d JOIN hone.task_results r ON r.job_id = d.depends_on
    WHERE d.job_id = revive.job AND r.outcome <> 'succeeded' LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'job % depends on job %, which did not succeed', revive.job, broken
            USING ERRCODE = 'HN005', HINT = format('Retry job %s; that revives this one.', broken);
    END IF;
    IF task.unique_key IS NOT NULL THEN
        holder := hone.take_key((SELECT l.kind FROM hone.lanes l WHERE l.id = task.lane_id), task.unique_key, task.id);
        IF holder <> task.id THEN
            RAISE EXCEPTION 'job % cannot run again: job % now holds its unique key %', task.id, holder,
                quote_literal(task.unique_key) USING ERRCODE = 'HN005';
        END IF;
    END IF;
    DELETE FROM hone.task_results r WHERE r.job_id = revive.job;
    PERFORM hone.place(
        task.id, task.lane_id, NULL,
        ARRAY(SELECT d.depends_on FROM hone.task_dependencies d WHERE d.job_id = revive.job));
    PERFORM hone.wake(ARRAY[task.lane_id]);
END $$;

-- Workers' side -----------------------------------------------------------------------------------------------------

CREATE FUNCTION hone.register_worker(name text, host text, pid integer, code_version text, capabilities jsonb)
RETURNS integer
LANGUAGE sql SET search_path = pg_catalog, hone AS $$
    INSERT INTO hone.workers (name, host, pid, code_version, capabilities)
    VALUES (name, host, pid, code_version, capabilities) RETURNING id;
$$;

CREATE FUNCTION hone.attach_worker(worker integer) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
BEGIN
    IF NOT pg_try_advisory_lock(1752133221, worker) THEN
        RETURN false;
    END IF;
    UPDATE hone.workers w SET session_at = clock_timestamp(), beat_at = clock_timestamp(), suspected_at = NULL,
        stopped_at = NULL
    WHERE w.id = worker;
    RETURN FOUND;
END $$;
COMMENT ON FUNCTION hone.attach_worker IS
    'called on the heartbeat''s own session, which holds the lock for as long as it lives; false: an old session of '
    'this worker has not gone yet';

CREATE FUNCTION hone.stop_worker(worker integer) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, hone AS $$
    UPDATE hone.workers w SET stopped_at = clock_timestamp() WHERE w.id = worker;
    DELETE FROM hone.sleepers s WHERE s.worker_id = worker;
$$;

CREATE FUNCTION hone.doze(worker integer, queues text[]) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, hone AS $$
    INSERT INTO hone.sleepers (queue_id, worker_id)
    SELECT q.id, worker FROM hone.queues q WHERE q.name = ANY (queues)
    UNION ALL SELECT 0, worker WHERE queues IS NULL OR EXISTS (
        SELECT FROM unnest(queues) AS n WHERE n NOT IN (SELECT q.name FROM hone.queues q))
    ON CONFLICT DO NOTHING;
$$;
COMMENT ON FUNCTION hone.doze IS
    'asks to be notified; the worker must claim once more before it sleeps. Null: of all queues';

CREATE FUNCTION hone.claim(
    worker integer, queues text[], kinds text[], limits integer[], ttl interval,
    mark_lanes integer[] DEFAULT '{}', marks bigint[] DEFAULT '{}'
) RETURNS TABLE (
    job_id bigint, fence bigint, kind text, queue text, priority smallint, payload jsonb, attempt smallint,
    lost smallint, max_attempts smallint, run_id bigint, stage text, lane_id integer, "position" bigint
)
LANGUAGE plpgsql SET search_path = pg_catalog, hone
-- The plan must be the walk along the lane's index whatever the statistics say: left alone, a generic plan takes
-- LIMIT's parameter for a tenth of the table and sorts it. Planning anew for each call would cost more than the claim.
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan SET jit = off
AS $$
DECLARE
    head record;
    chosen text;
    wanted integer;
    taken integer;
BEGIN
    FOR head IN
        SELECT l.id, l.kind, l.priority, q.name AS queue, m.upto, h.first, h.beyond
        FROM hone.lanes l
        JOIN hone.queues q ON q.id = l.queue_id AND NOT q.paused
            AND (claim.queues IS NULL OR q.name = ANY (claim.queues))
        JOIN unnest(claim.kinds, claim.limits) AS m(kind, upto) ON m.kind = l.kind AND m.upto > 0
        LEFT JOIN unnest(mark_lanes, marks) AS k(lane, mark) ON k.lane = l.id
        CROSS JOIN LATERAL (
            (SELECT r.position AS first, 0 AS beyond FROM hone.task_ready r
             WHERE r.lane_id = l.id AND r.position < 0 ORDER BY r.position LIMIT 1)
            UNION ALL
            (SELECT r.position, 9223372036854775807 FROM hone.task_ready r
             WHERE r.lane_id = l.id AND r.position > coalesce(k.mark, 0) ORDER BY r.position LIMIT 1)
        ) h
        ORDER BY l.priority, h.first
    LOOP
        CONTINUE WHEN head.kind <> chosen;
        wanted := coalesce(wanted, head.upto);
        RETURN QUERY
        WITH picked AS MATERIALIZED (
            SELECT r.ctid FROM hone.task_ready r
            WHERE r.lane_id = head.id AND r.position >= head.first AND r.position < head.beyond
            ORDER BY r.position LIMIT wanted FOR UPDATE SKIP LOCKED
        ), taken AS (
            DELETE FROM hone.task_ready r WHERE r.ctid = ANY (ARRAY(SELECT p.ctid FROM picked p)) RETURNING r.*
        ), numbered AS MATERIALIZED (
            SELECT o.*, nextval('hone.fences') AS fence, clock_timestamp() AS at
            FROM (SELECT * FROM taken ORDER BY taken.position) o
        ), leased AS (
            INSERT INTO hone.task_leases (job_id, fence, worker_id, lane_id, attempt, lost, started_at, lease_until)
            SELECT n.job_id, n.fence, worker, n.lane_id, n.attempt + 1, n.lost, n.at, n.at + ttl FROM numbered n
        )
        SELECT n.job_id, n.fence, head.kind, head.queue, head.priority, t.payload, (n.attempt + 1)::smallint,
            n.lost, t.max_attempts, t.run_id, t.stage, head.id, n.position
        FROM numbered n JOIN hone.tasks t ON t.id = n.job_id;
        GET DIAGNOSTICS taken = ROW_COUNT;
        IF taken > 0 THEN
            chosen := head.kind;
            wanted := wanted - taken;
            EXIT WHEN wanted = 0;
        ELSE
            wanted := CASE WHEN chosen IS NULL THEN NULL ELSE wanted END;
        END IF;
    END LOOP;
END $$;
COMMENT ON FUNCTION hone.claim IS
    'leases the next jobs, all of one kind: that of the job that comes first by priority and then by age, and at most '
    'limits[i] of kinds[i]. marks[i]: the caller knows that lane mark_lanes[i] has nothing ready up to this position';

CREATE FUNCTION hone.guard(job bigint, fence bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
BEGIN
    PERFORM FROM hone.task_leases l WHERE l.job_id = guard.job AND l.fence = guard.fence FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'lease lost: job % is no longer held under fence %', guard.job, guard.fence
            USING ERRCODE = 'HN001';
    END IF;
END $$;
COMMENT ON FUNCTION hone.guard IS
    'every write of an attempt begins with this: it raises HN001 unless the lease is held, and keeps it to the end of '
    'the transaction';

CREATE FUNCTION hone.guard_all(jobs bigint[], fences bigint[]) RETURNS SETOF bigint
LANGUAGE sql SET search_path = pg_catalog, hone AS $$
    SELECT l.job_id FROM hone.task_leases l JOIN unnest(jobs, fences) AS h(job_id, fence)
        ON l.job_id = h.job_id AND l.fence = h.fence
    ORDER BY l.job_id FOR NO KEY UPDATE OF l;
$$;
COMMENT ON FUNCTION hone.guard_all IS
    'as hone.guard for a batch: the jobs that are still held, kept to the end of the transaction';

CREATE FUNCTION hone.heartbeat(worker integer, jobs bigint[], fences bigint[], ttl interval)
RETURNS TABLE (job_id bigint, cancel boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, hone
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan SET jit = off
AS $$
BEGIN
    UPDATE hone.workers w SET beat_at = clock_timestamp(), suspected_at = NULL WHERE w.id = worker;
    -- A lease locked now is being completed by its own worker, or taken away; either way there is nothing to renew,
    -- and waiting for it would let the other leases expire.
    WITH free AS MATERIALIZED (
        SELECT l.job_id FROM hone.task_leases l JOIN unnest(jobs, fences) AS h(job_id, fence)
            ON l.job_id = h.job_id AND l.fence = h.fence
        FOR NO KEY UPDATE OF l SKIP LOCKED
    )
    UPDATE hone.task_leases l SET lease_until = clock_timestamp() + ttl FROM free f WHERE l.job_id = f.job_id;
    RETURN QUERY
    SELECT l.job_id, l.cancel_at IS NOT NULL
    FROM hone.task_leases l JOIN unnest(jobs, fences) AS h(job_id, fence) ON l.job_id = h.job_id AND l.fence = h.fence;
END $$;
COMMENT ON FUNCTION hone.heartbeat IS 'renews the leases and returns those that are still held';

CREATE FUNCTION hone.complete(jobs bigint[], fences bigint[], results jsonb[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, hone
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan SET jit = off
AS $$
DECLARE
    done integer;
BEGIN
    WITH held AS (
        DELETE FROM hone.task_leases l USING unnest(jobs, fences, results) AS d(job_id, fence, result)
        WHERE l.job_id = d.job_id AND l.fence = d.fence
        RETURNING l.*, d.result
    ), attempts AS (
        INSERT INTO hone.task_attempts (job_id, fence, attempt, worker_id, outcome, started_at)
        SELECT h.job_id, h.fence, h.attempt, h.worker_id, 'succeeded', h.started_at FROM held h
    )
    INSERT INTO hone.task_results (job_id, outcome, fence, result, progress)
    SELECT h.job_id, 'succeeded', h.fence, h.result, h.progress FROM held h;
    GET DIAGNOSTICS done = ROW_COUNT;
    IF done <> cardinality(jobs) THEN
        RAISE EXCEPTION 'lease lost: % of % jobs are no longer held', cardinality(jobs) - done, cardinality(jobs)
            USING ERRCODE = 'HN001';
    END IF;
    DELETE FROM hone.task_keys k WHERE k.job_id = ANY (jobs);
    PERFORM hone.release_dependents(jobs);
END $$;
COMMENT ON FUNCTION hone.complete IS 'all or none: raises HN001 unless every one of the leases is held';

CREATE FUNCTION hone.release_dependents(jobs bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
DECLARE
    children bigint[];
    freed record;
    woken integer[];
BEGIN
    SELECT array_agg(DISTINCT d.job_id) INTO children
    FROM hone.task_dependencies d WHERE d.depends_on = ANY (jobs);
    IF children IS NULL THEN
        RETURN;
    END IF;
    -- In order of ids: two parents that finish at once must not wait for each other.
    PERFORM FROM hone.task_blocked b WHERE b.job_id = ANY (children) ORDER BY b.job_id FOR UPDATE;
    UPDATE hone.task_blocked b SET remaining = b.remaining - d.met
    FROM (
        SELECT c.job_id, count(*)::integer AS met FROM hone.task_dependencies c
        WHERE c.depends_on = ANY (jobs) GROUP BY c.job_id
    ) d
    WHERE b.job_id = d.job_id;
    FOR freed IN
        DELETE FROM hone.task_blocked b USING hone.tasks t
        WHERE b.job_id = ANY (children) AND b.remaining = 0 AND t.id = b.job_id
        RETURNING b.job_id, b.lane_id, t.run_at
    LOOP
        PERFORM hone.make_runnable(freed.job_id, freed.lane_id, freed.run_at);
        woken := array_append(woken, freed.lane_id);
    END LOOP;
    PERFORM hone.wake(woken);
END $$;

CREATE FUNCTION hone.end_attempt(job bigint, fence bigint, outcome text, error text) RETURNS hone.task_leases
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
DECLARE
    lease hone.task_leases;
BEGIN
    DELETE FROM hone.task_leases l WHERE l.job_id = end_attempt.job AND l.fence = end_attempt.fence
    RETURNING * INTO lease;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'lease lost: job % is no longer held under fence %', end_attempt.job, end_attempt.fence
            USING ERRCODE = 'HN001';
    END IF;
    INSERT INTO hone.task_attempts (job_id, fence, attempt, worker_id, outcome, error, started_at)
    VALUES (lease.job_id, lease.fence, lease.attempt, lease.worker_id, end_attempt.outcome, end_attempt.error,
        lease.started_at);
    RETURN lease;
END $$;

CREATE FUNCTION hone.finish_unsuccessful(lease hone.task_leases, outcome text, error text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
BEGIN
    INSERT INTO hone.task_results (job_id, outcome, fence, error, progress)
    VALUES (lease.job_id, finish_unsuccessful.outcome, lease.fence, finish_unsuccessful.error, lease.progress);
    DELETE FROM hone.task_keys k WHERE k.job_id = lease.job_id;
    PERFORM hone.cancel_dependents(lease.job_id);
END $$;

CREATE FUNCTION hone.backoff(attempt integer) RETURNS interval
LANGUAGE sql VOLATILE SET search_path = pg_catalog AS $$
    SELECT random() * least(interval '1 hour', interval '1 second' * 2 ^ least(attempt, 20));
$$;
COMMENT ON FUNCTION hone.backoff IS 'exponential with full jitter: uniform below 2^attempt seconds, at most an hour';

CREATE FUNCTION hone.fail(
    job bigint, fence bigint, error text, permanent boolean DEFAULT false, retry_after interval DEFAULT NULL
) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
DECLARE
    message text := left(coalesce(nullif(fail.error, ''), 'failed without a message'), 10000);
    lease hone.task_leases := hone.end_attempt(fail.job, fail.fence, 'failed', message);
BEGIN
    IF lease.cancel_at IS NOT NULL THEN
        PERFORM hone.finish_unsuccessful(lease, 'cancelled', 'cancelled while it ran');
        RETURN 'cancelled';
    ELSIF permanent OR lease.attempt >= (SELECT t.max_attempts FROM hone.tasks t WHERE t.id = lease.job_id) THEN
        PERFORM hone.finish_unsuccessful(lease, 'failed', message);
        RETURN 'failed';
    END IF;
    INSERT INTO hone.task_due (job_id, due_at, lane_id, attempt, lost)
    VALUES (lease.job_id, clock_timestamp() + coalesce(retry_after, hone.backoff(lease.attempt)), lease.lane_id,
        lease.attempt, lease.lost);
    RETURN 'retryable';
END $$;
COMMENT ON FUNCTION hone.fail IS 'ends an attempt with an error; returns the state the job is in now';

CREATE FUNCTION hone.confirm_cancel(job bigint, fence bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
BEGIN
    PERFORM hone.finish_unsuccessful(
        hone.end_attempt(confirm_cancel.job, confirm_cancel.fence, 'cancelled', NULL),
        'cancelled', 'cancelled while it ran');
END $$;

CREATE FUNCTION hone.requeue(lease hone.task_leases, lost integer) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
BEGIN
    INSERT INTO hone.task_ready (lane_id, position, job_id, attempt, lost)
    VALUES (lease.lane_id, nextval('hone.ready_positions') - 4611686018427387904, lease.job_id, lease.attempt - 1,
        requeue.lost);
    PERFORM hone.wake(ARRAY[lease.lane_id]);
END $$;
COMMENT ON FUNCTION hone.requeue IS 'back to the front of its lane, with the attempt given back';

CREATE FUNCTION hone.release(jobs bigint[], fences bigint[]) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
DECLARE
    held record;
    lease hone.task_leases;
    released integer := 0;
BEGIN
    FOR held IN
        SELECT l.job_id, l.fence FROM hone.task_leases l JOIN unnest(jobs, fences) AS h(job_id, fence)
            ON l.job_id = h.job_id AND l.fence = h.fence
        ORDER BY l.job_id FOR UPDATE OF l
    LOOP
        lease := hone.end_attempt(held.job_id, held.fence, 'released', NULL);
        IF lease.cancel_at IS NULL THEN
            PERFORM hone.requeue(lease, lease.lost);
        ELSE
            PERFORM hone.finish_unsuccessful(lease, 'cancelled', 'cancelled while it ran');
        END IF;
        released := released + 1;
    END LOOP;
    RETURN released;
END $$;
COMMENT ON FUNCTION hone.release IS 'gives back what a worker that stops has not finished; lost leases are passed over';

CREATE FUNCTION hone.report_progress(job bigint, fence bigint, progress jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
BEGIN
    UPDATE hone.task_leases l SET progress = report_progress.progress
    WHERE l.job_id = report_progress.job AND l.fence = report_progress.fence;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'lease lost: job % is no longer held under fence %', report_progress.job,
            report_progress.fence USING ERRCODE = 'HN001';
    END IF;
END $$;

CREATE FUNCTION hone.promote_due() RETURNS interval
LANGUAGE plpgsql SET search_path = pg_catalog, hone
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan SET jit = off
AS $$
DECLARE
    woken integer[];
BEGIN
    WITH due AS MATERIALIZED (
        SELECT d.job_id FROM hone.task_due d WHERE d.due_at <= clock_timestamp()
        ORDER BY d.due_at LIMIT 1000 FOR UPDATE SKIP LOCKED
    ), gone AS (
        DELETE FROM hone.task_due d USING due WHERE d.job_id = due.job_id RETURNING d.*
    ), ready AS (
        INSERT INTO hone.task_ready AS r (lane_id, position, job_id, attempt, lost)
        SELECT g.lane_id, nextval('hone.ready_positions'), g.job_id, g.attempt, g.lost
        FROM (SELECT * FROM gone ORDER BY gone.due_at, gone.job_id) g
        RETURNING r.lane_id
    )
    SELECT array_agg(DISTINCT r.lane_id) INTO woken FROM ready r;
    PERFORM hone.wake(woken);
    RETURN (
        SELECT greatest(d.due_at - clock_timestamp(), interval '0') FROM hone.task_due d ORDER BY d.due_at LIMIT 1);
END $$;
COMMENT ON FUNCTION hone.promote_due IS
    'makes jobs available whose time has come, 1,000 at most; returns the time until the next one, null if none waits';

CREATE FUNCTION hone.dead_workers() RETURNS integer[]
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
DECLARE
    without_session integer[];
BEGIN
    -- After a restart of the server all locks are free; a worker then counts again once it has come back.
    SELECT array_agg(w.id) INTO without_session
    FROM hone.workers w
    WHERE w.stopped_at IS NULL AND w.session_at > pg_postmaster_start_time() AND NOT EXISTS (
        SELECT FROM pg_locks l
        WHERE l.locktype = 'advisory' AND l.classid = 1752133221 AND l.objid = w.id AND l.objsubid = 2 AND l.granted
          AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()));
    IF without_session IS NULL THEN
        RETURN '{}';
    END IF;
    -- Suspected once, given up when the lock is still free half a second later: a worker whose connection broke has
    -- taken it again by then.
    UPDATE hone.workers w SET suspected_at = clock_timestamp()
    WHERE w.id = ANY (without_session) AND w.suspected_at IS NULL;
    RETURN ARRAY(
        SELECT w.id FROM hone.workers w
        WHERE w.id = ANY (without_session) AND w.suspected_at < clock_timestamp() - interval '500 milliseconds');
END $$;

CREATE FUNCTION hone.rescue(ttl interval, expired boolean DEFAULT true) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
DECLARE
    dead integer[] := hone.dead_workers();
    -- While the server was down nobody could renew: for one lease after its start nothing counts as expired.
    expiry boolean := expired AND pg_postmaster_start_time() < clock_timestamp() - ttl;
    held record;
    lease hone.task_leases;
    rescued integer := 0;
BEGIN
    IF NOT expiry AND dead = '{}' THEN
        RETURN 0;
    END IF;
    FOR held IN
        SELECT l.job_id, l.fence, k.max_lost,
            format('worker %s (%s) %s', l.worker_id, coalesce(w.name, 'unknown'),
                CASE WHEN l.worker_id = ANY (dead) THEN 'died' ELSE 'did not renew its lease in time' END) AS reason
        FROM hone.task_leases l
        JOIN hone.lanes n ON n.id = l.lane_id JOIN hone.kinds k ON k.kind = n.kind
        LEFT JOIN hone.workers w ON w.id = l.worker_id
        WHERE l.worker_id = ANY (dead) OR (expiry AND l.lease_until < clock_timestamp())
        ORDER BY l.job_id LIMIT 1000 FOR UPDATE OF l SKIP LOCKED
    LOOP
        lease := hone.end_attempt(held.job_id, held.fence, 'lost', held.reason);
        IF lease.cancel_at IS NOT NULL THEN
            PERFORM hone.finish_unsuccessful(lease, 'cancelled', 'cancelled while it ran');
        ELSIF lease.lost + 1 >= held.max_lost THEN
            PERFORM hone.finish_unsuccessful(lease, 'failed',
                format('given up after %s workers died or vanished while they ran it; the last: %s',
                    lease.lost + 1, held.reason));
        ELSE
            PERFORM hone.requeue(lease, lease.lost + 1);
        END IF;
        rescued := rescued + 1;
    END LOOP;
    UPDATE hone.workers w SET stopped_at = clock_timestamp()
    WHERE w.stopped_at IS NULL
      AND (w.id = ANY (dead) OR (expiry AND w.beat_at < clock_timestamp() - 4 * ttl))
      AND NOT EXISTS (SELECT FROM hone.task_leases l WHERE l.worker_id = w.id);
    DELETE FROM hone.sleepers s USING hone.workers w WHERE w.id = s.worker_id AND w.stopped_at IS NOT NULL;
    RETURN rescued;
END $$;
COMMENT ON FUNCTION hone.rescue IS
    'takes the leases of dead workers and, with expired, those that ran out, and makes their jobs available again';

CREATE FUNCTION hone.ready_horizon(lane_ids integer[], floors bigint[])
RETURNS TABLE (lane_id integer, head bigint, oldest bigint, next bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog, hone
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
AS $$
    SELECT f.lane, (
            SELECT r.position FROM hone.task_ready r
            WHERE r.lane_id = f.lane AND r.position > f.floor ORDER BY r.position LIMIT 1
        ),
        pg_snapshot_xmin(pg_current_snapshot())::text::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint
    FROM unnest(lane_ids, floors) AS f(lane, floor);
$$;
COMMENT ON FUNCTION hone.ready_horizon IS
    'for low-water marks: the first visible position of each lane above its floor, and the transactions then in '
    'progress. Nothing below head can appear later except from those: positions are drawn after the xid';

-- Views -------------------------------------------------------------------------------------------------------------

CREATE VIEW hone.job_states AS
SELECT r.job_id, r.outcome AS state, NULL::smallint AS attempt, r.fence, NULL::integer AS worker_id, r.error,
    r.progress, NULL::timestamptz AS due_at, NULL::timestamptz AS started_at, r.finished_at,
    NULL::timestamptz AS cancel_at
FROM hone.task_results r
UNION ALL
SELECT l.job_id, 'running'::text, l.attempt, l.fence, l.worker_id, NULL::text, l.progress,
    NULL::timestamptz, l.started_at, NULL::timestamptz, l.cancel_at
FROM hone.task_leases l
UNION ALL
SELECT y.job_id, 'available'::text, y.attempt, NULL::bigint, NULL::integer, NULL::text, NULL::jsonb,
    NULL::timestamptz, NULL::timestamptz, NULL::timestamptz, NULL::timestamptz
FROM hone.task_ready y
UNION ALL
SELECT d.job_id, CASE WHEN d.attempt > 0 THEN 'retryable'::text ELSE 'scheduled'::text END, d.attempt, NULL::bigint,
    NULL::integer, NULL::text, NULL::jsonb, d.due_at, NULL::timestamptz, NULL::timestamptz, NULL::timestamptz
FROM hone.task_due d
UNION ALL
SELECT b.job_id, 'waiting'::text, 0::smallint, NULL::bigint, NULL::integer, NULL::text, NULL::jsonb,
    NULL::timestamptz, NULL::timestamptz, NULL::timestamptz, NULL::timestamptz
FROM hone.task_blocked b;
COMMENT ON VIEW hone.job_states IS
    'one row a job, from the table that holds it: a condition on the state reads that table alone, and the newest jobs '
    'come from the ends of five indexes';

CREATE VIEW hone.job_status AS
SELECT p.job_id AS id, l.kind, q.name AS queue, l.priority, p.state,
    coalesce(p.attempt, a.attempt, 0::smallint) AS attempt,
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
COMMENT ON VIEW hone.job_status IS 'jobs without payload and result; page through it by id';

CREATE VIEW hone.jobs AS
SELECT s.id, s.kind, t.payload, s.queue, s.priority, s.run_at, s.state, s.attempt, s.max_attempts, r.result, s.error,
    s.progress, s.worker, s.created_at, s.started_at, s.finished_at, s.cancel_requested_at, t.unique_key, s.run_id,
    s.stage
FROM hone.job_status s
JOIN hone.tasks t ON t.id = s.id
LEFT JOIN hone.task_results r ON r.job_id = s.id;

CREATE VIEW hone.results AS
SELECT r.job_id, l.kind, r.result, r.finished_at
FROM hone.task_results r
JOIN hone.tasks t ON t.id = r.job_id
JOIN hone.lanes l ON l.id = t.lane_id
WHERE r.outcome = 'succeeded';

CREATE VIEW hone.attempts AS
SELECT a.job_id, a.attempt, a.outcome, a.error, w.name AS worker, a.fence, a.started_at, a.finished_at
FROM hone.task_attempts a
LEFT JOIN hone.workers w ON w.id = a.worker_id;

CREATE VIEW hone.queue_stats AS
SELECT q.name AS queue, q.paused,
    coalesce(sum(c.available), 0)::bigint AS available,
    coalesce(sum(c.scheduled), 0)::bigint AS scheduled,
    coalesce(sum(c.retryable), 0)::bigint AS retryable,
    coalesce(sum(c.waiting), 0)::bigint AS waiting,
    coalesce(sum(c.running), 0)::bigint AS running
FROM hone.queues q
LEFT JOIN hone.lanes l ON l.queue_id = q.id
LEFT JOIN (
    SELECT lane_id, count(*) AS available, 0 AS scheduled, 0 AS retryable, 0 AS waiting, 0 AS running
    FROM hone.task_ready GROUP BY lane_id
    UNION ALL
    SELECT lane_id, 0, count(*) FILTER (WHERE attempt = 0), count(*) FILTER (WHERE attempt > 0), 0, 0
    FROM hone.task_due GROUP BY lane_id
    UNION ALL
    SELECT lane_id, 0, 0, 0, count(*), 0 FROM hone.task_blocked GROUP BY lane_id
    UNION ALL
    SELECT lane_id, 0, 0, 0, 0, count(*) FROM hone.task_leases GROUP BY lane_id
) c ON c.lane_id = l.id
GROUP BY q.id;
COMMENT ON VIEW hone.queue_stats IS 'live jobs only: its cost does not grow with the finished ones';

CREATE FUNCTION hone.audit() RETURNS TABLE (job_id bigint, places text[])
LANGUAGE sql STABLE SET search_path = pg_catalog, hone AS $$
    SELECT j.job_id, array_agg(j.place ORDER BY j.place) FILTER (WHERE j.place <> 'tasks')
    FROM (
        SELECT id AS job_id, 'tasks' AS place FROM hone.tasks
        UNION ALL SELECT r.job_id, 'task_ready' FROM hone.task_ready r
        UNION ALL SELECT d.job_id, 'task_due' FROM hone.task_due d
        UNION ALL SELECT b.job_id, 'task_blocked' FROM hone.task_blocked b
        UNION ALL SELECT l.job_id, 'task_leases' FROM hone.task_leases l
        UNION ALL SELECT r.job_id, 'task_results' FROM hone.task_results r
    ) j
    GROUP BY j.job_id
    HAVING count(*) FILTER (WHERE j.place = 'tasks') <> 1 OR count(*) FILTER (WHERE j.place <> 'tasks') <> 1;
$$;
COMMENT ON FUNCTION hone.audit IS 'jobs that are not in exactly one state: always empty. Reads everything';

CREATE FUNCTION hone.pause(queue text, paused boolean DEFAULT true) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
BEGIN
    UPDATE hone.queues q SET paused = pause.paused WHERE q.name = pause.queue;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no queue %', coalesce(quote_literal(pause.queue), 'NULL') USING ERRCODE = 'HN003';
    END IF;
    PERFORM hone.wake(ARRAY(
        SELECT l.id FROM hone.lanes l JOIN hone.queues q ON q.id = l.queue_id WHERE q.name = pause.queue));
END $$;

-- The queue everybody uses, with its lanes, so that the first producers do not wait for each other to make them.
INSERT INTO hone.queues (name) VALUES ('default');
INSERT INTO hone.lanes (queue_id, kind, priority) SELECT q.id, k.kind, 0 FROM hone.queues q, hone.kinds k;

-- Rights ------------------------------------------------------------------------------------------------------------

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA hone FROM PUBLIC;
GRANT USAGE ON SCHEMA hone TO hone_producer, hone_worker, hone_admin;
GRANT EXECUTE ON FUNCTION hone.enqueue, hone.enqueue_many, hone.cancel, hone.retry
    TO hone_producer, hone_worker, hone_admin;
GRANT SELECT ON hone.kinds, hone.jobs, hone.job_status, hone.results, hone.attempts, hone.queue_stats, hone.job_logs
    TO hone_producer;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA hone TO hone_worker, hone_admin;
REVOKE EXECUTE ON FUNCTION hone.pause FROM hone_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA hone TO hone_worker, hone_admin;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA hone TO hone_worker, hone_admin;
