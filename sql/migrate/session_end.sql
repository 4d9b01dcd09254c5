-- Gives the session back as it was.
RESET statement_timeout;
RESET idle_in_transaction_session_timeout;
RESET lock_timeout;
RESET search_path;
