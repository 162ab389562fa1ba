-- One transaction: a business row, and all its problems enqueued by one statement. If it rolls back, neither exists.
\set QUIET on
SET client_min_messages = warning;
CREATE TABLE IF NOT EXISTS public.orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer text NOT NULL,
    placed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE IF NOT EXISTS public.order_items (
    order_id bigint NOT NULL REFERENCES public.orders,
    example_id bigint NOT NULL,
    job_id bigint NOT NULL UNIQUE
);

BEGIN;
INSERT INTO public.orders (customer) VALUES (:'customer') RETURNING id AS order_id \gset

WITH asked AS (
    SELECT e.id, e.prompt, e.answer
    FROM hone.examples e JOIN hone.datasets d ON d.id = e.dataset_id
    WHERE d.name = :'dataset' AND e.split = :'split'
    ORDER BY e.content_hash LIMIT :problems
)
INSERT INTO public.order_items (order_id, example_id, job_id)
SELECT :order_id, a.id, hone.enqueue('reason', jsonb_build_object(
    'model', :'model', 'prompt', a.prompt, 'answer', a.answer, 'example_id', a.id))
FROM asked a;
COMMIT;

\pset tuples_only on
\pset format unaligned
SELECT :order_id;
