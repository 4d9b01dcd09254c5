//! How many rows of the terminal are whose: of what goes round a screen, and so of the screen. One place for who paints and
//! for who has to know what will be painted.

/// The rows of the frame, from the top; one of 0 is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// The program, the profile, the tabs, the clock.
    pub title: u16,
    /// How bad it is, and where.
    pub verdict: u16,
    /// Why.
    pub why: u16,
    /// What to press.
    pub steps: u16,
    /// The screen.
    pub body: u16,
    /// How far it can be trusted; or what was last said.
    pub trust: u16,
    /// The keys.
    pub footer: u16,
}

/// From how many rows of terminal on each row is shown.
struct Heights {
    title: u16,
    why: u16,
    steps: u16,
    trust: u16,
    footer: u16,
}

/// The overview is the verdict before anything else; elsewhere the list is.
const OVERVIEW: Heights = Heights {
    title: 9,
    why: 3,
    steps: 4,
    trust: 5,
    footer: 8,
};
const ELSEWHERE: Heights = Heights {
    title: 5,
    why: 18,
    steps: 14,
    trust: 7,
    footer: 4,
};

impl Room {
    /// Of a terminal of so many rows.
    pub const fn of(height: u16, is_overview: bool) -> Self {
        let heights = if is_overview { OVERVIEW } else { ELSEWHERE };
        let mut left = height;
        let title = take(&mut left, height >= heights.title);
        let verdict = take(&mut left, height >= 1);
        let why = take(&mut left, height >= heights.why);
        let steps = take(&mut left, height >= heights.steps);
        let footer = take(&mut left, height >= heights.footer);
        let trust = take(&mut left, height >= heights.trust);
        Self {
            title,
            verdict,
            why,
            steps,
            body: left,
            trust,
            footer,
        }
    }
}

/// One of the rows `left`, where there is one and it is shown.
const fn take(left: &mut u16, is_shown: bool) -> u16 {
    if is_shown && *left > 0 {
        *left -= 1;
        1
    } else {
        0
    }
}
