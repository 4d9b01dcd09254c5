SELECT
  t.id::text AS id,
  coalesce(left(t.test_name, 256), '') AS test_name,
  left(t.variant_a, 1024) AS variant_a,
  left(t.variant_b, 1024) AS variant_b,
  t.started_at,
  t.ended_at,
  left(t.winner, 64) AS winner,
  counted.*
FROM test AS t
CROSS JOIN LATERAL (
  SELECT
    count(*) FILTER (WHERE m.side = 'a') AS a_contacts,
    count(d.contact_id) FILTER (WHERE m.side = 'a') AS a_delivered,
    count(d.contact_id) FILTER (WHERE m.side = 'a' AND g.opened) AS a_opened,
    count(d.contact_id) FILTER (WHERE m.side = 'a' AND g.clicked) AS a_clicked,
    count(d.contact_id) FILTER (WHERE m.side = 'a' AND r.contact_id IS NOT NULL) AS a_replied,
    count(*) FILTER (WHERE m.side = 'b') AS b_contacts,
    count(d.contact_id) FILTER (WHERE m.side = 'b') AS b_delivered,
    count(d.contact_id) FILTER (WHERE m.side = 'b' AND g.opened) AS b_opened,
    count(d.contact_id) FILTER (WHERE m.side = 'b' AND g.clicked) AS b_clicked,
    count(d.contact_id) FILTER (WHERE m.side = 'b' AND r.contact_id IS NOT NULL) AS b_replied,
    count(*) FILTER (WHERE m.side = 'both') AS in_both,
    count(*) FILTER (WHERE m.side = 'c') AS in_neither
  FROM (
    -- A contact with messages of more than one side tells nothing of any.
    SELECT contact_id, CASE WHEN side = other THEN side ELSE 'both' END AS side FROM member WHERE member.id = t.id
  ) AS m
  LEFT JOIN delivery AS d ON d.contact_id = m.contact_id
  LEFT JOIN engagement AS g ON g.contact_id = m.contact_id
  LEFT JOIN reply AS r ON r.contact_id = m.contact_id
) AS counted
ORDER BY t.id DESC
