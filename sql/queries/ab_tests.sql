-- The A/B tests of a campaign, newest first, and what came of the contacts of each side whose message was queued while the
-- test ran; what came of them is found by the campaign's key.
-- $1 campaign: its key, as text.
-- $2 limit: how many tests at most.
WITH {part ab_member $2}, delivery AS (
  SELECT DISTINCT d.contact_id
  FROM {delivery_log(campaign_id, contact_id, status)} AS d
  WHERE d.campaign_id = $1::text::{type delivery_log.campaign_id} AND lower(d.status) IN ('delivered', 'opened', 'clicked', 'replied')
    AND EXISTS (SELECT FROM test)
), engagement AS (
  SELECT
    g.contact_id,
    bool_or(lower(g.event_type) IN ('open', 'opened', 'email_opened')) AS opened,
    bool_or(lower(g.event_type) IN ('click', 'clicked', 'email_clicked')) AS clicked
  FROM {engagement_events(campaign_id, contact_id, event_type)} AS g
  WHERE g.campaign_id = $1::text::{type engagement_events.campaign_id} AND EXISTS (SELECT FROM test)
  GROUP BY 1
), reply AS (
  SELECT DISTINCT r.contact_id
  FROM {responses(campaign_id, contact_id)} AS r
  WHERE r.campaign_id = $1::text::{type responses.campaign_id} AND EXISTS (SELECT FROM test)
)
{part ab_counted}
