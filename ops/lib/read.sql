-- The answers to an order, read back with plain SQL.
\pset footer off
\pset border 0
\echo
\echo What the worker answered, by level:
SELECT coalesce(e.level::text, 'all') AS level, count(*) AS problems,
    round(100 * avg((s.verdict = 'correct')::integer), 1) AS "right %",
    round(100 * sum(k.valid) / nullif(sum(k.steps), 0), 1) AS "valid steps %"
FROM public.order_items i
JOIN hone.samples s ON s.job_id = i.job_id
JOIN hone.examples e ON e.id = i.example_id
CROSS JOIN LATERAL (
    SELECT count(*) AS steps, count(*) FILTER (WHERE (t ->> 'ok')::boolean) AS valid FROM jsonb_array_elements(s.steps) t
) k
WHERE i.order_id = :order_id
GROUP BY ROLLUP (e.level) ORDER BY e.level;

\echo Three of the answers, each step checked:
\pset tuples_only on
\pset format unaligned
SELECT format(E'%s\n%s\n  = %s   (%s; the reference says %s)\n', e.prompt,
    (SELECT string_agg(format('  %s %s', CASE (t ->> 'ok')::boolean WHEN true THEN '✓' WHEN false THEN '✗' ELSE '?' END,
        t ->> 'text'), E'\n' ORDER BY n) FROM jsonb_array_elements(s.steps) WITH ORDINALITY AS x(t, n)),
    coalesce(s.answer, 'no answer'), coalesce(s.verdict, 'not checked'), e.answer)
FROM (
    SELECT DISTINCT ON (e.level) i.job_id, e.id, e.level
    FROM public.order_items i JOIN hone.examples e ON e.id = i.example_id
    WHERE i.order_id = :order_id ORDER BY e.level, i.job_id
) one
JOIN hone.samples s ON s.job_id = one.job_id JOIN hone.examples e ON e.id = one.id
ORDER BY one.level;
