coalesce('at ' || (extract(epoch FROM e.resolved_at) * 1000000)::numeric(24, 0)::text, 'version ' || e.version::text)
