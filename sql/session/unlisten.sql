-- That channel no more.
UNLISTEN outpost_echo
