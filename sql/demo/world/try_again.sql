-- A failed event is put back, as an error workflow does. $1 event.
UPDATE marketing.pipeline_events SET status = 'pending', started_at = NULL, processed_at = NULL WHERE id = $1 AND status = 'failed'
