-- OpenAI Batch files through the queue: the good lines of a file become jobs in one transaction, and every line, good
-- or bad, ends as one row of hone.batch_output.
--
-- While a file is read its lines lie in hone.batch_staging, where no worker sees them; a reader that is killed goes on
-- after the last line that is there.

CREATE TABLE hone.batches (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    file text NOT NULL,
    sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
    model text,
    queue text NOT NULL,
    priority integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    submitted_at timestamptz,
    cancelled_at timestamptz
);
CREATE INDEX batches_file ON hone.batches (sha256);
COMMENT ON COLUMN hone.batches.model IS 'answers in the place of the models that lines name; null: as the lines say';
COMMENT ON COLUMN hone.batches.submitted_at IS 'null while the file is read: nothing of it can be claimed yet';

CREATE TABLE hone.batch_lines (
    batch_id bigint NOT NULL,
    line integer NOT NULL CHECK (line > 0),
    custom_id text,
    endpoint text CHECK (endpoint IN ('completions', 'chat')),
    log_probs boolean NOT NULL,
    job_id bigint,
    fault text,
    PRIMARY KEY (batch_id, line),
    CHECK ((job_id IS NULL) = (fault IS NOT NULL))
) WITH (autovacuum_vacuum_insert_scale_factor = 0.5);
COMMENT ON COLUMN hone.batch_lines.fault IS 'why the line became no job';

-- Unlogged: after a crash of the server the lines are read from the file again.
CREATE UNLOGGED TABLE hone.batch_staging (
    batch_id bigint NOT NULL,
    line integer NOT NULL,
    end_offset bigint NOT NULL,
    custom_id text,
    endpoint text,
    log_probs boolean NOT NULL,
    payload jsonb,
    fault text,
    PRIMARY KEY (batch_id, line),
    CHECK ((payload IS NULL) = (fault IS NOT NULL))
);
COMMENT ON COLUMN hone.batch_staging.end_offset IS 'where in the file the next line begins';

CREATE FUNCTION hone.open_batch(
    file text, sha256 bytea, model text DEFAULT NULL, queue text DEFAULT 'default', priority integer DEFAULT 0,
    again boolean DEFAULT false
) RETURNS TABLE (batch bigint, is_submitted boolean, line integer, end_offset bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
DECLARE
    opened hone.batches;
BEGIN
    -- A bad queue or priority is said before the file is read.
    PERFORM hone.lane(open_batch.queue, 'reason', open_batch.priority);
    PERFORM pg_advisory_xact_lock(hashtextextended(encode(open_batch.sha256, 'hex'), 14));
    SELECT b.* INTO opened FROM hone.batches b
    WHERE b.sha256 = open_batch.sha256 AND b.model IS NOT DISTINCT FROM open_batch.model
      AND b.queue = open_batch.queue AND b.priority = open_batch.priority
      AND (b.submitted_at IS NULL OR NOT again)
    ORDER BY b.id DESC LIMIT 1;
    IF NOT FOUND THEN
        INSERT INTO hone.batches AS b (file, sha256, model, queue, priority)
        VALUES (open_batch.file, open_batch.sha256, open_batch.model, open_batch.queue, open_batch.priority)
        RETURNING b.* INTO opened;
    END IF;
    -- Held by the session, so that it goes with a reader that is killed.
    IF opened.submitted_at IS NULL AND NOT pg_try_advisory_lock(1752133222, opened.id::integer) THEN
        RAISE EXCEPTION 'batch %: another process is reading this file now', opened.id USING ERRCODE = 'HN005',
            HINT = 'Wait for it; it can be submitted once more with --again afterwards.';
    END IF;
    RETURN QUERY
    SELECT opened.id, opened.submitted_at IS NOT NULL, coalesce(max(s.line), 0), coalesce(max(s.end_offset), 0::bigint)
    FROM hone.batch_staging s WHERE s.batch_id = opened.id;
END $$;
COMMENT ON FUNCTION hone.open_batch IS
    'the batch of a file, a new one unless the same file was submitted to the same queue and model before, and how far '
    'it was read. with again, a file that was submitted is submitted once more';

CREATE FUNCTION hone.submit_batch(batch bigint) RETURNS TABLE (jobs bigint, faults bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
DECLARE
    opened hone.batches;
    lane integer;
    tries integer;
BEGIN
    SELECT * INTO opened FROM hone.batches b WHERE b.id = submit_batch.batch FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no batch %', coalesce(batch::text, 'NULL') USING ERRCODE = 'HN004';
    END IF;
    IF opened.submitted_at IS NULL THEN
        lane := hone.lane(opened.queue, 'reason', opened.priority);
        SELECT k.max_attempts INTO tries FROM hone.kinds k WHERE k.kind = 'reason';
        WITH judged AS (
            SELECT s.*, first_value(s.line) OVER (
                PARTITION BY s.custom_id, s.fault IS NULL ORDER BY s.line) AS first_line
            FROM hone.batch_staging s WHERE s.batch_id = submit_batch.batch
        ), numbered AS MATERIALIZED (
            SELECT j.line, j.custom_id, j.endpoint, j.log_probs, j.payload,
                CASE WHEN j.fault IS NULL AND j.first_line = j.line THEN nextval('hone.job_ids') END AS job_id,
                CASE WHEN j.fault IS NOT NULL THEN j.fault
                    WHEN j.first_line <> j.line THEN format('custom_id was used before, in line %s', j.first_line)
                END AS fault
            FROM (SELECT * FROM judged ORDER BY judged.line) j
        ), stored AS (
            INSERT INTO hone.tasks (id, lane_id, max_attempts, payload)
            SELECT n.job_id, lane, tries, n.payload FROM numbered n WHERE n.job_id IS NOT NULL
        ), ready AS (
            INSERT INTO hone.task_ready (lane_id, position, job_id, attempt, lost)
            SELECT lane, nextval('hone.ready_positions'), n.job_id, 0, 0 FROM numbered n WHERE n.job_id IS NOT NULL
        )
        INSERT INTO hone.batch_lines (batch_id, line, custom_id, endpoint, log_probs, job_id, fault)
        SELECT submit_batch.batch, n.line, n.custom_id, n.endpoint, n.log_probs, n.job_id, n.fault FROM numbered n;
        DELETE FROM hone.batch_staging s WHERE s.batch_id = submit_batch.batch;
        UPDATE hone.batches b SET submitted_at = clock_timestamp() WHERE b.id = submit_batch.batch;
        PERFORM hone.wake(ARRAY[lane]);
    END IF;
    RETURN QUERY SELECT count(l.job_id), count(l.fault) FROM hone.batch_lines l WHERE l.batch_id = submit_batch.batch;
END $$;
COMMENT ON FUNCTION hone.submit_batch IS
    'makes jobs of the lines that were read, all in this transaction; done once, whatever number of times it is called';

CREATE FUNCTION hone.cancel_batch(batch bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
DECLARE
    cancelled bigint;
BEGIN
    UPDATE hone.batches b SET cancelled_at = coalesce(b.cancelled_at, clock_timestamp())
    WHERE b.id = cancel_batch.batch AND b.submitted_at IS NOT NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no submitted batch %', coalesce(batch::text, 'NULL') USING ERRCODE = 'HN004';
    END IF;
    SELECT count(*) FILTER (WHERE hone.cancel(l.job_id)) INTO cancelled
    FROM hone.batch_lines l LEFT JOIN hone.task_results r ON r.job_id = l.job_id
    WHERE l.batch_id = cancel_batch.batch AND l.job_id IS NOT NULL AND r.job_id IS NULL;
    RETURN cancelled;
END $$;
COMMENT ON FUNCTION hone.cancel_batch IS 'cancels the jobs of a batch that have not ended; answers that are there stay';

CREATE VIEW hone.batch_status AS
SELECT b.id, b.file, b.model, b.queue,
    CASE
        WHEN b.submitted_at IS NULL THEN 'validating'
        WHEN c.completed + c.failed < c.total THEN
            CASE WHEN b.cancelled_at IS NULL THEN 'in_progress' ELSE 'cancelling' END
        WHEN b.cancelled_at IS NOT NULL THEN 'cancelled'
        ELSE 'completed'
    END AS status,
    c.total, c.completed, c.failed, b.created_at, b.submitted_at
FROM hone.batches b
CROSS JOIN LATERAL (
    SELECT count(*) AS total, count(*) FILTER (WHERE r.outcome = 'succeeded') AS completed,
        count(*) FILTER (WHERE l.fault IS NOT NULL OR r.outcome <> 'succeeded') AS failed
    FROM hone.batch_lines l LEFT JOIN hone.task_results r ON r.job_id = l.job_id
    WHERE l.batch_id = b.id
) c;
COMMENT ON VIEW hone.batch_status IS 'batches in the words of the OpenAI API; total, completed and failed count lines';

-- One choice an answer, in the form of its endpoint.
CREATE FUNCTION hone.batch_choice(sample hone.samples, is_chat boolean, log_probs boolean) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, hone AS $$
    SELECT jsonb_build_object('index', sample.ordinal, 'finish_reason', sample.finish_reason,
            'logprobs', CASE WHEN log_probs THEN jsonb_build_object(
                'token_ids', to_jsonb(sample.token_ids), 'token_logprobs', to_jsonb(sample.token_log_probs)) END)
        || CASE WHEN is_chat
            THEN jsonb_build_object('message', jsonb_build_object('role', 'assistant', 'content', sample.text))
            ELSE jsonb_build_object('text', sample.text) END;
$$;

CREATE VIEW hone.batch_output AS
SELECT l.batch_id, l.line, l.job_id, coalesce(r.outcome <> 'succeeded', true) AS failed,
    jsonb_build_object(
        'id', 'batch_req_' || coalesce(l.job_id::text, l.batch_id || '_' || l.line),
        'custom_id', l.custom_id,
        'response', CASE WHEN r.outcome = 'succeeded' THEN jsonb_build_object(
            'status_code', 200, 'request_id', 'job_' || l.job_id,
            'body', jsonb_build_object(
                'id', CASE l.endpoint WHEN 'chat' THEN 'chatcmpl-' ELSE 'cmpl-' END || l.job_id,
                'object', CASE l.endpoint WHEN 'chat' THEN 'chat.completion' ELSE 'text_completion' END,
                'created', extract(epoch FROM r.finished_at)::bigint,
                'model', r.result -> 'model',
                'choices', (
                    SELECT coalesce(
                        jsonb_agg(hone.batch_choice(s, l.endpoint = 'chat', l.log_probs) ORDER BY s.ordinal), '[]')
                    FROM hone.samples s WHERE s.job_id = l.job_id),
                'usage', jsonb_build_object(
                    'prompt_tokens', (r.result ->> 'prompt_tokens')::bigint,
                    'completion_tokens', (r.result ->> 'tokens')::bigint,
                    'total_tokens', (r.result ->> 'prompt_tokens')::bigint + (r.result ->> 'tokens')::bigint))) END,
        'error', CASE WHEN l.fault IS NOT NULL THEN jsonb_build_object(
                'code', 'invalid_request', 'line', l.line, 'message', l.fault)
            WHEN r.outcome <> 'succeeded' THEN jsonb_build_object(
                'code', CASE r.outcome WHEN 'cancelled' THEN 'batch_cancelled' ELSE 'request_failed' END,
                'line', l.line, 'message', r.error) END
    )::text AS output
FROM hone.batch_lines l LEFT JOIN hone.task_results r ON r.job_id = l.job_id
WHERE l.fault IS NOT NULL OR r.job_id IS NOT NULL;
COMMENT ON VIEW hone.batch_output IS
    'the lines of a batch that have ended, each as its line of the output file or, if failed, of the error file';

REVOKE ALL ON FUNCTION hone.open_batch, hone.submit_batch, hone.cancel_batch, hone.batch_choice FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hone.open_batch, hone.submit_batch, hone.cancel_batch, hone.batch_choice
    TO hone_producer, hone_worker, hone_admin;
GRANT INSERT ON hone.batch_staging TO hone_producer;
GRANT SELECT ON hone.batch_status, hone.batch_output TO hone_producer;
GRANT SELECT, INSERT, UPDATE, DELETE ON hone.batches, hone.batch_lines, hone.batch_staging TO hone_worker, hone_admin;
GRANT SELECT ON hone.batch_status, hone.batch_output TO hone_worker, hone_admin;

-- What the remote engine needs ---------------------------------------------------------------------------------------

-- An attempt that ended because a server elsewhere was lost is not the job's: it is given back, but not at once.
CREATE FUNCTION hone.postpone(job bigint, fence bigint, reason text, delay interval) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
DECLARE
    lease hone.task_leases := hone.end_attempt(postpone.job, postpone.fence, 'released', NULL);
BEGIN
    INSERT INTO hone.job_logs (job_id, fence, level, message)
    VALUES (lease.job_id, lease.fence, 'warning',
        left('put off: ' || coalesce(nullif(postpone.reason, ''), 'no reason given'), 10000));
    IF lease.cancel_at IS NOT NULL THEN
        PERFORM hone.finish_unsuccessful(lease, 'cancelled', 'cancelled while it ran');
        RETURN;
    END IF;
    INSERT INTO hone.task_due (job_id, due_at, lane_id, attempt, lost)
    VALUES (lease.job_id, clock_timestamp() + greatest(postpone.delay, interval '0'), lease.lane_id,
        lease.attempt - 1, lease.lost);
END $$;
COMMENT ON FUNCTION hone.postpone IS 'gives a job back for a while without using up an attempt; its log says why';

ALTER TABLE hone.samples ADD COLUMN has_tokens boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN hone.samples.has_tokens IS
    'whether token_ids are what the model wrote; false where a server gave its text alone, which no training may use';

REVOKE ALL ON FUNCTION hone.postpone FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hone.postpone TO hone_worker, hone_admin;
