-- A run says by which code it was started.

COMMENT ON COLUMN hone.runs.code_version IS
    'the code of the program that started the run, in that program''s words; null where plain SQL did. Either way the '
    'code that carried an attempt out stands with its worker, in hone.workers.code_version';

CREATE FUNCTION hone.run_pipeline(name text, params jsonb, code_version text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hone AS $$
DECLARE
    run bigint := hone.run_pipeline(run_pipeline.name, run_pipeline.params);
BEGIN
    UPDATE hone.runs r SET code_version = run_pipeline.code_version WHERE r.id = run;
    RETURN run;
END $$;
COMMENT ON FUNCTION hone.run_pipeline(text, jsonb, text) IS
    'starts a run as hone.run_pipeline(name, params) does, for a program that says which code it is';

REVOKE ALL ON FUNCTION hone.run_pipeline(text, jsonb, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hone.run_pipeline(text, jsonb, text) TO hone_producer, hone_worker, hone_admin;
