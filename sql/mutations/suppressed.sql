-- Which of these addresses must not be written to, and why.
-- $1 events: keys of events.
-- $2 addresses: an address of each, in lower case.
SELECT shown.event, min(left(s.reason, 32)) AS reason
FROM unnest($1, $2) AS shown (event, email)
JOIN {suppression_list(email, reason?)} AS s ON lower(s.email) = shown.email
GROUP BY shown.event
