-- SHA-256 of $1.
SELECT encode(sha256(convert_to($1, 'UTF8')), 'hex') AS checksum
