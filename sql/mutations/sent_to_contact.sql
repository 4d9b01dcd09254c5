-- Which of these messages have left already, by their contact and campaign. An entry without a campaign counts for each.
-- Where no index finds a contact in a large log, among its newest rows.
-- $1 events: keys of events.
-- $2 contacts: the contact of each.
-- $3 campaigns: the campaign of each, NULL where it names none.
-- $4 since: only deliveries from then on count; NULL for any time.
SELECT shown.event, min(left(d.status, 32)) AS status, max(d.at)::timestamptz AS at
FROM unnest($1, $2, $3, $4) AS shown (event, contact, campaign, since)
JOIN {delivery_log(contact_id, campaign_id?, status?, at?) recent} AS d ON d.contact_id = shown.contact::{type delivery_log.contact_id}
WHERE (shown.campaign IS NULL OR d.campaign_id IS NULL OR d.campaign_id::text = shown.campaign)
  AND (shown.since IS NULL OR d.at IS NULL OR d.at >= shown.since)
  AND lower(coalesce(d.status, '')) NOT IN ('failed', 'error')
GROUP BY shown.event
