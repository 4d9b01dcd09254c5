-- Whether outpost migrate ever ran here, and whether its record is one this program can read.
SELECT to_regclass('outpost.migrations') IS NOT NULL AS is_there
