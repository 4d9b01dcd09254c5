-- Follow-ups whose time has come fall due; a new one is planned. $1 a die.
WITH planned AS (
  INSERT INTO marketing.follow_up_queue (contact_id, campaign_id, step, reason, due_at)
  SELECT contact_id, campaign_id, 1, 'no reply', now() + interval '4 hours' * $1 + interval '5 minutes'
  FROM marketing.delivery_log WHERE status = 'delivered' AND created_at > now() - interval '1 day'
  ORDER BY hashint8extended(id, ($1 * 1000000)::bigint) LIMIT 1
)
SELECT marketing.release_follow_ups(20)
