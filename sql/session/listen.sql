-- The channel of the pipeline, and one of our own, named after the connection.
LISTEN pipeline_event;
LISTEN outpost_echo
