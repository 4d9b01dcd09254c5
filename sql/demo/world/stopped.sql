-- Somebody stopped an execution: its event fails. $1 event.
SELECT marketing.mark_event_failed($1, 'execution was canceled')
