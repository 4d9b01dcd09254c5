-- How many errors are not resolved, of any age.
-- $1 cap: errors counted at most.
SELECT count(*) AS unresolved
FROM (SELECT FROM {pipeline_errors(resolved?)} AS e WHERE NOT e.resolved LIMIT $1) AS counted
