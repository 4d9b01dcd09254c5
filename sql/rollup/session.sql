-- One step takes far less; a role's own bound for queries on a screen would be too short for the first on a big table.
SET statement_timeout = '2min';
