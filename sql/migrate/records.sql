-- What ran here already.
SELECT version, checksum, created FROM outpost.migrations ORDER BY version
