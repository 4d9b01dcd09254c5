SELECT count(*) FROM {table pipeline_events} WHERE {column pipeline_events.id} > $1 AND {column pipeline_events.id} <= $2
