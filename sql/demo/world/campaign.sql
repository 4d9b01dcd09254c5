-- A campaign is started. $1 name, $2 segment; an older one ends.
WITH ended AS (
  UPDATE marketing.campaigns SET status = 'completed'
  WHERE id = (SELECT min(id) FROM marketing.campaigns WHERE status = 'active' HAVING count(*) > 4)
)
INSERT INTO marketing.campaigns (campaign_name, segment, segment_criteria) VALUES ($1, $2, '{"verification": "valid"}')
