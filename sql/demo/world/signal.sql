-- Somebody opens, clicks or replies ($1), of those who got a message of late and have not done so yet. $2 a die.
WITH likely AS (
  SELECT d.message_id, d.campaign_id, d.contact_id
  FROM marketing.delivery_log AS d
  WHERE d.created_at > now() - interval '3 hours' AND d.status = 'delivered'
    AND NOT EXISTS (SELECT FROM marketing.engagement_events AS e WHERE e.message_id = d.message_id AND e.event_type = $1)
    AND ($1 <> 'click' OR EXISTS (SELECT FROM marketing.engagement_events AS e WHERE e.message_id = d.message_id AND e.event_type = 'open'))
  ORDER BY hashint8extended(d.message_id, ($2 * 1000000)::bigint) LIMIT 1
), replied AS (
  INSERT INTO marketing.responses (message_id, campaign_id, contact_id, subject, body)
  SELECT message_id, campaign_id, contact_id, 'Re: An idea', 'Thank you for your message.' FROM likely WHERE $1 = 'reply'
)
INSERT INTO marketing.engagement_events (message_id, campaign_id, contact_id, event_type, url)
SELECT message_id, campaign_id, contact_id, $1, CASE WHEN $1 = 'click' THEN 'https://barton.example/book?m=' || message_id END FROM likely
