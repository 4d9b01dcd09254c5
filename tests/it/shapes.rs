//! Databases as they are met in the field, made to measure: the spine of the pipeline with the types, words and names
//! that a test asks for, and believable traffic in it.

use tokio_postgres::Client;

/// How a site made its tables.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    /// The schema of the pipeline.
    pub(crate) schema: &'static str,
    /// The type and default of keys.
    pub(crate) key: &'static str,
    /// The type of moments.
    pub(crate) time: &'static str,
    /// The type of payloads.
    pub(crate) payload: &'static str,
    /// The type of the status, with its constraint.
    pub(crate) status: &'static str,
    /// The words for pending, processing, processed, failed.
    pub(crate) words: [&'static str; 4],
}

/// The shape most often met.
pub(crate) const CLASSIC: Shape = Shape {
    schema: "marketing",
    key: "serial",
    time: "timestamp",
    payload: "jsonb",
    status: "text DEFAULT 'pending' CHECK (status IN ('pending', 'processing', 'processed', 'failed'))",
    words: ["pending", "processing", "processed", "failed"],
};

impl Shape {
    /// Makes its tables.
    pub(crate) async fn make(&self, client: &Client) {
        let Self {
            schema,
            key,
            time,
            payload,
            status,
            ..
        } = self;
        let sql = format!(
            "CREATE SCHEMA \"{schema}\";
             SET search_path = \"{schema}\", public;
             CREATE TABLE pipeline_events (
               id {key} PRIMARY KEY, event_type text NOT NULL, payload {payload} NOT NULL, status {status},
               error_message text, retry_count int DEFAULT 0, created_at {time} DEFAULT now(), processed_at {time});
             CREATE INDEX ON pipeline_events (status, created_at);
             CREATE INDEX ON pipeline_events (event_type);
             CREATE TABLE pipeline_errors (
               id {key} PRIMARY KEY, event_type text, record_id text, error_message text, error_details jsonb,
               severity text DEFAULT 'error' CHECK (severity IN ('warning', 'error', 'critical')),
               resolved boolean DEFAULT false, resolved_at {time}, resolved_by text, resolution_notes text,
               created_at {time} DEFAULT now());"
        );
        client.batch_execute(&sql).await.unwrap();
    }

    /// Fills it with 16 hours of traffic in three stages, an event each 20 s, and 200 errors.
    pub(crate) async fn fill(&self, client: &Client) {
        let Self {
            payload,
            words: [pending, processing, processed, failed],
            ..
        } = self;
        let sql = format!(
            "INSERT INTO pipeline_events (event_type, payload, status, error_message, retry_count, created_at, processed_at)
             SELECT
               (ARRAY['company_created', 'company_validated', 'slots_created'])[1 + i % 3],
               format('{{\"record_id\": \"%s\", \"company_name\": \"Acme %s\"}}', i % 50, i)::{payload},
               CASE WHEN i % 10 = 0 THEN '{pending}' WHEN i % 17 = 1 THEN '{processing}'
                    WHEN i % 10 = 1 THEN '{failed}' ELSE '{processed}' END{cast},
               CASE WHEN i % 10 = 1 THEN 'HTTP 500' END,
               i % 3,
               now() - interval '20 seconds' * i - interval '1 second',
               CASE WHEN i % 10 <> 0 AND i % 17 <> 1 THEN now() - interval '20 seconds' * i + interval '0.1 second' * (i % 97) END
             FROM generate_series(3000, 1, -1) AS i;
             INSERT INTO pipeline_errors (event_type, record_id, error_message, severity, resolved, created_at)
             SELECT
               (ARRAY['company_created', 'company_validated', 'slots_created'])[1 + i % 3], (i % 50)::text,
               'HTTP 500 for record ' || i, (ARRAY['warning', 'error', 'critical'])[1 + i % 4 % 3], i % 5 = 0,
               now() - interval '11 minutes' * i
             FROM generate_series(200, 1, -1) AS i;
             ANALYZE;",
            cast = if self.status.starts_with("word") { "::word" } else { "" },
        );
        client.batch_execute(&sql).await.unwrap();
    }
}
