-- Enabled triggers anywhere: on what, and whether their function's text writes events or notifies pipeline_event.
SELECT n.nspname || '.' || c.relname AS relation, t.tgname::text AS name, pn.nspname || '.' || p.proname AS function,
       t.tgtype & 4 > 0 AS on_insert, t.tgtype & 16 > 0 AS on_update,
       p.prosrc ~* 'insert\s+into\s+("?\w+"?\.)?"?pipeline_events' AS writes_events,
       p.prosrc ~* '\mpg_notify\s*\(\s*''pipeline_event''|\mnotify\s+"?pipeline_event\M' AS notifies
FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_proc AS p ON p.oid = t.tgfoid JOIN pg_namespace AS pn ON pn.oid = p.pronamespace
WHERE NOT t.tgisinternal AND t.tgenabled <> 'D'
ORDER BY 1, 2
