-- What the server is, what our role may do, and what the tables we know of look like: one row.
-- $1 schema: the schema that holds the pipeline.
-- $2 tables: names of the tables to look for, in that schema, in intake and in outpost.
WITH relation AS (
  SELECT c.oid, n.oid AS namespace, n.nspname, c.relname, c.relkind, c.relowner,
         -- As the planner does: what was counted last, for as many pages as there are now.
         CASE
           WHEN c.relkind IN ('r', 'p', 'm') THEN (
             SELECT sum(CASE
               WHEN t.reltuples >= 0 AND t.relpages > 0
               THEN t.reltuples / t.relpages * (pg_catalog.pg_relation_size(t.oid) / current_setting('block_size')::int)
               ELSE pg_catalog.pg_relation_size(t.oid) / 400 END)
             FROM pg_catalog.pg_class t
             WHERE t.relkind IN ('r', 'm') AND (
               t.oid = c.oid OR c.relkind = 'p' AND t.oid IN (SELECT i.inhrelid FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid)))
           ELSE c.reltuples
         END AS estimate
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = ANY (ARRAY[$1, 'intake', 'outpost'])
    AND c.relname = ANY ($2)
    AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
)
SELECT
  current_setting('server_version_num')::int AS version,
  pg_is_in_recovery() AS standby,
  current_user::text AS role,
  EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1) AS has_schema,
  coalesce((
    SELECT has_schema_privilege(oid, 'USAGE') FROM pg_catalog.pg_namespace WHERE nspname = $1), false) AS may_use_schema,
  -- Other schemas with events, for who named none or the wrong one.
  ARRAY(
    SELECT n.nspname::text
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname = 'pipeline_events' AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname <> $1
      AND NOT pg_is_other_temp_schema(n.oid)
    ORDER BY n.nspname
    LIMIT 3
  ) AS elsewhere,
  (SELECT coalesce(jsonb_agg(jsonb_build_object(
     'schema', r.nspname,
     'name', r.relname,
     'kind', r.relkind::text,
     'estimate', greatest(coalesce(r.estimate, 0), 0)::bigint,
     'usage', has_schema_privilege(r.namespace, 'USAGE'),
     'select', has_table_privilege(r.oid, 'SELECT'),
     'insert', has_table_privilege(r.oid, 'INSERT'),
     'delete', has_table_privilege(r.oid, 'DELETE'),
     -- Who may vacuum: the owner, whoever owns the database, and from 17 on whoever was granted it.
     'maintain', r.relkind IN ('r', 'p', 'm') AND (
       pg_has_role(r.relowner, 'USAGE')
       OR (SELECT pg_has_role(d.datdba, 'USAGE') FROM pg_catalog.pg_database d WHERE d.datname = current_database())
       OR CASE WHEN current_setting('server_version_num')::int >= 170000 THEN has_table_privilege(r.oid, 'MAINTAIN') ELSE false END),
     'columns', (
       SELECT coalesce(jsonb_agg(jsonb_build_object(
         'name', a.attname,
         'type', CASE WHEN t.typbasetype <> 0 THEN format_type(t.typbasetype, NULL) ELSE format_type(t.oid, NULL) END,
         'labels', (SELECT jsonb_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid),
         'not_null', a.attnotnull,
         'fills_itself', a.atthasdef OR a.attidentity <> '',
         'select', has_column_privilege(r.oid, a.attnum, 'SELECT'),
         'update', has_column_privilege(r.oid, a.attnum, 'UPDATE'),
         -- Keys that a session of a writer puts aside at once, of the sequence that fills the column.
         'cache', CASE WHEN a.atthasdef OR a.attidentity <> '' THEN (
           SELECT max(q.seqcache)
           FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_sequence q ON q.seqrelid IN (d.objid, d.refobjid)
           WHERE (d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
                  AND d.refobjid = r.oid AND d.refobjsubid = a.attnum AND d.objid = q.seqrelid)
              OR (d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
                  AND d.refobjid = q.seqrelid
                  AND d.objid = (SELECT oid FROM pg_catalog.pg_attrdef WHERE adrelid = r.oid AND adnum = a.attnum))) END
       ) ORDER BY a.attnum), '[]')
       FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
       WHERE a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped),
     'indexes', (
       SELECT coalesce(jsonb_agg(jsonb_build_object(
         'columns', (
           SELECT jsonb_agg(a.attname ORDER BY k.place)
           FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place)
           LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum AND k.attnum > 0),
         'where', pg_catalog.pg_get_expr(i.indpred, i.indrelid))), '[]')
       FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
       JOIN pg_catalog.pg_am m ON m.oid = x.relam
       WHERE i.indrelid = r.oid AND i.indisvalid AND m.amname = 'btree'),
     'checks', (
       SELECT coalesce(jsonb_agg(jsonb_build_object(
         'columns', (
           SELECT jsonb_agg(a.attname) FROM pg_catalog.pg_attribute a
           WHERE a.attrelid = r.oid AND a.attnum = ANY (k.conkey)),
         'definition', pg_catalog.pg_get_constraintdef(k.oid))), '[]')
       FROM pg_catalog.pg_constraint k
       -- Which words a status may be. To print a check is dear, and no other one is looked at.
       WHERE k.conrelid = r.oid AND k.contype = 'c' AND r.relname = 'pipeline_events'),
     'triggers', (
       SELECT coalesce(jsonb_agg(jsonb_build_object(
         'name', t.tgname,
         'enabled', t.tgenabled IN ('O', 'A'),
         'on_insert', (t.tgtype & 4) <> 0,
         'on_update', (t.tgtype & 16) <> 0,
         'columns', (
           SELECT coalesce(jsonb_agg(a.attname), '[]') FROM pg_catalog.pg_attribute a
           WHERE a.attrelid = r.oid AND a.attnum = ANY (t.tgattr::int2[])),
         'notifies', p.prosrc ~* 'notify')), '[]')
       FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
       WHERE t.tgrelid = r.oid AND NOT t.tgisinternal)
   )), '[]') FROM relation r) AS relations,
  (SELECT coalesce(jsonb_agg(jsonb_build_object(
     'name', p.proname,
     'arguments', (
       SELECT coalesce(jsonb_agg(format_type(a.type, NULL) ORDER BY a.place), '[]')
       FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS a(type, place)),
     'execute', has_function_privilege(p.oid, 'EXECUTE')
   )), '[]')
   FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
   WHERE n.nspname = $1
     AND p.proname IN ('mark_event_processed', 'mark_event_failed', 'log_pipeline_error', 'resolve_pipeline_error')
  ) AS functions
