-- Notes in which execution an error happened. $1 error, $2 execution.
UPDATE marketing.pipeline_errors SET n8n_execution_id = $2 WHERE id = $1
