-- Slot Creator: makes the roles to fill. $1 event, $2 and $3 dice.
INSERT INTO marketing.company_slots (company_slot_unique_id, company_unique_id, slot_type, slot_label)
SELECT m.company_unique_id || '.' || slot_type, m.company_unique_id, slot_type, slot_label
FROM marketing.pipeline_events AS e
JOIN marketing.company_master AS m ON m.company_unique_id = e.payload->>'company_unique_id'
CROSS JOIN (VALUES ('CEO', 'Chief Executive Officer', true), ('CFO', 'Chief Financial Officer', $2 < 0.9), ('HR', 'Head of HR', $3 < 0.8))
  AS slot (slot_type, slot_label, wanted)
WHERE e.id = $1 AND wanted
ON CONFLICT DO NOTHING
