-- Roll-outs across the fleet: what a training in progress has sampled by workers, and how old that may be.
--
-- A training publishes its policy after each step as a version, the number of steps done. What step k learns from is
-- its batch: asked for ahead, by the version max(0, k - max_staleness), in chunks that are jobs of the kind "rollout".
-- So the answers of a step follow from the training's settings alone, whoever samples them and whoever dies meanwhile.
--
-- That no step learns from anything older than the bound is a constraint of these tables, not a habit of the trainer:
-- a roll-out belongs to a batch, a batch is of one version, and the bound in its CHECK is the plan's by a foreign key.
--
-- Locks are taken in this order: the training's lease, leases and places of its roll-out jobs, batches.

INSERT INTO hone.kinds (kind, max_attempts, max_lost, description) VALUES
    ('rollout', 3, 5, 'sample answers for a training in progress; the training asks for them');

CREATE TABLE hone.rollout_plans (
    job_id bigint PRIMARY KEY,
    max_staleness integer NOT NULL CHECK (max_staleness >= 0),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (job_id, max_staleness)
);
COMMENT ON TABLE hone.rollout_plans IS
    'trainings whose roll-outs go through the queue, and how many steps old these may be when they are learnt from';

CREATE TABLE hone.policy_versions (
    job_id bigint NOT NULL REFERENCES hone.rollout_plans,
    version integer NOT NULL CHECK (version >= 0),
    sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
    files jsonb,
    published_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (job_id, version)
);
COMMENT ON COLUMN hone.policy_versions.sha256 IS
    'of the file of weights, which no other version and no checkpoint shares';
COMMENT ON COLUMN hone.policy_versions.files IS 'null once nobody can ask for it any more and its weights are removed';

CREATE TABLE hone.rollout_batches (
    job_id bigint NOT NULL,
    step integer NOT NULL,
    version integer NOT NULL,
    max_staleness integer NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    taken_at timestamptz,
    PRIMARY KEY (job_id, step),
    FOREIGN KEY (job_id, max_staleness) REFERENCES hone.rollout_plans (job_id, max_staleness),
    FOREIGN KEY (job_id, version) REFERENCES hone.policy_versions,
    CONSTRAINT rollout_batches_staleness CHECK (step - version BETWEEN 0 AND max_staleness)
);
COMMENT ON TABLE hone.rollout_batches IS 'what a step, counted from 0, learns from';
COMMENT ON COLUMN hone.rollout_batches.taken_at IS
    'when the training first took it; from then on nothing is added, and every attempt takes the same';

CREATE TABLE hone.rollout_chunks (
    job_id bigint NOT NULL,
    step integer NOT NULL,
    chunk integer NOT NULL CHECK (chunk >= 0),
    sampler_id bigint NOT NULL UNIQUE,
    asked jsonb NOT NULL,
    sampled_at timestamptz,
    fence bigint,
    seconds double precision,
    PRIMARY KEY (job_id, step, chunk),
    FOREIGN KEY (job_id, step) REFERENCES hone.rollout_batches ON DELETE CASCADE,
    CHECK ((sampled_at IS NULL) = (fence IS NULL) AND (fence IS NULL) = (seconds IS NULL))
);
COMMENT ON TABLE hone.rollout_chunks IS 'the part of a batch that one job samples';
COMMENT ON COLUMN hone.rollout_chunks.sampler_id IS 'the job';
COMMENT ON COLUMN hone.rollout_chunks.seconds IS 'what sampling and verifying took, without queue and database';

CREATE TABLE hone.rollouts (
    job_id bigint NOT NULL,
    step integer NOT NULL,
    ordinal integer NOT NULL CHECK (ordinal >= 0),
    chunk integer NOT NULL,
    prompt integer NOT NULL,
    group_number integer NOT NULL,
    token_ids integer[] NOT NULL,
    log_probs real[] NOT NULL,
    finish_reason text NOT NULL CHECK (finish_reason IN ('stop', 'length')),
    PRIMARY KEY (job_id, step, ordinal),
    FOREIGN KEY (job_id, step, chunk) REFERENCES hone.rollout_chunks ON DELETE CASCADE,
    CHECK (cardinality(log_probs) = cardinality(token_ids))
);
COMMENT ON COLUMN hone.rollouts.ordinal IS 'its place among the answers that were asked for at the step';
COMMENT ON COLUMN hone.rollouts.prompt IS 'place of the prompt among the training''s';
COMMENT ON COLUMN hone.rollouts.log_probs IS
    'natural logarithms of the version that sampled it at temperature 1, as they were, one a token';

CREATE TABLE hone.rollout_rewards (
    job_id bigint NOT NULL,
    step integer NOT NULL,
    ordinal integer NOT NULL,
    scorer text NOT NULL CHECK (scorer <> ''),
    state text NOT NULL CHECK (state IN ('scored', 'unscorable')),
    score double precision CHECK (score > '-Infinity' AND score < 'Infinity'),
    reason text,
    PRIMARY KEY (job_id, step, ordinal, scorer),
    FOREIGN KEY (job_id, step, ordinal) REFERENCES hone.rollouts ON DELETE CASCADE,
    CHECK ((state = 'scored') = (score IS NOT NULL)),
    CHECK ((state = 'unscorable') = (reason IS NOT NULL))
);
COMMENT ON TABLE hone.rollout_rewards IS
    'one reward of each scorer; a scorer that failed or was late gives none, and says why, and that is not 0';

-- The training's side: each in a transaction that has guarded its lease ----------------------------------------------

CREATE FUNCTION hone.plan_rollouts(training bigint, max_staleness integer) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
BEGIN
    INSERT INTO hone.rollout_plans (job_id, max_staleness) VALUES (training, plan_rollouts.max_staleness)
    ON CONFLICT (job_id) DO NOTHING;
    IF NOT EXISTS (
        SELECT FROM hone.rollout_plans p
        WHERE p.job_id = training AND p.max_staleness = plan_rollouts.max_staleness
    ) THEN
        RAISE EXCEPTION 'training % began with another bound on the age of its roll-outs than %', training,
            plan_rollouts.max_staleness USING ERRCODE = 'HN005';
    END IF;
END $$;

CREATE FUNCTION hone.cancel_rollouts(training bigint, of_version integer DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
DECLARE
    sampler bigint;
BEGIN
    FOR sampler IN
        SELECT c.sampler_id FROM hone.rollout_chunks c JOIN hone.rollout_batches b USING (job_id, step)
        WHERE c.job_id = training AND c.sampled_at IS NULL
          AND (of_version IS NULL OR (b.version = of_version AND b.taken_at IS NULL))
        ORDER BY c.sampler_id
    LOOP
        PERFORM hone.cancel(sampler);
    END LOOP;
END $$;

CREATE FUNCTION hone.publish_policy(training bigint, version integer, sha256 bytea, files jsonb) RETURNS bytea
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
DECLARE
    former bytea;
BEGIN
    SELECT v.sha256 INTO former FROM hone.policy_versions v
    WHERE v.job_id = training AND v.version = publish_policy.version AND v.sha256 <> publish_policy.sha256;
    IF former IS NOT NULL THEN
        -- A step that was done again came out with other bits, as on another kind of machine. What the former weights
        -- have sampled and nobody has taken is not of this version any more.
        PERFORM hone.cancel_rollouts(training, publish_policy.version);
        DELETE FROM hone.rollout_batches b
        WHERE b.job_id = training AND b.version = publish_policy.version AND b.taken_at IS NULL;
    END IF;
    INSERT INTO hone.policy_versions AS v (job_id, version, sha256, files)
    VALUES (training, publish_policy.version, publish_policy.sha256, publish_policy.files)
    ON CONFLICT ON CONSTRAINT policy_versions_pkey DO UPDATE SET sha256 = excluded.sha256, files = excluded.files;
    RETURN former;
END $$;
COMMENT ON FUNCTION hone.publish_policy IS
    'the weights that the version had before, if they were others; their file is to be removed';

CREATE FUNCTION hone.ask_rollouts(training bigint, step integer, version integer, asked jsonb[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
BEGIN
    INSERT INTO hone.rollout_batches (job_id, step, version, max_staleness)
    SELECT training, ask_rollouts.step, ask_rollouts.version, p.max_staleness
    FROM hone.rollout_plans p WHERE p.job_id = training;
    INSERT INTO hone.rollout_chunks (job_id, step, chunk, sampler_id, asked)
    SELECT training, ask_rollouts.step, c.number - 1, hone.enqueue_rollout(training, ask_rollouts.step, c.number - 1),
        c.asked
    FROM unnest(ask_rollouts.asked) WITH ORDINALITY AS c(asked, number);
END $$;
COMMENT ON FUNCTION hone.ask_rollouts IS 'makes the batch of a step, and a job for each chunk of it';

CREATE FUNCTION hone.enqueue_rollout(training bigint, step integer, chunk bigint) RETURNS bigint
LANGUAGE sql SET search_path = pg_catalog, hone AS $$
    -- Where the training itself was enqueued: as urgent as it, and for the same workers.
    SELECT hone.add_job('rollout',
        jsonb_build_object('training', t.id, 'step', enqueue_rollout.step, 'chunk', enqueue_rollout.chunk),
        q.name, l.priority, NULL, NULL, NULL, NULL, NULL, NULL)
    FROM hone.tasks t JOIN hone.lanes l ON l.id = t.lane_id JOIN hone.queues q ON q.id = l.queue_id
    WHERE t.id = training;
$$;

CREATE FUNCTION hone.ask_again(training bigint) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
DECLARE
    again integer;
BEGIN
    UPDATE hone.rollout_chunks c SET sampler_id = hone.enqueue_rollout(training, c.step, c.chunk)
    FROM hone.task_results r, hone.rollout_batches b
    WHERE c.job_id = training AND c.sampled_at IS NULL AND r.job_id = c.sampler_id AND r.outcome = 'cancelled'
      AND b.job_id = c.job_id AND b.step = c.step AND b.taken_at IS NULL;
    GET DIAGNOSTICS again = ROW_COUNT;
    RETURN again;
END $$;
COMMENT ON FUNCTION hone.ask_again IS
    'for a training that was cancelled together with its roll-out jobs, and runs again';

CREATE FUNCTION hone.rollout_states(training bigint, step integer)
RETURNS TABLE (chunk integer, sampler_id bigint, state text, seconds double precision, error text)
LANGUAGE sql STABLE SET search_path = pg_catalog, hone AS $$
    SELECT c.chunk, c.sampler_id,
        CASE WHEN c.sampled_at IS NOT NULL THEN 'sampled' WHEN r.outcome IS NOT NULL THEN 'failed'
            WHEN l.fence IS NOT NULL THEN 'running' ELSE 'waiting' END,
        c.seconds, r.error
    FROM hone.rollout_chunks c
    LEFT JOIN hone.task_results r ON r.job_id = c.sampler_id
    LEFT JOIN hone.task_leases l ON l.job_id = c.sampler_id
    WHERE c.job_id = training AND c.step = rollout_states.step
    ORDER BY c.chunk;
$$;

CREATE FUNCTION hone.take_rollouts(training bigint, step integer) RETURNS TABLE (
    ordinal integer, version integer, prompt integer, group_number integer, token_ids integer[], log_probs real[],
    finish_reason text, state text, score double precision, reason text
)
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
DECLARE
    batch hone.rollout_batches;
BEGIN
    UPDATE hone.rollout_batches b SET taken_at = coalesce(b.taken_at, clock_timestamp())
    WHERE b.job_id = training AND b.step = take_rollouts.step
    RETURNING * INTO batch;
    RETURN QUERY
    SELECT r.ordinal, batch.version, r.prompt, r.group_number, r.token_ids, r.log_probs, r.finish_reason, w.state,
        w.score, w.reason
    FROM hone.rollouts r
    LEFT JOIN hone.rollout_rewards w
        ON w.job_id = r.job_id AND w.step = r.step AND w.ordinal = r.ordinal AND w.scorer = 'verifier'
    WHERE r.job_id = training AND r.step = take_rollouts.step
    ORDER BY r.ordinal;
END $$;
COMMENT ON FUNCTION hone.take_rollouts IS
    'what a step learns from, with the verifier''s verdicts; the same in every attempt that takes it';

CREATE FUNCTION hone.retire_policies(training bigint) RETURNS SETOF bytea
LANGUAGE sql SET search_path = pg_catalog, hone AS $$
    UPDATE hone.policy_versions v SET files = NULL
    WHERE v.job_id = training AND v.files IS NOT NULL
      AND v.version < (SELECT max(n.version) FROM hone.policy_versions n WHERE n.job_id = training)
      AND NOT EXISTS (
          SELECT FROM hone.rollout_batches b JOIN hone.rollout_chunks c USING (job_id, step)
          WHERE b.job_id = training AND b.version = v.version AND b.taken_at IS NULL AND c.sampled_at IS NULL)
    RETURNING v.sha256;
$$;
COMMENT ON FUNCTION hone.retire_policies IS
    'versions that nobody can ask for any more; their weights'' files are to be removed before the transaction ends';

CREATE FUNCTION hone.forget_rollouts(training bigint) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, hone AS $$
    DELETE FROM hone.rollout_batches b USING hone.rollout_plans p
    WHERE b.job_id = training AND p.job_id = training AND b.taken_at IS NOT NULL
      AND b.step < (
          SELECT max(k.ordinal) FROM hone.job_checkpoints k WHERE k.job_id = training AND k.name = 'train')
      AND NOT EXISTS (
          SELECT FROM hone.job_checkpoints k
          WHERE k.job_id = training AND k.name = 'train'
            AND b.step >= k.ordinal AND b.step < k.ordinal + p.max_staleness);
$$;
COMMENT ON FUNCTION hone.forget_rollouts IS
    'drops batches that no attempt can need: not after the last resume point, nor sampled before the resume point '
    'whose attempt would take them';

CREATE FUNCTION hone.close_rollouts(training bigint) RETURNS SETOF bytea
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
BEGIN
    PERFORM hone.cancel_rollouts(training);
    DELETE FROM hone.rollout_batches b WHERE b.job_id = training;
    RETURN QUERY UPDATE hone.policy_versions v SET files = NULL WHERE v.job_id = training AND v.files IS NOT NULL
        RETURNING v.sha256;
END $$;
COMMENT ON FUNCTION hone.close_rollouts IS 'at the end of a training: drops all but the record of its versions';

-- The sampler's side -------------------------------------------------------------------------------------------------

CREATE FUNCTION hone.rollout_task(sampler bigint)
RETURNS TABLE (training bigint, step integer, version integer, chunk integer, asked jsonb, sha256 bytea, files jsonb)
LANGUAGE sql STABLE SET search_path = pg_catalog, hone AS $$
    SELECT c.job_id, c.step, b.version, c.chunk, c.asked, v.sha256, v.files
    FROM hone.rollout_chunks c
    JOIN hone.rollout_batches b USING (job_id, step)
    JOIN hone.policy_versions v USING (job_id, version)
    WHERE c.sampler_id = sampler AND c.sampled_at IS NULL AND b.taken_at IS NULL;
$$;
COMMENT ON FUNCTION hone.rollout_task IS 'what a roll-out job is to sample; no row where nobody wants it any more';

CREATE FUNCTION hone.begin_rollouts(sampler bigint, fence bigint, sha256 bytea, seconds double precision)
RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
DECLARE
    target hone.rollout_chunks;
BEGIN
    SELECT * INTO target FROM hone.rollout_chunks c WHERE c.sampler_id = begin_rollouts.sampler;
    -- Once the batch is taken nothing is added to it; held, it is not taken before this is committed.
    PERFORM FROM hone.rollout_batches b JOIN hone.policy_versions v USING (job_id, version)
    WHERE b.job_id = target.job_id AND b.step = target.step AND b.taken_at IS NULL
      AND v.sha256 = begin_rollouts.sha256
    FOR SHARE OF b;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE hone.rollout_chunks c
    SET sampled_at = clock_timestamp(), fence = begin_rollouts.fence, seconds = begin_rollouts.seconds
    WHERE c.sampler_id = begin_rollouts.sampler AND c.sampled_at IS NULL;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM pg_notify('hone_news', target.job_id::text);
    RETURN true;
END $$;
COMMENT ON FUNCTION hone.begin_rollouts IS
    'in the transaction that completes a roll-out job: whether its answers, by the version of these weights, are still '
    'wanted. Of any number of attempts at a chunk one gets true';

-- A training that ends takes its roll-out jobs with it, however it ended; a roll-out job that cannot be done is news.
CREATE FUNCTION hone.end_rollouts() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, hone AS $$
BEGIN
    PERFORM hone.cancel_rollouts(NEW.job_id);
    PERFORM pg_notify('hone_news', c.job_id::text) FROM hone.rollout_chunks c WHERE c.sampler_id = NEW.job_id;
    RETURN NULL;
END $$;
CREATE TRIGGER end_rollouts AFTER INSERT ON hone.task_results
    FOR EACH ROW WHEN (NEW.outcome <> 'succeeded') EXECUTE FUNCTION hone.end_rollouts();

CREATE FUNCTION hone.claim_jobs(worker integer, jobs bigint[], upto integer, ttl interval) RETURNS TABLE (
    job_id bigint, fence bigint, kind text, queue text, priority smallint, payload jsonb, attempt smallint,
    lost smallint, max_attempts smallint, run_id bigint, stage text, lane_id integer, "position" bigint
)
LANGUAGE sql SET search_path = pg_catalog, hone AS $$
    WITH picked AS MATERIALIZED (
        SELECT r.job_id FROM hone.task_ready r
        JOIN hone.lanes l ON l.id = r.lane_id JOIN hone.queues q ON q.id = l.queue_id AND NOT q.paused
        WHERE r.job_id = ANY (jobs)
        ORDER BY r.lost, r.attempt, r.position LIMIT upto FOR UPDATE OF r SKIP LOCKED
    ), taken AS (
        DELETE FROM hone.task_ready r USING picked p WHERE r.job_id = p.job_id RETURNING r.*
    ), leased AS (
        INSERT INTO hone.task_leases AS s (job_id, fence, worker_id, lane_id, attempt, lost, started_at, lease_until)
        SELECT t.job_id, nextval('hone.fences'), worker, t.lane_id, t.attempt + 1, t.lost, clock_timestamp(),
            clock_timestamp() + ttl
        FROM taken t
        RETURNING s.*
    )
    SELECT s.job_id, s.fence, l.kind, q.name, l.priority, k.payload, s.attempt, s.lost, k.max_attempts, k.run_id,
        k.stage, s.lane_id, t.position
    FROM leased s JOIN taken t USING (job_id) JOIN hone.tasks k ON k.id = s.job_id
    JOIN hone.lanes l ON l.id = s.lane_id JOIN hone.queues q ON q.id = l.queue_id;
$$;
COMMENT ON FUNCTION hone.claim_jobs IS
    'leases jobs by their ids, for a job that waits for them and lends them its worker meanwhile; those that went '
    'wrong before come last';

-- Views --------------------------------------------------------------------------------------------------------------

CREATE VIEW hone.rollout_status AS
SELECT b.job_id, b.step, b.version, b.step - b.version AS staleness, count(c.chunk) AS chunks,
    count(*) FILTER (WHERE c.sampled_at IS NOT NULL) AS sampled,
    count(*) FILTER (WHERE c.sampled_at IS NULL AND r.job_id IS NOT NULL) AS failed, b.asked_at, b.taken_at
FROM hone.rollout_batches b
LEFT JOIN hone.rollout_chunks c ON c.job_id = b.job_id AND c.step = b.step
LEFT JOIN hone.task_results r ON r.job_id = c.sampler_id
GROUP BY b.job_id, b.step;
COMMENT ON VIEW hone.rollout_status IS 'what trainings wait for, step by step';

-- Rights -------------------------------------------------------------------------------------------------------------

REVOKE ALL ON FUNCTION hone.plan_rollouts, hone.cancel_rollouts, hone.publish_policy, hone.ask_rollouts,
    hone.enqueue_rollout, hone.ask_again, hone.rollout_states, hone.take_rollouts, hone.retire_policies,
    hone.forget_rollouts, hone.close_rollouts, hone.rollout_task, hone.begin_rollouts, hone.end_rollouts,
    hone.claim_jobs FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hone.plan_rollouts, hone.cancel_rollouts, hone.publish_policy, hone.ask_rollouts,
    hone.enqueue_rollout, hone.ask_again, hone.rollout_states, hone.take_rollouts, hone.retire_policies,
    hone.forget_rollouts, hone.close_rollouts, hone.rollout_task, hone.begin_rollouts, hone.claim_jobs
    TO hone_worker, hone_admin;
GRANT SELECT ON hone.rollout_status TO hone_producer, hone_worker, hone_admin;
GRANT SELECT, INSERT ON hone.rollout_plans TO hone_worker, hone_admin;
GRANT SELECT, INSERT, UPDATE, DELETE ON hone.policy_versions, hone.rollout_batches, hone.rollout_chunks,
    hone.rollouts, hone.rollout_rewards TO hone_worker, hone_admin;
