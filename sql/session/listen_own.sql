-- A channel of our own, named after the connection.
LISTEN outpost_echo
