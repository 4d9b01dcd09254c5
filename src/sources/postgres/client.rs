//! The client of a connection, which counts what is sent over it. Nothing in outpost that watches or changes a pipeline
//! sends a statement otherwise, so the count is whole by construction.

use std::{
    ops::{Deref, DerefMut},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
};

use tokio::time::Instant;
use tokio_postgres::{
    Error, Row,
    types::{ToSql, Type},
};

use super::meter::{Counters, Meter};
use crate::domain::cost::Spent;

/// A value of a statement, and its type.
pub(super) type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// Sends statements over a connection, and counts them.
#[derive(Debug)]
pub struct Client {
    driver: tokio_postgres::Client,
    line: Arc<Line>,
}

/// A transaction whose statements are counted.
pub struct Transaction<'a> {
    driver: tokio_postgres::Transaction<'a>,
    line: Arc<Line>,
}

impl std::fmt::Debug for Transaction<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Transaction")
    }
}

/// What takes statements: a connection, or a transaction on one.
pub(super) trait Statements: Sync {
    /// Sends `sql`; its rows.
    fn query_typed(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> impl Future<Output = Result<Vec<Row>, Error>> + Send;
}

impl Client {
    /// Counts what goes over the connection of `driver` into `meter`.
    pub fn new(driver: tokio_postgres::Client, meter: Meter) -> Self {
        Self {
            driver,
            line: Arc::new(Line::new(meter)),
        }
    }

    /// From now on every statement is ended by the server itself in good time: where it is given up without an answer, the
    /// line is dead and the server not busy.
    pub(super) fn set_bounded(&self) {
        self.line.is_bounded.store(true, Ordering::Relaxed);
    }

    /// What this connection has cost so far.
    pub fn spent(&self) -> Spent {
        self.line.own.read()
    }

    /// Sends `sql`; its rows.
    ///
    /// # Errors
    /// What the server or the connection answered instead.
    pub async fn query_typed(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Error> {
        let statement = self.line.send();
        statement.rows(self.driver.query_typed(sql, parameters).await)
    }

    /// Sends `sql`, which gives one row.
    ///
    /// # Errors
    /// What the server or the connection answered instead; another number of rows.
    pub async fn query_typed_one(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Row, Error> {
        let statement = self.line.send();
        let row = self.driver.query_typed_one(sql, parameters).await;
        self.line.came(u64::from(row.is_ok()));
        statement.ended(row)
    }

    /// Sends statements without parameters, whose rows nobody wants.
    ///
    /// # Errors
    /// What the server or the connection answered instead.
    pub async fn batch_execute(&self, sql: &str) -> Result<(), Error> {
        let statement = self.line.send();
        statement.ended(self.driver.batch_execute(sql).await)
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// What the server or the connection answered instead.
    pub async fn transaction(&mut self) -> Result<Transaction<'_>, Error> {
        let line = Arc::clone(&self.line);
        let statement = line.send();
        let driver = statement.ended(self.driver.transaction().await)?;
        Ok(Transaction { driver, line })
    }
}

impl From<tokio_postgres::Client> for Client {
    /// A client whose count nobody reads.
    fn from(driver: tokio_postgres::Client) -> Self {
        Self::new(driver, Meter::default())
    }
}

impl Deref for Client {
    type Target = tokio_postgres::Client;

    fn deref(&self) -> &tokio_postgres::Client {
        &self.driver
    }
}

impl DerefMut for Client {
    fn deref_mut(&mut self) -> &mut tokio_postgres::Client {
        &mut self.driver
    }
}

impl Statements for Client {
    async fn query_typed(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Error> {
        Self::query_typed(self, sql, parameters).await
    }
}

impl Transaction<'_> {
    /// As [`Client::query_typed`].
    ///
    /// # Errors
    /// What the server or the connection answered instead.
    pub async fn query_typed(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Error> {
        let statement = self.line.send();
        statement.rows(self.driver.query_typed(sql, parameters).await)
    }

    /// As [`Client::batch_execute`].
    ///
    /// # Errors
    /// What the server or the connection answered instead.
    pub async fn batch_execute(&self, sql: &str) -> Result<(), Error> {
        let statement = self.line.send();
        statement.ended(self.driver.batch_execute(sql).await)
    }

    /// Begins a part that can be taken back alone.
    ///
    /// # Errors
    /// What the server or the connection answered instead.
    pub async fn transaction(&mut self) -> Result<Transaction<'_>, Error> {
        let line = Arc::clone(&self.line);
        let statement = line.send();
        let driver = statement.ended(self.driver.transaction().await)?;
        Ok(Transaction { driver, line })
    }

    /// Lets it stand.
    ///
    /// # Errors
    /// What the server or the connection answered instead.
    pub async fn commit(self) -> Result<(), Error> {
        let statement = self.line.send();
        statement.ended(self.driver.commit().await)
    }

    /// Takes it back.
    ///
    /// # Errors
    /// What the server or the connection answered instead.
    pub async fn rollback(self) -> Result<(), Error> {
        let statement = self.line.send();
        statement.ended(self.driver.rollback().await)
    }
}

impl Statements for Transaction<'_> {
    async fn query_typed(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Error> {
        Transaction::query_typed(self, sql, parameters).await
    }
}

/// One connection's count. The server works on one statement of a connection after another, so those sent together are
/// one stretch of time, from the first that is sent to the last that is answered.
#[derive(Debug)]
struct Line {
    meter: Meter,
    own: Counters,
    under_way: AtomicU32,
    born: Instant,
    /// When the stretch under way began, µs after `born`.
    began_us: AtomicU64,
    /// The shortest stretch so far: the way there and back.
    shortest_us: AtomicU64,
    /// Whether the server ends every statement with an answer.
    is_bounded: AtomicBool,
}

impl Line {
    fn new(meter: Meter) -> Self {
        Self {
            meter,
            own: Counters::default(),
            under_way: AtomicU32::new(0),
            born: Instant::now(),
            began_us: AtomicU64::new(0),
            shortest_us: AtomicU64::new(u64::MAX),
            is_bounded: AtomicBool::new(false),
        }
    }

    fn now_us(&self) -> u64 {
        self.born.elapsed().as_micros() as u64
    }

    /// A statement is sent; it is under way as long as what is given lives.
    fn send(&self) -> Statement<'_> {
        if self.under_way.fetch_add(1, Ordering::Relaxed) == 0 {
            self.began_us.store(self.now_us(), Ordering::Relaxed);
        }
        self.count(Spent {
            queries: 1,
            ..Spent::default()
        });
        Statement {
            line: self,
            is_answered: false,
        }
    }

    fn came(&self, rows: u64) {
        self.count(Spent {
            rows,
            ..Spent::default()
        });
    }

    fn end(&self, is_answered: bool) {
        if self.under_way.fetch_sub(1, Ordering::Relaxed) != 1 {
            return;
        }
        if !is_answered && self.is_bounded.load(Ordering::Relaxed) {
            return;
        }
        let began = self.began_us.load(Ordering::Relaxed);
        let took = self.now_us().saturating_sub(began);
        let shortest = self
            .shortest_us
            .fetch_min(took, Ordering::Relaxed)
            .min(took);
        self.count(Spent {
            busy_us: took - shortest,
            ..Spent::default()
        });
    }

    fn count(&self, more: Spent) {
        self.own.add(more);
        self.meter.add(more);
    }
}

/// A statement under way.
struct Statement<'a> {
    line: &'a Line,
    is_answered: bool,
}

impl Statement<'_> {
    /// The server has answered, if that is no fault of the line.
    fn ended<T>(mut self, answer: Result<T, Error>) -> Result<T, Error> {
        let is_of_the_line = |error: &Error| error.as_db_error().is_none();
        self.is_answered = !answer.as_ref().is_err_and(is_of_the_line);
        answer
    }

    fn rows(self, answer: Result<Vec<Row>, Error>) -> Result<Vec<Row>, Error> {
        self.line.came(answer.as_ref().map_or(0, Vec::len) as u64);
        self.ended(answer)
    }
}

impl Drop for Statement<'_> {
    fn drop(&mut self) {
        self.line.end(self.is_answered);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_sent_together_is_one_stretch_and_the_way_there_and_back_is_taken_off() {
        let meter = Meter::default();
        let line = Line::new(meter.clone());
        let way = Duration::from_millis(30);
        let first = line.send();
        tokio::time::advance(way).await;
        drop(first);
        assert_eq!(line.own.read().busy_us, 0);
        let (one, two) = (line.send(), line.send());
        tokio::time::advance(way + Duration::from_millis(5)).await;
        drop(one);
        tokio::time::advance(Duration::from_millis(7)).await;
        drop(two);
        let spent = Spent {
            queries: 3,
            rows: 0,
            busy_us: 12_000,
        };
        assert_eq!(line.own.read(), spent);
        assert_eq!(meter.read().spent, spent);
        let other = Line::new(meter.clone());
        drop(other.send());
        assert_eq!(meter.read().spent.queries, 4);
        assert_eq!(line.own.read().queries, 3);
    }
    #[tokio::test(start_paused = true)]
    async fn what_a_dead_line_leaves_unanswered_is_no_work_of_a_server_that_ends_every_statement_itself()
     {
        let line = Line::new(Meter::default());
        drop(line.send().ended(Ok(())));
        let five = Duration::from_secs(5);
        let given_up = line.send();
        tokio::time::advance(five).await;
        drop(given_up);
        // Nothing is known of it: it may have worked all the while.
        assert_eq!(line.own.read().busy_us, 5_000_000);
        line.is_bounded.store(true, Ordering::Relaxed);
        let given_up = line.send();
        tokio::time::advance(five).await;
        drop(given_up);
        assert_eq!(line.own.read().busy_us, 5_000_000);
        let answered = line.send();
        tokio::time::advance(five).await;
        answered.ended(Ok(())).unwrap();
        assert_eq!(line.own.read().busy_us, 10_000_000);
    }
}
