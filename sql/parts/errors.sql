{pipeline_errors(id, event_id?, event_type, record_id?, error_message?, details?, execution?, severity?, resolved?, resolved_at?, created_at)} AS e
