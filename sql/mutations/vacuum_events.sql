-- Gives the room of deleted events back to the table, and counts anew what the planner goes by.
VACUUM (ANALYZE) {table pipeline_events}
