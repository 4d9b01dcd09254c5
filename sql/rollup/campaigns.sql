-- How many campaigns were computed again; NULL when another one is at it.
SELECT marketing.campaign_stats_refresh()::bigint AS campaigns
