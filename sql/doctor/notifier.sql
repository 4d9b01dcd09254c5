-- How our notifier is switched: by the mode whose text it bears, 'other' for a text that is none of ours, NULL where no
-- enabled trigger calls it for new events; and how many sessions wait for the commit of another's notification.
-- $1 schema: the schema that holds the pipeline.
SELECT
  (SELECT coalesce(
     (SELECT substr(m.proname, 8) FROM pg_catalog.pg_proc m JOIN pg_catalog.pg_namespace mn ON mn.oid = m.pronamespace
      WHERE mn.nspname = 'outpost' AND m.proname IN ('notify_on', 'notify_coalesce', 'notify_off') AND m.prosrc = p.prosrc), 'other')
   FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
   WHERE n.nspname = $1 AND p.proname = 'outpost_notify'
     AND EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgfoid = p.oid AND t.tgenabled IN ('O', 'A') AND (t.tgtype & 4) <> 0)
   LIMIT 1) AS mode,
  (SELECT count(*) FROM pg_catalog.pg_locks l
   WHERE l.locktype = 'object' AND l.classid = 'pg_catalog.pg_database'::regclass AND l.objid = 0 AND NOT l.granted) AS waiting
