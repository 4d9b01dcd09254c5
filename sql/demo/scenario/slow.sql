-- As if everything had taken much longer for 50 minutes; what then would not have ended yet ends now.
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE marketing.pipeline_events
SET processed_at = least(created_at + (processed_at - created_at) * 9 + interval '9 seconds', now())
WHERE created_at BETWEEN now() - interval '50 minutes' AND now() - interval '20 seconds' AND status = 'processed';
COMMIT;
