-- The answers to an order, read back with plain SQL. What has no answer counts as not right.
\pset footer off
\pset border 0
\echo
\echo Read back with SQL:
SELECT CASE GROUPING(e.level) WHEN 1 THEN 'all' ELSE e.level::text END AS level, count(*) AS problems,
    round(100 * avg((s.verdict IS NOT DISTINCT FROM 'correct')::integer), 1) AS "right %",
    round(100 * sum(k.valid) / nullif(sum(k.steps), 0), 1) AS "valid steps %"
FROM public.order_items i
JOIN hone.examples e ON e.id = i.example_id
LEFT JOIN hone.samples s ON s.job_id = i.job_id
LEFT JOIN LATERAL (
    SELECT count(*) AS steps, count(*) FILTER (WHERE (t ->> 'ok')::boolean) AS valid FROM jsonb_array_elements(s.steps) t
) k ON true
WHERE i.order_id = :order_id
GROUP BY GROUPING SETS ((e.level), ())
HAVING GROUPING(e.level) = 1 OR e.level IS NOT NULL
ORDER BY e.level;

\echo Some of the answers, each step checked:
\pset tuples_only on
\pset format unaligned
SELECT format(E'\n  %s\n%s\n    answer %s, %s (the reference says %s)', e.prompt,
    (SELECT string_agg(format('    %s %s', CASE (t ->> 'ok')::boolean WHEN true THEN '✓' WHEN false THEN '✗' ELSE '?' END,
        left(t ->> 'text', 90)), E'\n' ORDER BY n) FROM jsonb_array_elements(s.steps) WITH ORDINALITY AS x(t, n)),
    coalesce(s.answer, 'none'), coalesce(s.verdict, 'not checked'), e.answer)
FROM (
    SELECT i.job_id, i.example_id, row_number() OVER (PARTITION BY x.level ORDER BY i.job_id) AS place
    FROM public.order_items i JOIN hone.examples x ON x.id = i.example_id
    WHERE i.order_id = :order_id
) one
JOIN hone.samples s ON s.job_id = one.job_id JOIN hone.examples e ON e.id = one.example_id
WHERE one.place = 1 OR (one.place <= 3 AND e.level IS NULL)
ORDER BY e.level, one.job_id;
\echo
