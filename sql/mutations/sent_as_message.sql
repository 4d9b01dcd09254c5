-- Which of these messages have left already, by their own key; where no index finds that in a large log, among its newest rows.
-- $1 events: keys of events.
-- $2 messages: the message of each.
SELECT shown.event, min(left(d.status, 32)) AS status, max(d.at)::timestamptz AS at
FROM unnest($1, $2) AS shown (event, message)
JOIN {delivery_log(message_id, status?, at?) recent} AS d ON d.message_id = shown.message::{type delivery_log.message_id}
WHERE lower(coalesce(d.status, '')) NOT IN ('failed', 'error')
GROUP BY shown.event
