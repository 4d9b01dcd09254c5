//! The main loop, on a display that is only a buffer and a clock that stands still.

use std::{collections::VecDeque, io, time::Duration};

use outpost::{
    effect::{Effect, FeedId},
    keymap::{Chord, Key},
    model::{Model, Options},
    msg::Msg,
    shell::{
        self, Console, Display, Ending,
        executor::Recorder,
        signals::Signals,
        writer::{Drained, Taken},
    },
    sources::Inbox,
    ui::{Theme, theme::BUILT_IN},
    view::view,
};
use ratatui::{Terminal, backend::TestBackend};
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// A display whose frames take as long as it is told.
struct Screen {
    terminal: Terminal<TestBackend>,
    frames: usize,
    frame_takes: Duration,
    /// When the frame under way will have been taken.
    until: Option<Instant>,
    sent: VecDeque<Vec<u8>>,
}

impl Screen {
    fn new(frame_takes: Duration) -> Self {
        let terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
        Self {
            terminal,
            frames: 0,
            frame_takes,
            until: None,
            sent: VecDeque::new(),
        }
    }
}

impl Display for Screen {
    fn is_ready(&self, _by_hand: bool) -> bool {
        self.until.is_none()
    }

    async fn ready(&mut self) -> io::Result<Taken> {
        let Some(until) = self.until else {
            return std::future::pending().await;
        };
        sleep_until(until).await;
        self.until = None;
        Ok(Taken::Written(Drained {
            bytes: 500,
            took: self.frame_takes,
        }))
    }

    fn resize(&mut self, width: u16, height: u16) {
        self.terminal.backend_mut().resize(width, height);
    }

    fn paint(&mut self, model: &Model, theme: &Theme) -> io::Result<usize> {
        self.terminal
            .draw(|frame| view(model, theme, frame))
            .unwrap();
        self.frames += 1;
        self.until = Some(Instant::now() + self.frame_takes);
        Ok(500)
    }

    fn repaint(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn send(&mut self, bytes: Vec<u8>) {
        self.sent.push_back(bytes);
    }

    async fn suspend(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn resume(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn key(c: char) -> Msg {
    Msg::Key(Chord {
        key: Key::Char(c),
        ctrl: false,
    })
}

async fn run(screen: &mut Screen, script: impl AsyncFnOnce(Inbox)) -> (Ending, Vec<Effect>) {
    let (inbox, messages) = Inbox::new();
    let mut recorder = Recorder::default();
    let mut console = Console {
        model: Model::new(chrono::DateTime::UNIX_EPOCH, (80, 24), Options::default()),
        theme: Theme::parse(BUILT_IN[0].1).unwrap(),
        display: screen,
        executor: &mut recorder,
        signals: Signals::listen().unwrap(),
    };
    let themes = |_: &str| None;
    let going = Box::pin(shell::run(&mut console, &themes, messages));
    let (ending, ()) = tokio::join!(going, script(inbox));
    (ending.unwrap(), recorder.0)
}

#[tokio::test(start_paused = true)]
async fn a_burst_of_messages_is_few_frames_and_q_leaves() {
    let mut screen = Screen::new(Duration::from_millis(1));
    let (ending, effects) = run(&mut screen, async |inbox| {
        sleep(Duration::from_secs(1)).await;
        for _ in 0..1_000 {
            assert!(inbox.send(Msg::Tick).await);
        }
        sleep(Duration::from_secs(1)).await;
        assert!(inbox.send(key('r')).await);
        assert!(inbox.send(key('q')).await);
    })
    .await;
    assert_eq!(ending, Ending::Quit);
    assert!(
        effects.contains(&Effect::Fetch(FeedId::Stages)),
        "{effects:?}"
    );
    assert!(screen.frames <= 4, "{} frames", screen.frames);
}

#[tokio::test(start_paused = true)]
async fn on_a_slow_terminal_the_newest_frame_wins() {
    let mut screen = Screen::new(Duration::from_secs(2));
    run(&mut screen, async |inbox| {
        for _ in 0..100 {
            assert!(inbox.send(key('j')).await);
            sleep(Duration::from_millis(100)).await;
        }
        assert!(inbox.send(key('q')).await);
    })
    .await;
    assert!(
        screen.frames <= 6,
        "{} frames in 10 s at 2 s each",
        screen.frames
    );
}

/// Frames in 10 min of messages that change something, where each takes so long to write.
async fn frames_in_ten_minutes(frame_takes: Duration) -> usize {
    let mut screen = Screen::new(frame_takes);
    run(&mut screen, async |inbox| {
        for _ in 0..3_000 {
            assert!(inbox.send(Msg::Tick).await);
            sleep(Duration::from_millis(200)).await;
        }
        assert!(inbox.send(key('q')).await);
    })
    .await;
    screen.frames
}

#[tokio::test(start_paused = true)]
async fn frames_that_data_causes_are_fewer_where_the_terminal_takes_them_slowly() {
    let fast = Box::pin(frames_in_ten_minutes(Duration::from_millis(1))).await;
    let slow = Box::pin(frames_in_ten_minutes(Duration::from_secs(1))).await;
    assert!((290..=400).contains(&fast), "{fast}");
    assert!((100..=200).contains(&slow), "{slow}");
}

#[tokio::test(start_paused = true)]
async fn when_nothing_happens_nothing_is_painted() {
    let mut screen = Screen::new(Duration::from_millis(1));
    let ending = timeout(
        Duration::from_hours(1),
        run(&mut screen, async |_inbox| std::future::pending().await),
    )
    .await;
    assert!(ending.is_err());
    assert_eq!(screen.frames, 1);
}
