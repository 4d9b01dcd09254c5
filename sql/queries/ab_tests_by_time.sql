-- The A/B tests of a campaign, newest first, and what came of the contacts of each side whose message was queued while the
-- test ran; a step without the campaign's key counts in the 7 days after the contact's first message.
-- $1 campaign: its key, as text.
-- $2 limit: how many tests at most.
WITH {part ab_member $2}, first AS MATERIALIZED (
  SELECT m.contact_id, min(m.at) AS at FROM message AS m WHERE m.at IS NOT NULL GROUP BY 1
), delivery AS (
  SELECT DISTINCT d.contact_id
  FROM first
  JOIN {delivery_log(campaign_id?, contact_id, status, at)} AS d ON d.contact_id = first.contact_id
  WHERE lower(d.status) IN ('delivered', 'opened', 'clicked', 'replied')
    AND (d.campaign_id = $1::text::{type campaigns.id} OR (d.campaign_id IS NULL AND d.at >= first.at AND d.at < first.at + interval '7 days'))
), engagement AS (
  SELECT
    g.contact_id,
    bool_or(lower(g.event_type) IN ('open', 'opened', 'email_opened')) AS opened,
    bool_or(lower(g.event_type) IN ('click', 'clicked', 'email_clicked')) AS clicked
  FROM first
  JOIN {engagement_events(campaign_id?, contact_id, event_type, at)} AS g ON g.contact_id = first.contact_id
  WHERE g.campaign_id = $1::text::{type campaigns.id} OR (g.campaign_id IS NULL AND g.at >= first.at AND g.at < first.at + interval '7 days')
  GROUP BY 1
), reply AS (
  SELECT DISTINCT r.contact_id
  FROM first
  JOIN {responses(campaign_id?, contact_id, at)} AS r ON r.contact_id = first.contact_id
  WHERE r.campaign_id = $1::text::{type campaigns.id} OR (r.campaign_id IS NULL AND r.at >= first.at AND r.at < first.at + interval '7 days')
)
{part ab_counted}
