-- As if providers had refused our mail for a day: a third of what nobody is known to have read bounced.
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE marketing.delivery_log AS d
SET status = 'bounced', bounce_type = 'hard', error_message = '550 5.7.1 message blocked: poor reputation of the sending address', delivered_at = NULL
WHERE created_at > now() - interval '24 hours' AND status = 'delivered' AND id % 5 < 2
  AND NOT EXISTS (SELECT FROM marketing.engagement_events AS e WHERE e.message_id = d.message_id);
COMMIT;
